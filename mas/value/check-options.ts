import { type ErrorCode, type ErrorParts, LightbulbError } from '../../core/index.ts';
import { actionChoices, type Group, hasText, printSpace } from '../../worlds/index.ts';
import type { SharedValueOptions } from './options.ts';

/**
 * Throws where the options of a joint policy make no sense by themselves, or for these groups, with the place in a
 * scenario file: `invalid_input` for numbers, `unsupported` for combinations.
 */
export function checkPolicyOptions({ encoder }: SharedValueOptions, groups: readonly Group[]): void {
  for (const { action } of groups) actionChoices(action);
  if (encoder.kind === 'plain') {
    if (encoder.hidden.length === 0) throw wrongNumber('encoder/hidden', 'at least one layer', 'none');
    for (const [i, units] of encoder.hidden.entries()) requireCount(units, `encoder/hidden/${i}`);
    for (const group of groups) requireNoText(group);
    return;
  }
  for (const name of ['width', 'layers', 'heads', 'vocabulary', 'words'] as const)
    requireCount(encoder[name], `encoder/${name}`);
  requireHeads(encoder, 'encoder');
  for (const name of ['wordDropout', 'dropout'] as const) {
    const share = encoder[name];
    if (!(share >= 0 && share < 1)) throw wrongNumber(`encoder/${name}`, 'a share in [0, 1)', share);
  }
}

/** The same for a learner of `copies` copies. */
export function checkLearnerOptions(options: SharedValueOptions, groups: readonly Group[], copies: number): void {
  checkPolicyOptions(options, groups);
  for (const [name, wanted, isGood] of RANGES) {
    const value = options[name] as number | null;
    if (value === null ? name !== 'targetKl' : !isGood(value)) throw wrongNumber(name, wanted, value);
  }
  for (const name of ['width', 'layers', 'heads'] as const) requireCount(options.attention[name], `attention/${name}`);
  requireHeads(options.attention, 'attention');
  if (copies % options.minibatches !== 0)
    throw wrong('invalid_input', 'minibatches', `${copies} copies do not divide into ${options.minibatches} groups`, {
      wanted: `a divisor of ${copies}`,
      got: String(options.minibatches),
      cure: 'A minibatch is all steps of some copies',
    });
  if (options.credit === 'coma') requireComa(options, groups);
}

function requireComa({ value }: SharedValueOptions, groups: readonly Group[]): void {
  for (const { name, action } of groups) {
    if (action.type === 'discrete') continue;
    throw wrong('unsupported', 'credit', "coma weighs each of an agent's actions, so they must be few", {
      wanted: 'a discrete action',
      got: `${name} acts by ${printSpace(action)}`,
      cure: 'Choose "shared" or "difference"',
    });
  }
  if (value !== 'shared')
    throw wrong(
      'unsupported',
      'credit',
      'coma judges an agent by what the others do, which separate values do not see',
      {
        wanted: '"value": "shared"',
        got: value,
      },
    );
}

type Numbers = {
  [K in keyof SharedValueOptions]: SharedValueOptions[K] extends number | null ? K : never;
}[keyof SharedValueOptions];

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
const isPositive = (value: number): boolean => Number.isFinite(value) && value > 0;
const isNonNegative = (value: number): boolean => Number.isFinite(value) && value >= 0;
const isFraction = (value: number): boolean => value >= 0 && value <= 1;

/** Ranges of the options, by name: what they must be, in words, and whether they are. */
const RANGES: readonly (readonly [Numbers, string, (value: number) => boolean])[] = [
  ['ownReward', 'a number', Number.isFinite],
  ['wordDiscount', 'a number from 0 to 1', isFraction],
  ['rollout', 'a whole number above 0', isCount],
  ['epochs', 'a whole number above 0', isCount],
  ['minibatches', 'a whole number above 0', isCount],
  ['learningRate', 'a number above 0', isPositive],
  ['adamEpsilon', 'a number above 0', isPositive],
  ['weightDecay', 'a number from 0', isNonNegative],
  ['maximumGradientNorm', 'a number above 0', isPositive],
  ['discount', 'a number from 0 to 1', isFraction],
  ['gaeLambda', 'a number from 0 to 1', isFraction],
  ['clip', 'a number above 0 and below 1', (value) => value > 0 && value < 1],
  ['huberDelta', 'a number above 0', isPositive],
  ['valueCoefficient', 'a number from 0', isNonNegative],
  ['entropyCoefficient', 'a number from 0', isNonNegative],
  ['targetKl', 'a number above 0, or null', isPositive],
];

function requireNoText({ name, observation }: Group): void {
  if (!hasText(observation)) return;
  throw wrong('unsupported', 'encoder/kind', `text needs the encoder "backbone", and ${name} sees text`, {
    wanted: 'observations of boxes and choices',
    got: printSpace(observation),
    cure: 'Set it to "backbone"',
  });
}

function requireHeads({ width, heads }: { readonly width: number; readonly heads: number }, where: string): void {
  if (width % heads !== 0) throw wrongNumber(`${where}/heads`, `a divisor of the width, ${width}`, heads);
}

function requireCount(value: number, where: string): void {
  if (!isCount(value)) throw wrongNumber(where, 'a whole number above 0', value);
}

function wrongNumber(where: string, wanted: string, got: unknown): LightbulbError {
  return wrong('invalid_input', where, 'this number is out of range', { wanted, got: String(got) });
}

function wrong(code: ErrorCode, where: string, problem: string, parts: Omit<ErrorParts, 'where'>): LightbulbError {
  return new LightbulbError(code, problem, { where: `/learner/${where}`, ...parts });
}
