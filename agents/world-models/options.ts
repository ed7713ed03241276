import { LightbulbError, suggest } from '../../core/index.ts';
import { actionChoices, type BatchedEnvironment, hasText, printSpace } from '../../worlds/index.ts';
import { checkVaeRnnOptions, type VaeRnnOptions, vaeRnnDefaults } from '../../worlds/models/index.ts';

/** A linear controller of Ha and Schmidhuber's, and how CMA-ES finds it. */
export interface ControllerOptions {
  /** Where candidates are tried. */
  readonly trainedIn: 'dream' | 'reality';
  /** What it acts on: latent and memory, or the latent alone. */
  readonly sees: 'both' | 'vision';
  /** `untrained`: M as it was before it learned anything, as a control; V is trained either way. In reality only. */
  readonly memory: 'trained' | 'untrained';
  /** Heat of the dream; see `WorldModel.imagine`. */
  readonly temperature: number;
  /** When a dream ends: where that is more probable than not, or drawn. */
  readonly ending: 'threshold' | 'drawn';
  /** Candidates of a generation. */
  readonly population: number;
  /** Episodes of each candidate. */
  readonly rollouts: number;
  readonly generations: number;
  /** Step size of CMA-ES at the beginning. */
  readonly sigma: number;
}

/** World Models (Ha and Schmidhuber 2018): V, then M, from random play; then controllers, in dreams or in reality. */
export interface WorldModelsOptions {
  readonly name: 'world-models';
  readonly model: VaeRnnOptions;
  readonly collect: {
    /** Environment steps of random play, all copies added up: whole rollouts. */
    readonly steps: number;
    /** Steps of each copy in one iteration. */
    readonly rollout: number;
  };
  readonly vision: {
    readonly updates: number;
    /** Observations of a batch. */
    readonly batch: number;
    readonly learningRate: number;
    readonly maximumGradientNorm: number;
  };
  readonly memory: {
    readonly updates: number;
    /** Sequences of a batch, and their rows. */
    readonly batch: number;
    readonly length: number;
    /** Falls in a straight line to the last one. */
    readonly learningRate: number;
    readonly lastLearningRate: number;
    readonly maximumGradientNorm: number;
  };
  /** First observations that are kept to begin dreams with. */
  readonly starts: number;
  /** Steps after which a dream is truncated; null: the environment's own limit. */
  readonly horizon: number | null;
  /** By name, found one after the other from the same V and M. */
  readonly controllers: Readonly<Record<string, ControllerOptions>>;
  /** Whose score the evaluation's `return` is; all have theirs among its `scores`. */
  readonly plays: string;
  /** What is played beside them in evaluations: `random`, or the same choice always. */
  readonly baselines: Readonly<Record<string, 'random' | number>>;
}

export const controllerDefaults: ControllerOptions = {
  trainedIn: 'dream',
  sees: 'both',
  memory: 'trained',
  temperature: 1,
  ending: 'threshold',
  population: 32,
  rollouts: 8,
  generations: 60,
  sigma: 0.1,
};

export const worldModelsDefaults: WorldModelsOptions = {
  name: 'world-models',
  model: vaeRnnDefaults,
  collect: { steps: 40_960, rollout: 64 },
  vision: { updates: 1500, batch: 128, learningRate: 1e-3, maximumGradientNorm: 100 },
  memory: {
    updates: 1000,
    batch: 64,
    length: 32,
    learningRate: 3e-3,
    lastLearningRate: 3e-4,
    maximumGradientNorm: 1,
  },
  starts: 256,
  horizon: null,
  controllers: { dream: controllerDefaults },
  plays: 'dream',
  baselines: { random: 'random' },
};

