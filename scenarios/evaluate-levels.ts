import { join } from 'node:path';
import type { LevelEpisodes, LevelScores } from '../agents/index.ts';
import { type Json, type JsonObject, LightbulbError } from '../core/index.ts';
import { build, type CreateTraining, environmentOf, levelsEnvironmentOf } from './build.ts';
import { replaceFile, write } from './disk.ts';
import { goOnFrom } from './go-on.ts';
import { onItsOwn, playsTasks } from './kinds.ts';
import { examine, type LevelExam, levelExam } from './level-exam.ts';
import { scenarioOf } from './run-folder.ts';
import type { EnvironmentScenario } from './schema.ts';
import { wholeCheckpointOf } from './whole-checkpoint.ts';

export interface LevelsOptions {
  /** See `levelSet`; a file from the working directory. */
  readonly set: string;
  /** Of each level, at least 2. Default 10. */
  readonly episodes?: number;
  /** Which episodes. Default: those of the scenario's evaluations. */
  readonly seed?: number;
  /** Draws actions from the policy in place of the most likely ones. Default: as the scenario's evaluations do. */
  readonly drawn?: boolean;
  /** Return above which an episode has solved its level; see `levelExam`. */
  readonly solved?: number;
  /** Options of the environment over those of the scenario's evaluations. */
  readonly environment?: JsonObject;
  readonly createTraining?: CreateTraining;
}

/** How one level was played. */
export interface LevelResult {
  readonly name: string;
  readonly level: Json;
  /** Numbers that say what it is like. */
  readonly description?: Readonly<Record<string, number>>;
  /** Mean over the episodes. */
  readonly return: number;
  /** Mean steps of an episode. */
  readonly length: number;
  /** Share of episodes that solved it. */
  readonly solved?: number;
  /** The best return that any policy can have, and what the mean return falls short of it. */
  readonly optimum?: number;
  readonly regret?: number;
  /** Of each episode. */
  readonly returns: readonly number[];
  /** SVG; of the hardest levels alone, where there are many. */
  readonly picture?: string;
}

/** How a run's newest policy plays a set of levels: `levels-<set>.json` of its folder, and what `--json` prints. */
export interface LevelsEvaluation {
  readonly scenario: string;
  readonly set: string;
  /** Steps of the checkpoint that was evaluated. */
  readonly step: number;
  /** Of the episodes played, not of the training. */
  readonly seed: number;
  readonly deterministic: boolean;
  /** Of each level. */
  readonly episodes: number;
  /** Return above which an episode has solved its level; null where that means nothing. */
  readonly solvedAbove: number | null;
  /** Of the environment that was played in. */
  readonly options: JsonObject;
  readonly scores: LevelScores;
  /** In the order of the set. */
  readonly levels: readonly LevelResult[];
}

export interface LevelsSummary {
  readonly folder: string;
  readonly file: string;
  readonly evaluation: LevelsEvaluation;
  readonly warnings: readonly string[];
}

/** Episodes of each level where nobody says how many. */
const EPISODES = 10;
/** Levels whose pictures are kept. */
const PICTURED = 100;

/** The file of a set's evaluation in a run's folder. */
export const LEVELS_FILE = /^levels-([A-Za-z0-9._-]+)\.json$/;

/** Plays levels with the newest checkpoint of a run, and writes how it went into `levels-<set>.json` of its folder. */
export async function evaluateLevels(folder: string, options: LevelsOptions): Promise<LevelsSummary> {
  const whole = onItsOwn(scenarioOf(folder));
  if (playsTasks(whole))
    throw new LightbulbError('unsupported', 'a generalist is evaluated on its tasks, not on levels', { where: folder });
  // Its own evaluations would make their levels ready for nothing.
  const scenario = { ...whole, evaluation: { ...whole.evaluation, levels: null } } as EnvironmentScenario;
  const { saved, broken } = await wholeCheckpointOf(folder, 'evaluate');
  const { environment = {}, episodes = EPISODES, solved } = options;
  const make = await environmentOf(scenario, scenario.environment, '/environment');
  const makeLevels = await levelsEnvironmentOf(scenario, make, environment, '--environment');
  const exam = levelExam(makeLevels, { words: options.set, episodes, solved }, '--levels');
  const training = await build(scenario, options.createTraining);
  try {
    goOnFrom(saved, training, folder);
    const seed = options.seed ?? scenario.evaluation.seed;
    const deterministic = options.drawn === true ? false : scenario.evaluation.deterministic;
    const { played, scores } = await examine(exam, training, { seed, deterministic });
    const evaluation: LevelsEvaluation = {
      scenario: scenario.name,
      set: exam.set.name,
      step: saved.step,
      seed,
      deterministic,
      episodes,
      solvedAbove: exam.solvedAbove ?? null,
      options: { ...scenario.environment.options, ...scenario.evaluation.options, ...environment },
      scores,
      levels: resultsOf(exam, played),
    };
    const file = join(folder, `levels-${exam.set.name}.json`);
    replaceFile(file, `${JSON.stringify(evaluation)}\n`, write);
    const warnings = broken.map((error) => `checkpoint skipped: ${error.message}`);
    return { folder, file, evaluation, warnings };
  } finally {
    await training.close();
  }
}

function resultsOf(
  { set, space, optimum, solvedAbove }: LevelExam,
  { returns, lengths }: LevelEpisodes,
): LevelResult[] {
  const results = set.levels.map(({ name, level }, i): LevelResult => {
    const own = returns[i]!;
    const mean = average(own);
    const best = optimum?.[i];
    return {
      name,
      level,
      ...(space.describe === undefined ? {} : { description: space.describe(level) }),
      return: mean,
      length: average(lengths[i]!),
      ...(solvedAbove === undefined ? {} : { solved: average(own.map((each) => (each > solvedAbove ? 1 : 0))) }),
      ...(best === undefined ? {} : { optimum: best, regret: lost(best, mean) }),
      returns: own,
    };
  });
  if (space.picture === undefined) return results;
  const pictured = new Set(hardestFirst(results).slice(0, PICTURED));
  return results.map((each) => (pictured.has(each) ? { ...each, picture: space.picture!(each.level) } : each));
}

/** Rewards are single floats: what is smaller than their rounding is nothing. */
function lost(best: number, mean: number): number {
  const regret = best - mean;
  return Math.abs(regret) > 1e-6 * Math.max(1, Math.abs(best)) ? regret : 0;
}

/** The levels by what is lost in them, most first: regret where it is known, otherwise the lowest return. */
export function hardestFirst<L extends Pick<LevelResult, 'return' | 'regret'>>(levels: readonly L[]): L[] {
  const loss = ({ return: mean, regret = -mean }: L): number => regret;
  return [...levels].sort((a, b) => loss(b) - loss(a));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
