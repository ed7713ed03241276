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

/** Which of the two steps away from plain replay a curriculum takes. */
export function replayOptionsOf(options: ReplayCurriculum): ReplayOptions {
  return { ...options, robust: options.name !== 'plr', mutate: options.name === 'accel' };
}
