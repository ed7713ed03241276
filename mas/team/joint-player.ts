import type { Collector, Player } from '../../agents/index.ts';
import type { Stream } from '../../core/index.ts';
import type { JointPolicy } from '../value/index.ts';
import { withinBounds } from './within-bounds.ts';

/**
 * Plays all roles in a collector of one step at a time (T = 1), without a bus. Follows the policy as that learns; draws
 * from `noise`, or takes the most likely action (null).
 */
export function createJointPlayer(
  { environment, groups, B }: Collector,
  policy: JointPolicy,
  parameters: () => Float32Array,
  noise: Stream | null,
): Player {
  const players = groups.map(({ observation, actionMask, action, sizes: { N, D, M, A } }, g) => {
    const actor = policy.actor(g, B);
    const turn = {
      observation: observation.subarray(0, B * N * D),
      actionMask: actionMask.subarray(0, B * N * M),
      action: action.slice(0, B * N * A),
      logProbability: new Float32Array(B * N),
    };
    const bring = withinBounds(environment.groups[g]!);
    return () => {
      actor.act({ ...turn, parameters: parameters() }, noise);
      bring(turn.action, action);
    };
  });
  return {
    act() {
      for (const play of players) play();
    },
  };
}
