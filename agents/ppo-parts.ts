import type { Values } from '../nn/index.ts';
import { type ActorCritic, createActorCritic } from './actor-critic.ts';
import type { GlobalState } from './global-state.ts';
import type { ObservationStatistics } from './observation-statistics.ts';
import type { PpoOptions } from './options.ts';
import type { PpoPrograms, PpoShape } from './ppo-programs.ts';
import type { UnitArrays } from './unit-arrays.ts';
import type { UnitRollout } from './unit-rollout.ts';

/** What a unit acts, judges and learns with: its networks and programs, and where what it lived through lies. */
export interface PpoParts {
  readonly options: PpoOptions;
  readonly networks: ActorCritic;
  readonly shape: PpoShape;
  readonly programs: PpoPrograms;
  readonly rollout: UnitRollout;
  readonly state: GlobalState;
  readonly arrays: UnitArrays;
  readonly statistics: ObservationStatistics | null;
  /** Views of the parameters that act, as programs name them: the policy's, `actor/...` (a shared trunk too). */
  readonly actor: Values;
  /** The critic's own, `critic/...`. */
  readonly critic: Values;
}

type WithNetworks = Pick<PpoParts, 'networks'>;

export function isRecurrent({ networks }: WithNetworks): boolean {
  return networks.policy.memorySize > 0;
}

/** Whether values and log-probabilities come with acting: because they need its memory, or share its trunk. */
export function isJudgedInActing({ networks }: WithNetworks): boolean {
  return networks.policy.memorySize > 0 || networks.isShared;
}

/** The networks for what the agents of a unit see, and for what a critic of all sees. */
export function networksFor({ sizes, unit }: UnitRollout, state: GlobalState, options: PpoOptions): ActorCritic {
  const { N: n, D } = sizes;
  const inputs = D + (options.agentIndex && n > 1 ? n : 0);
  // A row with an agent index appended is no picture any more; a backbone takes the index as one more token.
  const observation = inputs === D || options.network.backbone !== null ? unit.group.observation : null;
  const critic =
    options.critic === 'central'
      ? { inputs: state.size, observation: null, outputs: n }
      : { inputs, observation, outputs: 1 };
  return createActorCritic({ inputs, observation, action: unit.group.action, critic }, options.network);
}
