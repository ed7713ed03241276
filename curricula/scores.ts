/**
 * How much there is to learn from a level: guesses at the regret that an agent has in it, from a rollout of `T` steps in
 * `K` copies, each of which played one level all along.
 */
import { LightbulbError } from '../core/index.ts';

/** What a rollout tells of the levels. Time-major. */
export interface LevelRollout {
  readonly T: number;
  readonly K: number;
  /** [T, K]. */
  readonly reward: ArrayLike<number>;
  /** [T, K]: V of the observation acted on. */
  readonly value: ArrayLike<number>;
  /** [T, K]: generalised advantage estimates. */
  readonly advantage: ArrayLike<number>;
  /** [T, K], 0 or 1: an episode ended with this step. */
  readonly done: ArrayLike<number>;
}

/** Returns of the episodes that ended in a rollout, by copy: [K]. */
export interface EpisodeReturns {
  readonly episodes: Int32Array;
  /** NaN where none ended. */
  readonly mean: Float64Array;
  readonly best: Float64Array;
  /** Share with a return above 0. */
  readonly solved: Float64Array;
}

/** Undiscounted returns of the episodes that ended. */
export function episodeReturns({
  T,
  K,
  reward,
  done,
}: Pick<LevelRollout, 'T' | 'K' | 'reward' | 'done'>): EpisodeReturns {
  const episodes = new Int32Array(K);
  const [sum, solved] = [new Float64Array(K), new Float64Array(K)];
  const best = new Float64Array(K).fill(Number.NaN);
  for (let k = 0; k < K; k++) {
    let now = 0;
    for (let t = 0; t < T; t++) {
      now += reward[t * K + k]!;
      if (done[t * K + k] !== 1) continue;
      episodes[k]!++;
      sum[k]! += now;
      if (now > 0) solved[k]!++;
      if (!(now <= best[k]!)) best[k] = now;
      now = 0;
    }
  }
  return {
    episodes,
    mean: sum.map((total, k) => total / episodes[k]!),
    best,
    solved: solved.map((count, k) => count / episodes[k]!),
  };
}

/**
 * The same, but where no episode of a copy ended, the one under way counts with what it has earned so far: agents who play
 * the same level for as long can then be compared all the same. Only `solved` stays NaN there.
 */
export function settledReturns(rollout: Pick<LevelRollout, 'T' | 'K' | 'reward' | 'done'>): EpisodeReturns {
  const returns = episodeReturns(rollout);
  const { episodes, mean, best } = returns;
  const { T, K, reward } = rollout;
  for (let k = 0; k < K; k++) {
    if (episodes[k]! > 0) continue;
    let now = 0;
    for (let t = 0; t < T; t++) now += reward[t * K + k]!;
    mean[k] = now;
    best[k] = now;
  }
  return returns;
}

/** Positive value loss (Jiang et al. 2021, arXiv 2110.02439): mean over steps of max(advantage, 0). [K]. */
export function positiveValueLoss(rollout: LevelRollout): Float64Array {
  return meanOverSteps(rollout, (i) => Math.max(rollout.advantage[i]!, 0));
}

/** L1 value loss (Jiang et al. 2021, arXiv 2010.03934): mean over steps of |advantage|. [K]. */
export function l1ValueLoss(rollout: LevelRollout): Float64Array {
  return meanOverSteps(rollout, (i) => Math.abs(rollout.advantage[i]!));
}

/**
 * Maximum Monte Carlo (Jiang et al. 2021, arXiv 2110.02439): mean over steps of best - V, with the highest return ever seen
 * in the level. best: [K]; a level in which no episode ended yet has NaN there and 0 for a best return. May be negative.
 */
export function maxMonteCarlo(rollout: LevelRollout, best: ArrayLike<number>): Float64Array {
  const { K } = rollout;
  return meanOverSteps(rollout, (i) => {
    const most = best[i % K]!;
    return (Number.isNaN(most) ? 0 : most) - rollout.value[i]!;
  });
}

/** Learnability (Rutherford et al. 2024, arXiv 2408.15099): p (1 - p) of the share p of episodes solved; 0 without one. */
export function learnability({ solved }: Pick<EpisodeReturns, 'solved'>): Float64Array {
  return solved.map((p) => (Number.isNaN(p) ? 0 : p * (1 - p)));
}

/**
 * PAIRED's regret (Dennis et al. 2020, arXiv 2012.02096): the antagonist's best return less the protagonist's mean. [K].
 * `clipped` at 0 as in dcd and minimax; JaxUED does not. Copies in which either ended no episode have 0.
 */
export function pairedRegret(
  antagonist: Pick<EpisodeReturns, 'best'>,
  protagonist: Pick<EpisodeReturns, 'mean'>,
  { clipped }: { readonly clipped: boolean },
): Float64Array {
  if (antagonist.best.length !== protagonist.mean.length) {
    throw new LightbulbError('shape', 'antagonist and protagonist played other levels', {
      wanted: `${antagonist.best.length} levels`,
      got: `${protagonist.mean.length}`,
    });
  }
  return antagonist.best.map((best, k) => {
    const regret = best - protagonist.mean[k]!;
    if (Number.isNaN(regret)) return 0;
    return clipped ? Math.max(regret, 0) : regret;
  });
}

function meanOverSteps({ T, K }: LevelRollout, of: (i: number) => number): Float64Array {
  const mean = new Float64Array(K);
  for (let i = 0; i < T * K; i++) mean[i % K]! += of(i) / T;
  return mean;
}
