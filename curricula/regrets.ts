/**
 * What a builder of levels is paid for them: how agents fared in each of `K` levels. `best` and `mean` returns of the
 * episodes of a round, [K] each; so is every answer.
 */
import type { MinimaxOptions } from './adversary-options.ts';
import { type EpisodeReturns, pairedRegret } from './scores.ts';

export type Returns = Pick<EpisodeReturns, 'best' | 'mean'>;

/** Whether a regret below 0 counts as 0. */
export interface Clipping {
  readonly clipped: boolean;
}

/** PAIRED's regret where, level by level, whoever had the better episode plays the antagonist (dcd's flexible PAIRED). */
export function flexibleRegret(one: Returns, other: Returns, clipping: Clipping): Float64Array {
  const isOther = Array.from(one.best, (best, k) => other.best[k]! > best);
  return pairedRegret(
    { best: one.best.map((best, k) => (isOther[k] ? other.best[k]! : best)) },
    { mean: one.mean.map((mean, k) => (isOther[k] ? mean : other.mean[k]!)) },
    clipping,
  );
}

/** The best return that any of a population had, less the mean over all of their mean returns (Dennis et al. 2020). */
export function populationRegret(agents: readonly Returns[], clipping: Clipping): Float64Array {
  const [first] = agents;
  return pairedRegret(
    { best: first!.best.map((_, k) => Math.max(...agents.map(({ best }) => best[k]!))) },
    { mean: first!.mean.map((_, k) => agents.reduce((sum, { mean }) => sum + mean[k]!, 0) / agents.length) },
    clipping,
  );
}

/** What a minimax adversary is paid: the agent's return, `mean` or `best`, with its sign turned. */
export function hardship(agent: Returns, returns: MinimaxOptions['returns']): Float64Array {
  return agent[returns].map((each) => 0 - each);
}
