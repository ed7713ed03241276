import { LightbulbError } from '../core/index.ts';

/** [levels][episodes]: returns of whole episodes. All levels have equally many, at least two. */
export type LevelReturns = readonly (readonly number[])[];

/**
 * The mean over the worst `share` of levels (of n levels, round(share n), at least one), cross-fitted: the levels that are
 * worst in one half of the episodes are scored by the other half, and the other way round. Choosing and scoring by the
 * same episodes picks out bad luck with bad levels, and so reports less than the agent can; here luck of the scores has
 * nothing to do with luck of the choice. Where luck decides the choice, levels are chosen that are not the worst, so that
 * this is an upper bound in expectation, as the naive estimate is a lower one.
 *
 * Even episodes are one half, odd ones the other. Throws `invalid_input` where the returns or the share are not usable.
 */
export function crossFittedCvar(returns: LevelReturns, share: number): number {
  const episodes = requireReturns(returns);
  if (episodes < 2)
    throw new LightbulbError('invalid_input', 'choosing and scoring need episodes of their own', {
      wanted: 'at least 2 episodes of each level',
      got: String(episodes),
    });
  const [even, odd] = [0, 1].map((half) => returns.map((row) => mean(row.filter((_, i) => i % 2 === half))));
  return (scoreOfWorst(even!, odd!, share) + scoreOfWorst(odd!, even!, share)) / 2;
}

/** What is known of levels besides the agent's returns. */
export interface LevelKnowledge {
  /** [levels]: the expected return of the best policy, where it is known. */
  readonly optimum?: readonly number[] | undefined;
  /** An episode with a higher return has solved its level, where that has a meaning. */
  readonly solvedAbove?: number | undefined;
}

/** How an agent does over levels. */
export interface LevelScores {
  /** Mean over levels of their mean returns. */
  readonly mean: number;
  /** Cross-fitted, of the worst tenth and the worst hundredth of levels. */
  readonly cvar10: number;
  readonly cvar1: number;
  /** Share of episodes that solved their level. */
  readonly solved?: number;
  /** Exact regret (best return less mean return of a level): its mean over levels, and its largest. */
  readonly regret?: number;
  readonly maximumRegret?: number;
}

/** All scores that can be told. Errors as those of `crossFittedCvar` and `maximumRegret`. */
export function levelScores(returns: LevelReturns, { optimum, solvedAbove }: LevelKnowledge = {}): LevelScores {
  const average = meanReturn(returns);
  return {
    mean: average,
    cvar10: crossFittedCvar(returns, 0.1),
    cvar1: crossFittedCvar(returns, 0.01),
    ...(solvedAbove === undefined ? {} : { solved: mean(returns.map((row) => solvedShare(row, solvedAbove))) }),
    ...(optimum === undefined
      ? {}
      : { regret: mean(optimum) - average, maximumRegret: maximumRegret(returns, optimum) }),
  };
}

/** The share of a level's episodes whose return is above `solvedAbove`. */
export function solvedShare(returns: readonly number[], solvedAbove: number): number {
  return mean(returns.map((each) => (each > solvedAbove ? 1 : 0)));
}

/** The mean over the worst `share` of levels, chosen and scored by the same numbers: too low by the luck of the choice. */
export function naiveCvar(returns: LevelReturns, share: number): number {
  requireReturns(returns);
  const means = returns.map(mean);
  return scoreOfWorst(means, means, share);
}

/** The mean over levels of their mean returns. */
export function meanReturn(returns: LevelReturns): number {
  requireReturns(returns);
  return mean(returns.map(mean));
}

/**
 * The largest regret over levels: best return less mean return. optimum: [levels], the expected return of the best policy.
 * With few episodes the largest of noisy numbers is too large in expectation; exact values, one an episode, are not.
 */
export function maximumRegret(returns: LevelReturns, optimum: readonly number[]): number {
  requireReturns(returns);
  if (optimum.length !== returns.length)
    throw new LightbulbError('invalid_input', 'regret needs the best return of each level', {
      wanted: `${returns.length} numbers`,
      got: String(optimum.length),
    });
  return Math.max(...returns.map((row, level) => optimum[level]! - mean(row)));
}

/** The mean of `score` over the levels that are lowest in `choice`; of equals, the earlier. */
function scoreOfWorst(choice: readonly number[], score: readonly number[], share: number): number {
  if (!(share > 0 && share <= 1))
    throw new LightbulbError('invalid_input', 'this is no share of levels', {
      wanted: 'more than 0, at most 1',
      got: String(share),
    });
  const order = choice.map((_, level) => level).sort((a, b) => choice[a]! - choice[b]! || a - b);
  const count = Math.max(1, Math.round(share * choice.length));
  return mean(order.slice(0, count).map((level) => score[level]!));
}

/** How many episodes each level has. */
function requireReturns(returns: LevelReturns): number {
  const episodes = returns[0]?.length ?? 0;
  const odd = returns.findIndex((row) => row.length !== episodes);
  if (episodes > 0 && odd < 0 && returns.every((row) => row.every(Number.isFinite))) return episodes;
  throw new LightbulbError('invalid_input', 'the returns of levels are not usable', {
    wanted: 'at least one level, and equally many finite returns of each, at least one',
    got: odd < 0 ? `${returns.length} levels with ${episodes} episodes` : `${returns[odd]!.length} of level ${odd}`,
  });
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
