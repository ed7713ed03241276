import type { RoundOutcome } from '../agents/index.ts';
import { type Json, LightbulbError } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { entriesOf, type LevelBuffer } from './level-buffer.ts';
import type { ScoreName } from './replay-options.ts';
import { l1ValueLoss, learnability, maxMonteCarlo, positiveValueLoss } from './scores.ts';

/** What scores read of the episodes of a round: [K] each, NaN where none ended. */
export interface ScoredReturns {
  /** The highest return ever seen in the level. */
  readonly best: Float64Array;
  readonly mean: Float64Array;
  readonly solved: Float64Array;
}

/** What there is to learn from each level of a round, by one of the scores: [K]. */
export function scoresOf(
  score: ScoreName,
  outcome: RoundOutcome,
  returns: ScoredReturns,
  levels: readonly Json[],
  space: LevelSpace,
): Float64Array {
  switch (score) {
    case 'maxMonteCarlo':
      return maxMonteCarlo(outcome, returns.best);
    case 'positiveValueLoss':
      return positiveValueLoss(outcome);
    case 'l1ValueLoss':
      return l1ValueLoss(outcome);
    case 'learnability':
      return learnability(returns);
    case 'regret':
      // A rollout in which no episode ended has earned nothing yet.
      return returns.mean.map((mean, k) => space.optimum!(levels[k]!) - (Number.isNaN(mean) ? 0 : mean));
  }
}

/** The highest return that each level ever had: the buffer's or the round's `best`, [K]. NaN where no episode ended ever. */
export function bestEver(buffer: LevelBuffer, levels: readonly Json[], best: Float64Array): Float64Array {
  const entries = entriesOf(buffer, levels);
  return best.map((now, k) => {
    const before = entries[k]?.best ?? Number.NaN;
    return Number.isNaN(now) ? before : Number.isNaN(before) ? now : Math.max(now, before);
  });
}

/** Error `unsupported` where a score needs the optimum of levels, and nobody knows it. */
export function requireOptimum(score: string, space: LevelSpace): void {
  if (score !== 'regret' || space.optimum !== undefined) return;
  throw new LightbulbError('unsupported', 'the environment cannot tell the optimum of a level', {
    where: '/curriculum/score',
  });
}
