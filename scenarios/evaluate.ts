import type { Evaluation } from '../agents/index.ts';
import { build, type CreateTraining } from './build.ts';
import { buildGeneralist, type CreateGato } from './build-generalist.ts';
import { goOnFrom } from './go-on.ts';
import { onItsOwn, playsTasks } from './kinds.ts';
import { scenarioOf } from './run-folder.ts';
import type { EnvironmentScenario, TasksScenario } from './schema.ts';
import { type TaskParts, taskParts } from './task-parts.ts';
import { wholeCheckpointOf } from './whole-checkpoint.ts';

/** What `evaluate` found; what `--json` prints. */
export interface EvaluationSummary {
  readonly scenario: string;
  /** Of the episodes played, not of the training. */
  readonly seed: number;
  /** Steps of the checkpoint that was evaluated. */
  readonly step: number;
  readonly evaluation: Evaluation;
  readonly folder: string;
  readonly warnings: readonly string[];
}

/** Plays whole episodes with the newest checkpoint of a run. Writes nothing. */
export async function evaluate(
  folder: string,
  options: {
    readonly episodes?: number;
    readonly seed?: number;
    /** Draws actions from the policy in place of the most likely ones. Default: as the scenario's evaluations do. */
    readonly drawn?: boolean;
    readonly createTraining?: CreateTraining;
    readonly createGato?: CreateGato;
  } = {},
): Promise<EvaluationSummary> {
  const scenario = onItsOwn(scenarioOf(folder));
  const { saved, broken } = await wholeCheckpointOf(folder, 'evaluate');
  const training = playsTasks(scenario)
    ? await buildGeneralist(scenario, await partsFor(scenario, options.episodes), folder, null, options.createGato)
    : await build(scenario as EnvironmentScenario, options.createTraining);
  try {
    goOnFrom(saved, training, folder);
    const seed = options.seed ?? scenario.evaluation.seed;
    const episodes = options.episodes ?? scenario.evaluation.episodes;
    const deterministic = options.drawn === true ? false : scenario.evaluation.deterministic;
    const evaluation = await training.evaluate({ ...scenario.evaluation, seed, episodes, deterministic });
    const warnings = broken.map((error) => `checkpoint skipped: ${error.message}`);
    return { scenario: scenario.name, seed, step: saved.step, evaluation, folder, warnings };
  } finally {
    await training.close();
  }
}

/** The tasks; where a number of episodes is asked for, it is that of each. */
async function partsFor(scenario: TasksScenario, episodes: number | undefined): Promise<readonly TaskParts[]> {
  const parts = await taskParts(scenario);
  if (episodes === undefined) return parts;
  return parts.map(({ choice, ...part }) => {
    return { ...part, choice: { ...choice, evaluation: { ...choice.evaluation, episodes } } };
  });
}
