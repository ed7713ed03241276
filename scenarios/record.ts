import { statSync } from 'node:fs';
import type { DatasetManifest, PlayerFactory, Training } from '../agents/index.ts';
import { type JsonObject, LightbulbError, stream } from '../core/index.ts';
import { build, type CreateTraining, environmentOf } from './build.ts';
import { goOnFrom } from './go-on.ts';
import { playsTasks } from './kinds.ts';
import { loadScenario } from './load.ts';
import { scenarioFile } from './presets.ts';
import { scenarioOf } from './run-folder.ts';
import type { EnvironmentScenario, Scenario } from './schema.ts';
import { wholeCheckpointOf } from './whole-checkpoint.ts';

/** Whose episodes are recorded: the newest checkpoint of a run, or one of those that learn nothing. */
export type RecordedPolicy = 'random' | 'scripted' | 'learned';

export interface RecordOptions {
  readonly episodes: number;
  /** The dataset's folder; must not be there yet. */
  readonly out: string;
  /** Default: `learned` for a run's folder; a scenario needs one of the others. */
  readonly policy?: RecordedPolicy;
  /** See `recordEpisodes`. Default 0. */
  readonly noise?: number;
  /** Which episodes. Default: the scenario's seed. */
  readonly seed?: number;
  /** Draws actions from the policy in place of the most likely ones. Default false. */
  readonly drawn?: boolean;
  /** Stops with nothing written. */
  readonly signal?: AbortSignal;
  readonly createTraining?: CreateTraining;
}

/** What was recorded; what `--json` prints. */
export interface RecordingSummary {
  readonly folder: string;
  readonly manifest: DatasetManifest;
  readonly warnings: readonly string[];
}

/** Another number of copies records other episodes, so it is no option. */
const COPIES = 32;

/** Records whole episodes of a run's newest policy, or of a scenario's environment played by chance or by script. */
export async function record(source: string, options: RecordOptions): Promise<RecordingSummary> {
  const isRun = statSync(source, { throwIfNoEntry: false })?.isDirectory() === true;
  const scenario = withEnvironment(isRun ? scenarioOf(source) : loadScenario(scenarioFile(source)), source);
  const policy = options.policy ?? (isRun ? 'learned' : undefined);
  if (policy === undefined || (policy === 'learned' && !isRun))
    throw new LightbulbError('invalid_input', 'a scenario has learned nothing yet', {
      where: source,
      wanted: "--policy random or --policy scripted, or a run's folder",
      cure: `Train first: lightbulb run ${source}`,
    });
  const player =
    policy === 'learned' ? await learnedPlayer(source, scenario, options) : await baseline(scenario, policy);
  try {
    const { recordEpisodes } = await import('../agents/index.ts');
    const { signal, seed = scenario.seed, drawn = false } = options;
    const { copies: _, ...environment } = scenario.environment;
    const manifest = await recordEpisodes({
      make: await environmentOf(scenario, scenario.environment, '/environment'),
      createPlayer: playerOf(player.training, source, !drawn, seed, signal),
      episodes: options.episodes,
      seed,
      copies: COPIES,
      noise: options.noise ?? 0,
      folder: options.out,
      environment,
      policy: policy === 'learned' ? { ...player.policy, drawn } : player.policy,
    });
    return { folder: options.out, manifest, warnings: player.warnings };
  } finally {
    await player.training.close();
  }
}

interface Recorded {
  readonly training: Training;
  /** What the manifest says of it. */
  readonly policy: JsonObject;
  readonly warnings: readonly string[];
}

async function learnedPlayer(
  folder: string,
  scenario: EnvironmentScenario,
  { createTraining }: RecordOptions,
): Promise<Recorded> {
  const { saved, broken } = await wholeCheckpointOf(folder, 'record');
  const training = await build(scenario, createTraining);
  try {
    goOnFrom(saved, training, folder);
  } catch (error) {
    await training.close();
    throw error;
  }
  const { name, seed, learner } = scenario;
  return {
    training,
    policy: { scenario: name, seed, step: saved.step, learner: learner as unknown as JsonObject },
    warnings: broken.map((error) => `checkpoint skipped: ${error.message}`),
  };
}

async function baseline(scenario: EnvironmentScenario, name: 'random' | 'scripted'): Promise<Recorded> {
  // Not the scenario's learner, and one copy: it only lends its player.
  const environment = { ...scenario.environment, copies: 1 };
  const training = await build({ ...scenario, environment, learner: { name } });
  return { training, policy: { learner: { name } }, warnings: [] };
}

function playerOf(
  training: Training,
  source: string,
  deterministic: boolean,
  seed: number,
  signal: AbortSignal | undefined,
): PlayerFactory {
  const noise = stream(seed, 'recording/player');
  return (collector) => {
    const player = training.player?.(collector, { deterministic, noise });
    if (player === undefined)
      throw new LightbulbError('unsupported', 'this learner does not let its policy be recorded', { where: source });
    return {
      act(t) {
        signal?.throwIfAborted();
        player.act(t);
      },
      observed: (t) => player.observed?.(t),
    };
  };
}

function withEnvironment(scenario: Scenario, source: string): EnvironmentScenario {
  if (!playsTasks(scenario)) return scenario as EnvironmentScenario;
  throw new LightbulbError('unsupported', 'a scenario of many tasks plays in no one environment', {
    where: source,
    wanted: 'a scenario with an environment',
    cure: 'Its run records the tasks by itself, into the folder "datasets" of the run',
  });
}
