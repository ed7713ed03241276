import type { Evaluation } from '../agents/index.ts';
import { LightbulbError } from '../core/index.ts';
import { build, type CreateTraining } from './build.ts';
import { buildGeneralist, type CreateGato } from './build-generalist.ts';
import { goOnFrom } from './go-on.ts';
import { newestCheckpointOf, scenarioOf } from './run-folder.ts';
import { type EnvironmentScenario, playsTasks } from './schema.ts';
import { taskParts } from './task-parts.ts';

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
    readonly createTraining?: CreateTraining;
    readonly createGato?: CreateGato;
  } = {},
): Promise<EvaluationSummary> {
  const scenario = scenarioOf(folder);
  const { saved, broken } = await newestCheckpointOf(folder);
  if (saved === undefined) {
    throw new LightbulbError(
      broken.length > 0 ? 'corrupt' : 'invalid_input',
      'there is no whole checkpoint to evaluate',
      {
        where: folder,
        ...(broken[0] === undefined ? {} : { got: broken[0].message }),
        cure: `Make one: lightbulb resume ${folder}`,
      },
    );
  }
  const training = playsTasks(scenario)
    ? await buildGeneralist(scenario, await taskParts(scenario), folder, null, options.createGato)
    : await build(scenario as EnvironmentScenario, options.createTraining);
  try {
    goOnFrom(saved, training, folder);
    const seed = options.seed ?? scenario.evaluation.seed;
    const episodes = options.episodes ?? scenario.evaluation.episodes;
    const evaluation = await training.evaluate({ ...scenario.evaluation, seed, episodes });
    const warnings = broken.map((error) => `checkpoint skipped: ${error.message}`);
    return { scenario: scenario.name, seed, step: saved.step, evaluation, folder, warnings };
  } finally {
    await training.close();
  }
}
