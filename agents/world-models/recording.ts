import type { actionEncoder } from '../../worlds/models/index.ts';
import type { Collector, Player } from '../collector.ts';
import type { History } from './history.ts';

/** The same player, all of whose steps are written to `history`. From the first step of a collector on. */
export function recording(
  { groups, B }: Collector,
  history: History,
  encode: ReturnType<typeof actionEncoder>,
  player: Player,
): Player {
  const rollout = groups[0]!;
  const encoded = new Float32Array(B * history.shape.action);
  return {
    act(t) {
      if (history.filled[0] === 0) history.begin(rollout);
      player.act(t);
    },
    observed(t) {
      encode(rollout.actions[t]!, encoded, B);
      history.step(t, rollout, encoded);
    },
  };
}
