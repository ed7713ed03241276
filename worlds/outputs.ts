import type { Group, GroupActions, GroupOutput } from './batched.ts';
import { actionChoices, actionComponents, flatSize, maskSize } from './spaces/index.ts';

/** The sizes of a group's arrays, with the letters of `GroupOutput`: [B, N, D], [B, N, A], [B, N, M]. */
export interface GroupSizes {
  /** `N`, agents. */
  readonly agents: number;
  /** `D`, numbers in an observation. */
  readonly observation: number;
  /** `A`, numbers in an action. */
  readonly action: number;
  /** `M`, entries in a mask; 0 unless the group is masked. */
  readonly mask: number;
}

/** Throws `unsupported` where the action space is none (text, or numbers mixed with choices). */
export function groupSizes(group: Group): GroupSizes {
  return {
    agents: group.agents.length,
    observation: flatSize(group.observation),
    action: actionComponents(group.action),
    mask: group.masked ? maskSize(group.action) : 0,
  };
}

/** Fresh arrays of zeros, one set per group, for `copies` (`B`) copies of an environment to write into. */
export function createOutputs(groups: readonly Group[], copies: number): GroupOutput[] {
  return groups.map((group) => {
    const { agents, observation, mask } = groupSizes(group);
    const seats = copies * agents;
    return {
      observation: new Float32Array(seats * observation),
      finalObservation: new Float32Array(seats * observation),
      reward: new Float32Array(seats),
      terminated: new Uint8Array(seats),
      truncated: new Uint8Array(seats),
      alive: new Uint8Array(seats),
      actionMask: new Uint8Array(seats * mask),
    };
  });
}

/** Fresh arrays of zeros for the actions of `copies` copies, one per group: integers for choices, floats for boxes. */
export function createActions(groups: readonly Group[], copies: number): GroupActions[] {
  return groups.map((group) => {
    const { agents, action } = groupSizes(group);
    const length = copies * agents * action;
    return actionChoices(group.action) === null ? new Float32Array(length) : new Int32Array(length);
  });
}
