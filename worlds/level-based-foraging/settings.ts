import { LightbulbError } from '../../core/index.ts';
import { requireCount } from '../guards.ts';

/** The options of lbforaging's `ForagingEnv`, under the same names. */
export interface LevelBasedForagingOptions {
  /** Default 2; at most half as many as there are cells. */
  readonly players?: number;
  /** Levels of players are uniform from here. Default 1. */
  readonly minPlayerLevel?: number;
  /** To here, inclusive. Default 2. */
  readonly maxPlayerLevel?: number;
  /** Levels of food are uniform from here, unless `forceCoop`. Default 1. */
  readonly minFoodLevel?: number;
  /** To here, inclusive; 0 for the sum of the three lowest player levels of the episode. Default 0. */
  readonly maxFoodLevel?: number;
  /** Of the field, at least 3. Default 8. */
  readonly rows?: number;
  /** Of the field, at least 3. Default 8. */
  readonly cols?: number;
  /** How much food there is, as far as there is room. Default 2. */
  readonly maxNumFood?: number;
  /** How many cells agents see in each direction; 0 for the whole field. Default 0. */
  readonly sight?: number;
  /** Steps after which an episode is truncated. Default 50. */
  readonly maxEpisodeSteps?: number;
  /** All food has the highest level: with the standard levels of food, that of three players together. Default false. */
  readonly forceCoop?: boolean;
  /** Rewards are divided so that all food of an episode is worth 1 to the team. Default true. */
  readonly normalizeReward?: boolean;
  /** A picture of the surroundings instead of lists. Default false. */
  readonly gridObservation?: boolean;
  /** Observations show the levels of players. Default true. */
  readonly observeAgentLevels?: boolean;
  /** What each player pays for loading food that is too heavy. Default 0. */
  readonly penalty?: number;
  /** Comes with masks of valid actions. Default true. */
  readonly actionMask?: boolean;
}

/** All options, checked; `sight` is never 0. */
export interface Settings extends Required<LevelBasedForagingOptions> {
  /** The heaviest food that an episode can have. */
  readonly heaviest: number;
}

export const NAME = 'level_based_foraging';

/** More players than this are never needed for one food. */
const HELPERS = 3;

export function settingsOf(options: LevelBasedForagingOptions): Settings {
  const count = (key: keyof LevelBasedForagingOptions, standard: number, low = 1): number =>
    requireCount(NAME, key, (options[key] as number | undefined) ?? standard, low);
  const rows = count('rows', 8, 3);
  const cols = count('cols', 8, 3);
  const players = count('players', 2);
  const minPlayerLevel = count('minPlayerLevel', 1);
  const maxPlayerLevel = count('maxPlayerLevel', 2);
  const minFoodLevel = count('minFoodLevel', 1);
  const maxFoodLevel = count('maxFoodLevel', 0, 0);
  const penalty = options.penalty ?? 0;
  const most = Math.floor((rows * cols) / 2);
  if (players > most) throw unusable('players', `at most ${most}, half of the cells`, players);
  if (minPlayerLevel > maxPlayerLevel) throw unusable('minPlayerLevel', `at most ${maxPlayerLevel}`, minPlayerLevel);
  // Without a highest level of food, the lowest must not pass the least that players can add up to.
  const leastHighest = maxFoodLevel > 0 ? maxFoodLevel : Math.min(HELPERS, players) * minPlayerLevel;
  if (minFoodLevel > leastHighest) throw unusable('minFoodLevel', `at most ${leastHighest}`, minFoodLevel);
  if (!(penalty >= 0 && Number.isFinite(penalty))) throw unusable('penalty', 'a number from 0', penalty);
  return {
    players,
    minPlayerLevel,
    maxPlayerLevel,
    minFoodLevel,
    maxFoodLevel,
    rows,
    cols,
    maxNumFood: count('maxNumFood', 2),
    sight: count('sight', 0, 0) || Math.max(rows, cols),
    maxEpisodeSteps: count('maxEpisodeSteps', 50),
    forceCoop: options.forceCoop ?? false,
    normalizeReward: options.normalizeReward ?? true,
    gridObservation: options.gridObservation ?? false,
    observeAgentLevels: options.observeAgentLevels ?? true,
    penalty,
    actionMask: options.actionMask ?? true,
    heaviest: maxFoodLevel > 0 ? maxFoodLevel : Math.min(HELPERS, players) * maxPlayerLevel,
  };
}

function unusable(option: string, wanted: string, got: number): LightbulbError {
  return new LightbulbError('invalid_input', `${option} is not usable`, { where: NAME, wanted, got: String(got) });
}
