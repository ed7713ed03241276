import { LightbulbError } from '../../core/index.ts';
import { type BatchedEnvironment, hasText, printSpace } from '../../worlds/index.ts';
import type { DreamerOptions } from './options.ts';

/**
 * Throws where Dreamer's options make no sense or do not fit the environment, saying where in a scenario file: `invalid_input` for
 * numbers, `unsupported` for what it cannot learn in.
 */
export function checkDreamer(
  options: DreamerOptions,
  environment: Pick<BatchedEnvironment, 'groups' | 'taskNames' | 'levels' | 'setLevel'>,
  copies: number,
): void {
  const { groups } = environment;
  checkNumbers(options);
  const [group, ...others] = groups;
  if (group === undefined || others.length > 0 || group.agents.length > 1)
    throw unsupported('learns to predict the world of one agent, and this environment has more', {
      got: groups.map(({ agents }) => agents.join(', ')).join('; '),
      cure: 'Use "ppo", "qmix" or "shared"',
    });
  if (group.masked) throw unsupported('imagines, and cannot know there which actions are legal', { cure: 'Use "ppo"' });
  if (hasText(group.observation) || group.action.type === 'text')
    throw unsupported('predicts numbers, and this environment has text', {
      got: printSpace(group.observation),
      cure: 'Use "gato"',
    });
  const { batch, length, replay } = options;
  if (replay < copies * (length + 1))
    throw wrong('replay', `at least ${copies * (length + 1)}: a sequence of each copy`, replay);
  if (options.explore === 'plan2explore' && options.ensemble === null)
    throw new LightbulbError('invalid_input', 'Plan2Explore seeks the disagreement of an ensemble, and there is none', {
      where: '/learner/ensemble',
      wanted: 'its sizes, or {}',
      got: 'null',
    });
  if (options.zeroShot !== null) checkZeroShot(options, environment);
  if (options.starts !== null && options.starts > batch * length)
    throw wrong('starts', `at most the batch's ${batch * length} rows`, options.starts);
}

/** Evaluations can only ask for tasks that there are, and play levels that the environment takes. */
function checkZeroShot(
  { zeroShot, explore }: DreamerOptions,
  environment: Pick<BatchedEnvironment, 'taskNames' | 'levels' | 'setLevel'>,
): void {
  const { episodes, rewardSteps, policySteps, units, layers, along, away } = zeroShot!;
  const where = '/learner/zeroShot';
  const { taskNames, levels } = environment;
  if (taskNames === undefined || levels === undefined || environment.setLevel === undefined)
    throw new LightbulbError(
      'unsupported',
      `this environment has no ${taskNames === undefined ? 'tasks' : 'levels'} to be asked for`,
      { where, cure: 'Declare taskNames and levels, or leave zeroShot out' },
    );
  if (explore === 'task')
    throw new LightbulbError('invalid_input', 'nobody learns the task of training where others are asked for', {
      where: '/learner/explore',
      wanted: 'random or plan2explore',
      got: explore,
    });
  for (const [name, value] of Object.entries({ rewardSteps, policySteps, units, layers }))
    if (!(Number.isSafeInteger(value) && value > 0)) throw wrong(`zeroShot/${name}`, 'a whole number above 0', value);
  if (!(Number.isSafeInteger(episodes) && episodes > 1)) throw wrong('zeroShot/episodes', 'at least 2', episodes);
  for (const level of [...along, ...away]) environment.setLevel(0, level);
  environment.setLevel(0, undefined);
}

const COUNTS = ['rollout', 'replay', 'batch', 'length', 'horizon'] as const;
const POSITIVE = ['ratio', 'learningRate', 'behaviourLearningRate', 'adamEpsilon', 'maximumGradientNorm'] as const;
const FRACTIONS = ['lambda', 'returnRate', 'slowRate'] as const;
const WEIGHTS = ['prefill', 'entropyCoefficient', 'slowCoefficient', 'replayValueCoefficient'] as const;

function checkNumbers(options: DreamerOptions): void {
  const check = (
    names: readonly (keyof DreamerOptions)[],
    wanted: string,
    isGood: (value: number) => boolean,
  ): void => {
    for (const name of names) if (!isGood(options[name] as number)) throw wrong(name, wanted, options[name] as number);
  };
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  check(COUNTS, 'a whole number above 0', isCount);
  check(POSITIVE, 'a number above 0', (value) => value > 0);
  check(FRACTIONS, 'a number from 0 to 1', (value) => value >= 0 && value <= 1);
  check(WEIGHTS, 'a number from 0', (value) => value >= 0);
  check(['discountHorizon'], 'a number above 1', (value) => value > 1);
  check(['length'], 'at least 2', (value) => value >= 2);
  if (options.starts !== null) check(['starts'], 'a whole number above 0, or null', isCount);
  const { units, layers, bins } = options.behaviour;
  if (!isCount(units)) throw wrong('behaviour/units', 'a whole number above 0', units);
  if (!isCount(layers)) throw wrong('behaviour/layers', 'a whole number above 0', layers);
  if (!isCount(bins) || bins < 3 || bins % 2 === 0) throw wrong('behaviour/bins', 'an odd number from 3', bins);
}

function wrong(name: string, wanted: string, got: number): LightbulbError {
  return new LightbulbError('invalid_input', 'this number is out of range', {
    where: `/learner/${name}`,
    wanted,
    got: String(got),
  });
}

function unsupported(problem: string, parts: { readonly got?: string; readonly cure: string }): LightbulbError {
  return new LightbulbError('unsupported', `dreamer ${problem}`, { where: '/learner/name', ...parts });
}
