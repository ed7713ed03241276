import type { LevelFeed } from '../../agents/index.ts';
import { type Json, restoreStream, type Stream, type StreamState } from '../../core/index.ts';
import type { LevelSpace } from '../../worlds/index.ts';
import { drawAny, newSeed } from '../draw.ts';
import { levelMeans } from '../level-means.ts';
import type { SelectionOptions } from './options.ts';
import type { Standings } from './standings.ts';

/** Levels that the metrics speak of: the newest ones. */
const RECENT = 100;

/**
 * Where real levels come from: any, or with chance 1 - `randomShare` one of those whose standing is highest, which with chance
 * `mutation` is changed a little. Real returns go into the standings; against the optimum, they are what levels are ranked by.
 */
export function levelChoice(
  space: LevelSpace,
  standings: Standings,
  options: SelectionOptions,
  stream: Stream,
): LevelFeed {
  let random = stream;
  let recent: readonly Json[] = [];

  const choose = (): Json => {
    if (options.collect === 'uniform' || random.uniform() < options.randomShare) return drawAny(space, random);
    const level = standings.draw(random);
    if (level === undefined) return drawAny(space, random);
    if (space.mutate === undefined || space.grid !== undefined || random.uniform() >= options.mutation) return level;
    return space.mutate(level, newSeed(random));
  };

  return {
    next() {
      const level = choose();
      recent = [...recent.slice(1 - RECENT), level];
      return level;
    },
    report(outcomes) {
      for (const { level, return: amount } of outcomes) {
        if (amount === undefined) continue;
        standings.earned(level, amount);
        if (options.against === 'optimum' && space.optimum !== undefined)
          standings.score(level, space.optimum(level) - amount);
      }
    },
    metrics: () =>
      Object.fromEntries(Object.entries(levelMeans(recent, space)).map(([name, value]) => [`game/${name}`, value])),
    save: () => ({ stream: random.state(), recent }) as unknown as Json,
    load(json) {
      const saved = json as unknown as { readonly stream: StreamState; readonly recent: readonly Json[] };
      random = restoreStream(saved.stream);
      recent = saved.recent;
    },
  };
}
