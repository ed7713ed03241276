import { type ErrorCode, type ErrorParts, LightbulbError } from '../core/index.ts';
import { type BatchedEnvironment, hasText, printSpace, type Space } from '../worlds/index.ts';
import { isPicture, pictureIn, pictureSizes } from './body-convolution.ts';
import { checkBackbone, hasMemory } from './check-backbone.ts';
import type { NetworkOptions, PpoOptions } from './options.ts';
import { planUnits, type Unit } from './sharing.ts';

/**
 * Throws where PPO's options make no sense by themselves, together, or for these agents, saying where in a scenario
 * file (`/learner/clip`): `invalid_input` for numbers, `unsupported` for combinations. `copies`: B.
 */
export function checkOptions(
  options: PpoOptions,
  { groups, stateSize }: Pick<BatchedEnvironment, 'groups' | 'stateSize'>,
  copies: number,
): void {
  checkNumbers(options);
  checkSplits(options, copies);
  const units = planUnits(groups, options.sharing);
  for (const unit of units) {
    checkNoText(options.name, unit);
    checkPictures(options, unit, stateSize > 0);
  }
}

/** Error where a unit sees text: its character codes would go into a network as if they were quantities. */
export function checkNoText(learner: string, { name, group: { observation } }: Unit): void {
  if (!hasText(observation)) return;
  throw wrong('unsupported', '/learner/name', `${learner} takes numbers, and ${name} sees text`, {
    wanted: 'observations of boxes and choices',
    got: printSpace(observation),
    cure: 'Use "gato", which reads text, or give tokens of it out of the environment (a multiDiscrete of token ids)',
  });
}

/** Ranges of the options, by name: what they must be, in words, and whether they are. */
const RANGES: readonly (readonly [keyof PpoOptions, string, (value: number) => boolean])[] = [
  ['rollout', 'a whole number above 0', isCount],
  ['epochs', 'a whole number above 0', isCount],
  ['minibatches', 'a whole number above 0', isCount],
  ['chunk', 'a whole number above 0', isCount],
  ['learningRate', 'a number above 0', isPositive],
  ['adamEpsilon', 'a number above 0', isPositive],
  ['weightDecay', 'a number from 0', isNonNegative],
  ['maximumGradientNorm', 'a number above 0', isPositive],
  ['discount', 'a number from 0 to 1', isFraction],
  ['gaeLambda', 'a number from 0 to 1', isFraction],
  // From 1 on the lower end of the clipped ratio would be 0 or less: nothing would be clipped there.
  ['clip', 'a number above 0 and below 1', (value) => value > 0 && value < 1],
  ['valueClip', 'a number above 0, or null', isPositive],
  ['huberDelta', 'a number above 0', isPositive],
  ['valueCoefficient', 'a number from 0', isNonNegative],
  ['entropyCoefficient', 'a number from 0', isNonNegative],
  ['targetKl', 'a number above 0, or null', isPositive],
];

const NULLABLE: ReadonlySet<keyof PpoOptions> = new Set(['valueClip', 'targetKl']);

function checkNumbers(options: PpoOptions): void {
  for (const [name, wanted, isGood] of RANGES) {
    const value = options[name] as number | null;
    if (value === null ? NULLABLE.has(name) : isGood(value)) continue;
    throw wrong('invalid_input', `/learner/${name}`, 'this number is out of range', { wanted, got: String(value) });
  }
  checkNetwork(options.network);
  checkHeads(options);
  checkBackbone(options);
}

function checkHeads({ network: { heads, sharedTrunk }, critic }: PpoOptions): void {
  checkCounts(heads.map((units, i) => [`heads/${i}`, units]));
  if (!sharedTrunk || critic === 'independent') return;
  throw wrong('unsupported', '/learner/network/sharedTrunk', 'a central critic sees what the policy does not', {
    wanted: 'networks of their own',
    got: 'one trunk for both',
    cure: 'Set it to false, or critic to "independent"',
  });
}

/** Every learner's networks: their numbers. */
export function checkNetwork({ hidden, gru, lstm, convolution }: NetworkOptions): void {
  const counts: [string, number][] = hidden.map((units, i) => [`hidden/${i}`, units]);
  if (gru !== null) counts.push(['gru', gru]);
  if (lstm !== null) counts.push(['lstm', lstm]);
  if (gru !== null && lstm !== null) {
    throw wrong('invalid_input', '/learner/network/lstm', 'a network has one memory', {
      wanted: 'a GRU or an LSTM',
      got: 'both',
      cure: 'Set one of them to null',
    });
  }
  for (const [i, layer] of (convolution ?? []).entries())
    for (const part of ['filters', 'size', 'stride'] as const) counts.push([`convolution/${i}/${part}`, layer[part]]);
  checkCounts(counts);
}

