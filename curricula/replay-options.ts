import type { BufferOptions } from './level-buffer.ts';

/** How much there is to learn from a level. `regret` is an oracle: the environment's optimum less the mean return. */
export type ScoreName = 'maxMonteCarlo' | 'positiveValueLoss' | 'l1ValueLoss' | 'learnability' | 'regret';

/** What curricula that replay levels have in common. */
export interface ReplayRules extends BufferOptions {
  readonly score: ScoreName;
  /** Chance that a round replays levels, once there are enough. */
  readonly replay: number;
}

/** Prioritised level replay (Jiang et al. 2021, arXiv 2010.03934): learns from new levels and replayed ones. */
export interface PlrOptions extends ReplayRules {
  readonly name: 'plr';
}

/** Robust prioritised level replay (Jiang et al. 2021, arXiv 2110.02439): learns from replayed levels alone. */
export interface RobustPlrOptions extends ReplayRules {
  readonly name: 'robust-plr';
}

/** ACCEL (Parker-Holder et al. 2022, arXiv 2203.01302): robust replay, and replayed levels changed a little. */
export interface AccelOptions extends ReplayRules {
  readonly name: 'accel';
}

/** Sampling for learnability (Rutherford et al. 2024, arXiv 2408.15099). */
export interface SflOptions {
  readonly name: 'sfl';
  /** Rounds of random levels that are only looked at, at the start and again after every `every` rounds of learning. */
  readonly search: number;
  readonly every: number;
  /** Levels of the set. */
  readonly keep: number;
  /** Chance that a copy plays a level of the set, else any. */
  readonly share: number;
}

export type ReplayCurriculum = PlrOptions | RobustPlrOptions | AccelOptions;

/** As `replayLevels` reads it. */
export interface ReplayOptions extends ReplayRules {
  readonly name: ReplayCurriculum['name'];
  readonly robust: boolean;
  readonly mutate: boolean;
}

/** The constants of JaxUED's mazes. */
const rules: ReplayRules = {
  score: 'maxMonteCarlo',
  replay: 0.8,
  capacity: 4000,
  fill: 0.5,
  admits: 'above',
  priority: 'rank',
  temperature: 0.3,
  top: 1,
  staleness: 0.3,
};

export const plrDefaults: PlrOptions = { name: 'plr', ...rules, replay: 0.5 };
export const robustPlrDefaults: RobustPlrOptions = { name: 'robust-plr', ...rules };
export const accelDefaults: AccelOptions = { name: 'accel', ...rules };

/**
 * A search of 50 rounds for every 100 of learning. The paper's own searches take several times the steps of what is learned
 * from.
 */
export const sflDefaults: SflOptions = { name: 'sfl', search: 50, every: 100, keep: 200, share: 0.5 };

/** Which of the two steps away from plain replay a curriculum takes. */
export function replayOptionsOf(options: ReplayCurriculum): ReplayOptions {
  return { ...options, robust: options.name !== 'plr', mutate: options.name === 'accel' };
}
