import type { PromptRounds } from '../agents/index.ts';
import { type Json, restoreStream, type Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { drawAny, newSeed } from './draw.ts';
import { levelMeans, prefixed } from './level-means.ts';
import { savedRounds, saveRounds } from './saved-rounds.ts';

/**
 * Domain randomisation round by round: any level in each copy, learned from like any other. What curricula that choose
 * levels by a score are compared with, where it shall make no difference how often a level is played.
 */
export function randomRounds(name: string, space: LevelSpace, stream: Stream): PromptRounds {
  let random = stream;
  let levels: readonly Json[] = [];
  return {
    next(copies) {
      levels = Array.from({ length: copies }, () => drawAny(space, random));
      return { levels, seed: newSeed(random), learns: true };
    },
    report() {},
    metrics: () => prefixed('curriculum/', levelMeans(levels, space)),
    save: () => saveRounds(name, levels, random),
    load(checkpoint) {
      const saved = savedRounds<readonly Json[]>(name, checkpoint);
      levels = saved.state;
      random = restoreStream(saved.stream);
    },
  };
}
