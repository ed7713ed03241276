import { type ErrorCode, type ErrorParts, LightbulbError } from '../../core/index.ts';
import { actionChoices, type BatchedEnvironment, printSpace } from '../../worlds/index.ts';
import { isPicture } from '../body-convolution.ts';
import { checkConvolution, checkNetwork, checkNoText, isCount, isFraction, isPositive } from '../check-options.ts';
import { planUnits, type Unit } from '../sharing.ts';
import type { QmixOptions, ValueDecompositionOptions } from './options.ts';

/**
 * Throws where the options of IQL, VDN or QMIX make no sense by themselves, together, or for these agents, saying
 * where in a scenario file (`/learner/batch`): `invalid_input` for numbers, `unsupported` for combinations.
 */
export function checkValueDecomposition(
  options: ValueDecompositionOptions,
  { groups, stateSize, maximumSteps }: Pick<BatchedEnvironment, 'groups' | 'stateSize' | 'maximumSteps'>,
): void {
  checkNumbers(options);
  checkNetwork(options.network);
  for (const unit of planUnits(groups, options.sharing)) {
    checkActions(options, unit);
    checkNoText(options.name, unit);
    checkPictures(options, unit, stateSize > 0);
  }
  if (options.episodeLimit === null && maximumSteps === undefined) {
    throw wrong('unsupported', '/learner/episodeLimit', 'the environment does not say how long an episode may be', {
      wanted: 'a whole number above 0',
      got: 'null',
      cure: 'Set it; longer episodes are kept in pieces of this length',
    });
  }
}

type NumberName = Exclude<keyof ValueDecompositionOptions | keyof QmixOptions, 'name' | 'network' | 'sharing'>;

/** Ranges of the options, by name: what they must be, in words, and whether they are. */
const RANGES: readonly (readonly [NumberName, string, (value: number) => boolean])[] = [
  ['rollout', 'a whole number above 0', isCount],
  ['replay', 'a whole number above 0', isCount],
  ['batch', 'a whole number above 0', isCount],
  ['episodeLimit', 'a whole number above 0, or null', isCount],
  ['updatesPerEpisode', 'a number above 0', isPositive],
  ['learningRate', 'a number above 0', isPositive],
  ['optimiserEpsilon', 'a number above 0', isPositive],
  ['rmsDecay', 'a number from 0 to 1', isFraction],
  ['maximumGradientNorm', 'a number above 0', isPositive],
  ['discount', 'a number from 0 to 1', isFraction],
  ['targetEvery', 'a whole number above 0', isCount],
  ['targetTau', 'a number above 0 and up to 1, or null', (value) => value > 0 && value <= 1],
  ['epsilonStart', 'a number from 0 to 1', isFraction],
  ['epsilonFinish', 'a number from 0 to 1', isFraction],
  ['epsilonSteps', 'a whole number above 0', isCount],
  ['mixingUnits', 'a whole number above 0', isCount],
  ['hypernetworkUnits', 'a whole number above 0, or null', isCount],
];

const NULLABLE: ReadonlySet<NumberName> = new Set(['episodeLimit', 'targetTau', 'hypernetworkUnits']);

function checkNumbers(options: ValueDecompositionOptions): void {
  const given = options as unknown as Readonly<Record<string, number | null | undefined>>;
  for (const [name, wanted, isGood] of RANGES) {
    const value = given[name];
    // Only QMIX mixes.
    if (value === undefined && options.name !== 'qmix' && !(name in options)) continue;
    if (value === null ? NULLABLE.has(name) : isGood(value as number)) continue;
    throw wrong('invalid_input', `/learner/${name}`, 'this number is out of range', { wanted, got: String(value) });
  }
  const { batch, replay } = options;
  if (batch <= replay) return;
  throw wrong('invalid_input', '/learner/batch', 'a batch cannot hold more episodes than the replay', {
    wanted: `at most ${replay}`,
    got: String(batch),
  });
}

/** Action values are kept one for each choice. */
function checkActions({ name }: ValueDecompositionOptions, { name: unit, group }: Unit): void {
  if (group.action.type !== 'text' && actionChoices(group.action)?.length === 1) return;
  throw wrong('unsupported', '/learner/name', `${name} has a value for each of a few choices, and ${unit} has others`, {
    wanted: 'a discrete action space',
    got: printSpace(group.action),
    cure: 'Use "ppo"',
  });
}

/** Convolutions need pictures as they are, and a mixing network takes vectors. */
function checkPictures(options: ValueDecompositionOptions, { name, group, slots }: Unit, hasState: boolean): void {
  const { convolution } = options.network;
  if (convolution !== null) checkConvolution(name, group.observation, convolution);
  if (!isPicture(group.observation) && convolution === null) return;
  const refuse = (option: string, problem: string, cure: string): LightbulbError =>
    wrong('unsupported', `/learner/${option}`, problem, { got: `${name} sees ${printSpace(group.observation)}`, cure });
  const problem = 'a picture with a number appended is no picture any more';
  if (options.agentIndex && slots.length > 1) throw refuse('agentIndex', problem, 'Set it to false');
  if (options.lastAction) throw refuse('lastAction', problem, 'Set it to false');
  if (options.name === 'qmix' && !hasState)
    throw refuse('name', 'a mixing network takes a state of numbers, not pictures', 'Use "vdn"');
}

function wrong(code: ErrorCode, where: string, problem: string, parts: Omit<ErrorParts, 'where'>): LightbulbError {
  return new LightbulbError(code, problem, { where, ...parts });
}