/** Numbers of a network by where they stand in it. */
function checkCounts(counts: readonly (readonly [path: string, value: number])[]): void {
  for (const [path, value] of counts) {
    if (isCount(value)) continue;
    throw wrong('invalid_input', `/learner/network/${path}`, 'this number is out of range', {
      wanted: 'a whole number above 0',
      got: String(value),
    });
  }
}

/** Rollouts divide into chunks, and chunks (or samples) into minibatches. */
function checkSplits({ network, rollout, chunk, minibatches }: PpoOptions, copies: number): void {
  const isRecurrent = hasMemory(network);
  if (isRecurrent && rollout % chunk !== 0) {
    throw wrong('invalid_input', '/learner/chunk', `a rollout of ${rollout} steps does not divide into chunks`, {
      wanted: `a divisor of ${rollout}`,
      got: String(chunk),
    });
  }
  const samples = (isRecurrent ? rollout / chunk : rollout) * copies;
  if (samples % minibatches === 0) return;
  const what = isRecurrent ? 'chunks' : 'samples';
  throw wrong(
    'invalid_input',
    '/learner/minibatches',
    `${samples} ${what} do not divide into ${minibatches} minibatches`,
    {
      wanted: `a divisor of ${samples}`,
      got: String(minibatches),
      cure: `There are ${isRecurrent ? 'rollout / chunk' : 'rollout'} * copies ${what}`,
    },
  );
}

/** Convolutions need pictures, and pictures must reach the network as they are: alone and in their own units. */
function checkPictures(
  { network, critic, normaliseObservations, agentIndex }: PpoOptions,
  unit: Unit,
  hasState: boolean,
): void {
  const { name, group, slots } = unit;
  const { observation } = group;
  const convolution = network.backbone === null ? network.convolution : null;
  if (convolution !== null) checkConvolution(name, observation, convolution);
  if (!isPicture(observation) && convolution === null) return;
  const refuse = (option: string, problem: string, cure: string): LightbulbError =>
    wrong('unsupported', `/learner/${option}`, problem, { got: `${name} sees ${printSpace(observation)}`, cure });
  if (normaliseObservations && isPicture(observation))
    throw refuse('normaliseObservations', 'pictures are scaled to 0..1 already', 'Set it to false');
  if (agentIndex && slots.length > 1 && observation.type === 'box' && network.backbone === null)
    throw refuse('agentIndex', 'a picture with a number appended is no picture any more', 'Set it to false');
  // The environment's own state is a vector; without one, a central critic would see all pictures in a row.
  if (critic === 'central' && !hasState)
    throw refuse('critic', 'a central critic takes vectors, not pictures', 'Set it to "independent"');
}

/** Error where what a unit sees cannot be convolved by these layers. */
export function checkConvolution(
  unit: string,
  observation: Space,
  layers: NonNullable<NetworkOptions['convolution']>,
): void {
  const picture = pictureIn(observation);
  if (picture === null) {
    throw wrong('unsupported', '/learner/network/convolution', `${unit} sees no pictures to convolve`, {
      wanted: 'a box of [height, width, channels], alone or as one part of a dict',
      got: printSpace(observation),
      cure: 'Set it to null',
    });
  }
  const [height, width] = picture.shape as [number, number, number];
  const sizes = pictureSizes([height, width], layers);
  const tooSmall = sizes.findIndex(([h, w]) => h < 1 || w < 1);
  if (tooSmall < 0) return;
  const [h, w] = tooSmall === 0 ? [height, width] : sizes[tooSmall - 1]!;
  throw wrong(
    'invalid_input',
    `/learner/network/convolution/${tooSmall}/size`,
    'the kernel is larger than its picture',
    {
      wanted: `at most ${Math.min(h, w)}`,
      got: String(layers[tooSmall]!.size),
    },
  );
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

export function isPositive(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}

function isNonNegative(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

export function isFraction(value: number): boolean {
  return value >= 0 && value <= 1;
}

function wrong(code: ErrorCode, where: string, problem: string, parts: Omit<ErrorParts, 'where'>): LightbulbError {
  return new LightbulbError(code, problem, { where, ...parts });
}
