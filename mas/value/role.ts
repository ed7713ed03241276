import { actionChoices, type Group, groupSizes } from '../../worlds/index.ts';

/** A group as the joint policy sees it: its agents share an encoder's inputs and a head. Letters as in `GroupOutput`. */
export interface Role {
  readonly index: number;
  readonly group: Group;
  /** Its name in trees of parameters: that of the group, without what trees cannot hold. */
  readonly key: string;
  readonly N: number;
  readonly D: number;
  readonly A: number;
  readonly M: number;
  /** Of each component of an action; null for boxes. */
  readonly choices: readonly number[] | null;
  /** Number of its first agent among all agents of all groups. */
  readonly first: number;
}

/** The roles of these groups, in their order. Error `unsupported` where an action space is none. */
export function rolesOf(groups: readonly Group[]): readonly Role[] {
  let first = 0;
  return groups.map((group, index) => {
    const { agents, observation, action, mask } = groupSizes(group);
    const role = {
      index,
      group,
      key: encodeURIComponent(group.name),
      N: agents,
      D: observation,
      A: action,
      M: mask,
      choices: actionChoices(group.action),
      first,
    };
    first += agents;
    return role;
  });
}

/** How many agents there are in all. */
export function agentCount(roles: readonly Role[]): number {
  return roles.reduce((sum, { N }) => sum + N, 0);
}

/** Whether a mask [M] at `offset` leaves a choice: more than one entry of some component. */
export function hasChoice({ choices }: Pick<Role, 'choices'>, mask: Uint8Array, offset: number): boolean {
  if (choices === null) return true;
  let at = offset;
  for (let c = 0; c < choices.length; c++) {
    let legal = 0;
    for (const end = at + choices[c]!; at < end; at++) legal += mask[at]!;
    if (legal > 1) return true;
  }
  return false;
}

/** The only legal choice of each component, written to `action` [A] at `to`; 0 where there is none. */
export function forcedChoice(
  { choices }: Pick<Role, 'choices'>,
  mask: Uint8Array,
  offset: number,
  action: Int32Array | Float32Array,
  to: number,
): void {
  let at = offset;
  for (let c = 0; c < choices!.length; c++) {
    const n = choices![c]!;
    action[to + c] = 0;
    for (let i = 0; i < n; i++) if (mask[at + i] === 1) action[to + c] = i;
    at += n;
  }
}
