import { type Json, LightbulbError } from '../core/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import { Collector } from './collector.ts';
import type { PlayerFactory } from './evaluate.ts';

/** Whole episodes of levels, [levels][episodes] each. */
export interface LevelEpisodes {
  /** Sums over agents and steps of the rewards. */
  readonly returns: readonly (readonly number[])[];
  /** Steps. */
  readonly lengths: readonly (readonly number[])[];
}

/** Copies that play side by side, at most. */
const MOST_COPIES = 128;

/**
 * Plays `episodes` whole episodes of each level. All of them are dealt out beforehand, level by level and round by round,
 * to copies that step side by side, so which ones count does not depend on how long they take; all that chance decides
 * follows from `seed`, the number of levels and that of episodes.
 *
 * Error `unsupported` where the environment takes no levels; its own where it does not take one of these.
 */
export async function playLevels(
  make: (copies: number) => BatchedEnvironment,
  levels: readonly Json[],
  episodes: number,
  seed: number,
  createPlayer: PlayerFactory,
): Promise<LevelEpisodes> {
  const deals = levels.length * episodes;
  const environment = make(Math.min(MOST_COPIES, deals));
  try {
    if (environment.setLevel === undefined)
      throw new LightbulbError('unsupported', 'this environment takes no levels', { wanted: 'setLevel' });
    const { batchSize: copies } = environment;
    const collector = new Collector(environment, 1);
    const player = createPlayer(collector);
    const returns = levels.map(() => new Array<number>(episodes).fill(0));
    const lengths = levels.map(() => new Array<number>(episodes).fill(0));
    /** What each copy plays now: deal b, then b + copies, b + 2 copies, ... */
    const playing = Int32Array.from({ length: copies }, (_, b) => b);
    const tell = (b: number, deal: number): void => {
      if (deal < deals) environment.setLevel!(b, levels[deal % levels.length]);
    };
    for (let b = 0; b < copies; b++) tell(b, b);
    collector.reset(seed);
    // An episode begins in the step that ends another, so each copy is told its next level early.
    for (let b = 0; b < copies; b++) tell(b, b + copies);
    for (let left = deals, isFirst = true; left > 0; isFirst = false) {
      for (const { copy, return: sum, length } of await collector.collect(player, isFirst)) {
        const deal = playing[copy]!;
        playing[copy] = deal + copies;
        tell(copy, deal + 2 * copies);
        if (deal >= deals) continue;
        const [level, episode] = [deal % levels.length, Math.floor(deal / levels.length)];
        returns[level]![episode] = sum;
        lengths[level]![episode] = length;
        left--;
      }
    }
    return { returns, lengths };
  } finally {
    environment.close?.();
  }
}
