import { LightbulbError } from '../core/index.ts';
import { actionComponents, type ScriptedPolicy } from '../worlds/index.ts';
import type { BaselinePlayer } from './baseline.ts';

/**
 * Acts by a controller that was written by hand. Error `unsupported` where actions have more than one component and the
 * controller does not write them.
 */
export function scriptedPlayer(policy: ScriptedPolicy): BaselinePlayer {
  return ({ environment, groups, B }) => {
    for (const { name, action } of environment.groups) {
      const components = actionComponents(action);
      if (components === 1 || policy.writesActions === true) continue;
      throw new LightbulbError('unsupported', `a scripted controller gives one number, and ${name} needs more`, {
        where: '/learner/name',
        wanted: 'actions of 1 component',
        got: `${components} components`,
        cure: 'Use the random baseline',
      });
    }
    return {
      act(t) {
        for (const [g, { action, observation, alive, sizes }] of groups.entries()) {
          const { N, D, A } = sizes;
          const first = t * B * N;
          for (let seat = first; seat < first + B * N; seat++) {
            if (A > 1) action.fill(0, seat * A, (seat + 1) * A);
            action[seat * A] =
              alive[seat] === 0 ? 0 : policy(observation, seat * D, g, (seat - first) % N, action, seat * A);
          }
        }
      },
    };
  };
}
