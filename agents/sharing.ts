import { LightbulbError } from '../core/index.ts';
import type { Group } from '../worlds/index.ts';
import type { PpoOptions } from './options.ts';

/** One agent of one group, by index. */
export interface Slot {
  readonly group: number;
  readonly agent: number;
}

/** Agents that share one set of parameters. Their spaces are equal; `group` is any group of theirs. */
export interface Unit {
  readonly name: string;
  readonly group: Group;
  readonly slots: readonly Slot[];
}

/** Who shares parameters with whom. Error `unsupported` where all are to share but their spaces differ. */
export function planUnits(groups: readonly Group[], sharing: PpoOptions['sharing']): Unit[] {
  const slotsOf = (index: number): Slot[] => groups[index]!.agents.map((_, agent) => ({ group: index, agent }));
  if (sharing === 'role') return groups.map((group, index) => ({ name: group.name, group, slots: slotsOf(index) }));
  if (sharing === 'none') {
    return groups.flatMap((group, index) =>
      slotsOf(index).map((slot) => ({ name: group.agents[slot.agent]!, group, slots: [slot] })),
    );
  }
  const [first] = groups;
  const stranger = groups.find((group) => spacesOf(group) !== spacesOf(first!));
  if (stranger !== undefined) {
    throw new LightbulbError(
      'unsupported',
      `${first!.name} and ${stranger.name} cannot share one network: their spaces differ`,
      {
        where: '/learner/sharing',
        cure: 'Use "role": one network for each group of agents with equal spaces',
      },
    );
  }
  return [{ name: 'all', group: first!, slots: groups.flatMap((_, index) => slotsOf(index)) }];
}

function spacesOf({ observation, action, masked }: Group): string {
  return JSON.stringify([observation, action, masked]);
}
