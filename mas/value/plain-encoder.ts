import { type MlpOf, mlp } from '../../nn/index.ts';
import type { Encoder, Encoders } from './encoder.ts';
import type { EncoderOptions } from './options.ts';
import type { Role } from './role.ts';

type PlainOptions = Extract<EncoderOptions, { kind: 'plain' }>;

/** Dense layers over the flattened observation, each role its own (orthogonal weights of gain sqrt 2). */
export function plainEncoders(roles: readonly Role[], options: PlainOptions): Encoders {
  return { each: roles.map((role) => plainEncoder(role, options)) };
}

function plainEncoder({ D }: Role, { hidden, activation }: PlainOptions): Encoder {
  return {
    features: hidden.at(-1)!,
    reader: {
      inputs: [{ name: 'observation', width: D, dtype: 'float32' }],
      read(observation, offset, [into], row) {
        for (let i = 0, to = row * D; i < D; i++) into![to++] = observation[offset + i]!;
      },
    },
    initialise: (stream) => mlp.init(stream, { sizes: [D, ...hidden] }),
    noiseShapes: () => ({}),
    apply: (own, _, { observation }) => ({
      features: mlp.apply(own as MlpOf<typeof observation & object>, observation!, { activation, activateLast: true }),
    }),
  };
}