/** Units of work in all: environment steps collected, updates of V and M, generations of controllers. */
export function workOf({ collect, vision, memory, controllers }: WorldModelsOptions): number {
  const generations = Object.values(controllers).reduce((sum, each) => sum + each.generations, 0);
  return collect.steps + vision.updates + memory.updates + generations;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
const isPositive = (value: number): boolean => Number.isFinite(value) && value > 0;

/**
 * Throws where the options make no sense by themselves, together, or for this environment, saying where in a scenario file:
 * `invalid_input` for numbers, `unsupported` for combinations.
 */
export function checkWorldModels(
  options: WorldModelsOptions,
  { groups, maximumSteps }: Pick<BatchedEnvironment, 'groups' | 'maximumSteps'>,
  copies: number,
  steps: number,
): void {
  const { model, collect, vision, memory, controllers, plays, baselines } = options;
  checkVaeRnnOptions(model, '/learner/model');
  const counts = {
    'collect/steps': collect.steps,
    'collect/rollout': collect.rollout,
    'vision/updates': vision.updates,
    'vision/batch': vision.batch,
    'memory/updates': memory.updates,
    'memory/batch': memory.batch,
    'memory/length': memory.length,
    starts: options.starts,
    horizon: options.horizon ?? 1,
  };
  for (const [path, value] of Object.entries(counts)) {
    if (!isCount(value)) throw wrong(`/learner/${path}`, 'a whole number above 0', value);
  }
  const rates = {
    'vision/learningRate': vision.learningRate,
    'vision/maximumGradientNorm': vision.maximumGradientNorm,
    'memory/learningRate': memory.learningRate,
    'memory/lastLearningRate': memory.lastLearningRate,
    'memory/maximumGradientNorm': memory.maximumGradientNorm,
  };
  for (const [path, value] of Object.entries(rates))
    if (!isPositive(value)) throw wrong(`/learner/${path}`, 'a number above 0', value);
  if (collect.steps % (collect.rollout * copies) !== 0)
    throw wrong('/learner/collect/steps', `a multiple of rollout * copies, ${collect.rollout * copies}`, collect.steps);
  if (collect.steps / copies < memory.length)
    throw wrong('/learner/memory/length', `at most the steps of a copy, ${collect.steps / copies}`, memory.length);
  if (options.horizon === null && maximumSteps === undefined)
    throw wrong('/learner/horizon', 'a whole number, because the environment has no limit of its own', null);
  for (const [name, controller] of Object.entries(controllers))
    checkController(controller, `/learner/controllers/${name}`);
  if (controllers[plays] === undefined) {
    throw new LightbulbError('invalid_input', 'the player is none of the controllers', {
      where: '/learner/plays',
      wanted: Object.keys(controllers).join(', '),
      got: plays,
      cure: suggest(plays, Object.keys(controllers)),
    });
  }
  const [group] = groups;
  if (groups.length !== 1 || group!.agents.length !== 1 || group!.masked || hasText(group!.observation)) {
    throw new LightbulbError('unsupported', 'world-models is for one agent that sees numbers and may do anything', {
      where: '/learner/name',
      wanted: 'one agent, no text, no action mask',
      got: groups.map(({ name, observation }) => `${name} sees ${printSpace(observation)}`).join('; '),
      cure: 'Use "ppo"',
    });
  }
  const choices = actionChoices(group!.action);
  for (const [name, choice] of Object.entries(baselines)) {
    if (
      choice === 'random' ||
      (choices?.length === 1 && Number.isInteger(choice) && choice >= 0 && choice < choices[0]!)
    )
      continue;
    throw wrong(`/learner/baselines/${name}`, 'random, or one of the choices', choice);
  }
  const work = workOf(options);
  if (steps > work)
    throw wrong('/steps', `at most ${work}: environment steps collected, updates of V and M, generations`, steps);
}

function checkController(controller: ControllerOptions, where: string): void {
  const { population, rollouts, generations, sigma, temperature, trainedIn, memory } = controller;
  for (const [key, value] of Object.entries({ rollouts, generations }))
    if (!isCount(value)) throw wrong(`${where}/${key}`, 'a whole number above 0', value);
  if (!isCount(population) || population < 4) throw wrong(`${where}/population`, 'a whole number from 4', population);
  for (const [key, value] of Object.entries({ sigma, temperature }))
    if (!isPositive(value)) throw wrong(`${where}/${key}`, 'a number above 0', value);
  if (trainedIn === 'dream' && memory === 'untrained') {
    throw new LightbulbError('unsupported', 'a memory that has learned nothing has no dreams', {
      where: `${where}/memory`,
      wanted: 'trained, or trainedIn: reality',
      got: memory,
    });
  }
}

function wrong(where: string, wanted: string, got: unknown): LightbulbError {
  return new LightbulbError('invalid_input', 'this option is out of range', {
    where,
    wanted,
    got: JSON.stringify(got),
  });
}
