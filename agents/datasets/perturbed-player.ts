import { stream } from '../../core/index.ts';
import type { Collector, Player } from '../collector.ts';
import { randomPlayer } from '../random-player.ts';

/**
 * Does as `expert` says, but that with probability `noise`, for each agent and step by itself, a random legal action is
 * taken in place of the expert's. `said` is called in between: the rollout holds the expert's own actions then, which
 * are what a learner should do in the places that noise led to (DART, Laskey et al. 2017, arXiv 1703.09327).
 */
export function perturbedPlayer(
  collector: Collector,
  expert: Player,
  { noise, seed, said }: { readonly noise: number; readonly seed: number; readonly said: () => void },
): Player {
  const whether = stream(seed, 'recording/noise');
  const what = stream(seed, 'recording/actions');
  const random = randomPlayer(collector, () => what);
  const kept = collector.groups.map(({ action }) => action.slice());
  return {
    act(t) {
      expert.act(t);
      said();
      if (noise === 0) return;
      for (const [g, { action }] of collector.groups.entries()) kept[g]!.set(action);
      random.act(t);
      for (const [g, { action, sizes }] of collector.groups.entries()) {
        const { A } = sizes;
        for (let seat = 0; seat * A < action.length; seat++)
          if (whether.uniform() >= noise) action.set(kept[g]!.subarray(seat * A, (seat + 1) * A), seat * A);
      }
    },
    observed(t) {
      expert.observed?.(t);
    },
  };
}
