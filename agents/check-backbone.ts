import { LightbulbError } from '../core/index.ts';
import type { BackboneNetworkOptions, PpoNetworkOptions, PpoOptions } from './options.ts';

/** Bins are worked out in single precision, to within one of them. */
const MOST_BINS = 65536;

/**
 * Error where PPO's backbone cannot be built or fed, saying where in a scenario file: `invalid_input` for numbers,
 * `unsupported` for combinations.
 */
export function checkBackbone({ network: { backbone }, normaliseObservations }: PpoOptions): void {
  if (backbone === null) return;
  checkAxes(backbone);
  if (!normaliseObservations) return;
  throw new LightbulbError('unsupported', 'tokens are made of observations as they are', {
    where: '/learner/normaliseObservations',
    cure: 'Set it to false: bins by mu-law take numbers of any size',
  });
}

function checkAxes(options: BackboneNetworkOptions): void {
  const refuse = (name: keyof BackboneNetworkOptions, wanted: string): never => {
    throw new LightbulbError('invalid_input', 'a backbone cannot be built so', {
      where: `/learner/network/backbone/${name}`,
      wanted,
      got: String(options[name]),
    });
  };
  for (const name of ['layers', 'width', 'heads', 'context', 'bins', 'hidden', 'patch'] as const) {
    const value = options[name];
    if (value === null && (name === 'hidden' || name === 'patch')) continue;
    if (!Number.isSafeInteger(value) || value! < 1) refuse(name, 'a whole number above 0');
  }
  const { width, heads, bins } = options;
  if (width % heads !== 0) refuse('heads', `a divisor of the width, ${width}`);
  if ((width / heads) % 2 !== 0) refuse('heads', 'an even width of each head, for rotary positions');
  if (bins > MOST_BINS) refuse('bins', `at most ${MOST_BINS}`);
}

/** Whether a network of PPO remembers anything from step to step. */
export function hasMemory({ gru, lstm, backbone }: PpoNetworkOptions): boolean {
  return gru !== null || lstm !== null || (backbone !== null && backbone.context > 1);
}
