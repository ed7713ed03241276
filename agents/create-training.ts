import { LightbulbError } from '../core/index.ts';
import type { Executor } from '../nn/index.ts';
import type { BatchedEnvironment, ScriptedPolicy } from '../worlds/index.ts';
import { createBaseline } from './baseline.ts';
import { checkOptions } from './check-options.ts';
import { createExecutor, type ExecutorChoice } from './create-executor.ts';
import { checkDreamer, createDreamer } from './dreamer/index.ts';
import type { LevelFeed } from './level-feed.ts';
import type { CreateRounds } from './level-rounds.ts';
import type { LearnerOptions } from './options.ts';
import { createPpo } from './ppo.ts';
import { randomPlayer } from './random-player.ts';
import { scriptedPlayer } from './scripted-player.ts';
import { createTabular } from './tabular/index.ts';
import type { Training } from './training.ts';
import { checkValueDecomposition, createValueDecomposition } from './value-decomposition/index.ts';
import { checkWorldModels, createWorldModels } from './world-models/index.ts';

/** What a training is made from. */
export interface TrainingSpec extends ExecutorChoice {
  /** Decides every random number of the training. */
  readonly seed: number;
  /** Environment steps of the whole training, all copies added up: what schedules run over. */
  readonly steps: number;
  /** Makes copies of the environment that step side by side; called for training and for each evaluation. */
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations play in, where it is another one (a held-out split, say); the spaces are the same. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  readonly copies: number;
  /** The environment's own controller, where it has one: what the learner `scripted` plays. */
  readonly scripted?: ScriptedPolicy | undefined;
  /** Where the levels of training come from, made for this training; undefined: the environment's own seeds. */
  readonly curriculum?: LevelFeed | undefined;
  /** Levels round by round instead, for curricula that score them by the agent's own rollouts; PPO alone takes them. */
  readonly rounds?: CreateRounds | undefined;
  readonly learner: LearnerOptions;
}

/**
 * The training that `spec` describes, ready to `advance`. Everything is checked first, and an error says what is
 * wrong by its place in a scenario file (`/learner/minibatches`): `invalid_input` for options that do not fit,
 * `unsupported` for combinations that cannot be, `unavailable` for devices and parts that are not here.
 *
 * @example
 * const training = await createTraining({
 *   seed: 1, steps: 100_000, copies: 8, make: cartpole, learner: ppoDefaults,
 *   executor: 'onnx', device: 'auto', threads: 1,
 * });
 * while (training.step < 100_000) console.log((await training.advance()).metrics);
 * await training.close();
 */
export async function createTraining(spec: TrainingSpec): Promise<Training> {
  const { seed, steps, make, makeForEvaluation, copies, scripted, learner, curriculum, rounds } = spec;
  requireLevels(spec);
  if (makeForEvaluation !== undefined) requireSameGroups(make, makeForEvaluation);
  switch (learner.name) {
    case 'random':
      return createBaseline({ seed, copies, make, makeForEvaluation, player: randomPlayer });
    case 'scripted':
      if (scripted === undefined) throw noController();
      return createBaseline({ seed, copies, make, makeForEvaluation, player: scriptedPlayer(scripted) });
    case 'tabular':
      return createTabular({ seed, copies, make, makeForEvaluation, curriculum, options: learner });
    case 'ppo': {
      const { executor, shards } = await threadsFor(spec);
      lookAt(make, (probe) => checkOptions(learner, probe, copies));
      return createPpo({
        seed,
        steps,
        copies,
        make,
        makeForEvaluation,
        curriculum,
        rounds,
        options: learner,
        executor,
        shards,
      });
    }
    case 'dreamer': {
      const { executor } = await threadsFor(spec);
      lookAt(make, (probe) => checkDreamer(learner, probe, copies));
      return createDreamer({ seed, copies, make, makeForEvaluation, curriculum, options: learner, executor });
    }
    case 'iql':
    case 'vdn':
    case 'qmix': {
      const { executor, shards } = await threadsFor(spec);
      lookAt(make, (probe) => checkValueDecomposition(learner, probe));
      return createValueDecomposition({ seed, copies, make, makeForEvaluation, options: learner, executor, shards });
    }
    case 'world-models': {
      lookAt(make, (probe) => checkWorldModels(learner, probe, copies, steps));
      const { executor } = await threadsFor(spec);
      return createWorldModels({ seed, copies, make, makeForEvaluation, options: learner, executor });
    }
    default:
      learner satisfies never;
      throw new LightbulbError('invalid_input', 'there is no such learner', {
        where: '/learner/name',
        wanted: 'ppo, iql, vdn, qmix, dreamer, tabular, world-models, random or scripted',
        got: JSON.stringify((learner as { name?: unknown }).name),
      });
  }
}

/** Learners that take levels from a curriculum. */
const LEVELLED: ReadonlySet<string> = new Set(['ppo', 'dreamer', 'tabular']);

/** Error `unsupported` where a curriculum would be ignored. */
function requireLevels({ learner, curriculum, rounds }: TrainingSpec): void {
  const isTaken = rounds === undefined ? LEVELLED.has(learner.name) : learner.name === 'ppo';
  if ((curriculum === undefined && rounds === undefined) || isTaken) return;
  throw new LightbulbError('unsupported', `the learner "${learner.name}" takes no levels from this curriculum`, {
    where: '/curriculum',
    wanted: rounds === undefined ? `one of ${[...LEVELLED].join(', ')}` : 'ppo',
    got: learner.name,
    cure: 'Set "curriculum" to null, or use another learner',
  });
}

/** Threads work on whole shards of a batch: inside the operators of small networks they gain nothing. */
async function threadsFor(spec: TrainingSpec): Promise<{ readonly executor: Executor; readonly shards: number }> {
  const executor = await createExecutor(spec);
  return { executor, shards: executor.name === 'onnx' && executor.device === 'cpu' ? spec.threads : 1 };
}

/** Makes a copy to look at, so that what does not fit is found before the real ones are made. */
function lookAt(make: TrainingSpec['make'], check: (probe: BatchedEnvironment) => void): void {
  const probe = make(1);
  try {
    check(probe);
  } finally {
    probe.close?.();
  }
}

/** Error `mismatch` where evaluations would play in an environment of other agents or spaces. */
export function requireSameGroups(make: TrainingSpec['make'], makeForEvaluation: TrainingSpec['make']): void {
  const seen = [make, makeForEvaluation].map((each) => {
    let text = '';
    lookAt(each, ({ groups }) => {
      text = JSON.stringify(groups);
    });
    return text;
  });
  if (seen[0] === seen[1]) return;
  throw new LightbulbError('mismatch', 'evaluations play in an environment of other agents or spaces', {
    where: '/evaluation/options',
    wanted: seen[0]!,
    got: seen[1]!,
  });
}

function noController(): LightbulbError {
  return new LightbulbError('unsupported', 'this environment comes without a scripted controller', {
    where: '/learner/name',
    wanted: 'ppo, iql, vdn, qmix or random',
    got: 'scripted',
    cure: 'Use "random", or give the environment a controller',
  });
}
