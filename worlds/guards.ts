import { LightbulbError } from '../core/index.ts';
import type { Group, GroupActions, GroupOutput } from './batched.ts';

/** The largest float32: how plain JSON spells "no bound" in a box. */
export const UNBOUNDED = 3.4028234663852886e38;

/** `value` where it is an integer of at least `low`; else `invalid_input`. For options and the number of copies. */
export function requireCount(environment: string, what: string, value: number, low = 1): number {
  if (Number.isInteger(value) && value >= low) return value;
  throw new LightbulbError('invalid_input', `${what} is not usable`, {
    where: environment,
    wanted: `an integer of at least ${low}`,
    got: String(value),
  });
}

/**
 * The actions of a group with one choice per agent, checked: [B, N], each in 0 to `choices` - 1. Runs before anything
 * moves, so that a refused step leaves the environment as it was. Throws `contract`, naming copy and agent.
 */
export function requireChoices(
  environment: string,
  group: Group,
  copies: number,
  choices: number,
  actions: GroupActions | undefined,
): Int32Array {
  const checked = requireIntegers(environment, group, copies, actions);
  for (let i = 0; i < checked.length; i++) {
    // Unsigned, a negative number is a very large one: one comparison does for both ends.
    if (checked[i]! >>> 0 >= choices) {
      throw illegalAction(environment, group, i, `an integer from 0 to ${choices - 1}`, checked[i]!);
    }
  }
  return checked;
}

/** The actions of a group with one choice per agent, whatever the choices: [B, N]. Throws `contract`. */
export function requireIntegers(
  environment: string,
  group: Group,
  copies: number,
  actions: GroupActions | undefined,
): Int32Array {
  const count = copies * group.agents.length;
  if (actions instanceof Int32Array && actions.length === count) return actions;
  throw foreignActions(environment, group, `an Int32Array of ${count} choices`, actions);
}

/** The actions of a group with one real number per agent: [B, N], finite. Throws `contract`, naming copy and agent. */
export function requireFinite(
  environment: string,
  group: Group,
  copies: number,
  actions: GroupActions | undefined,
): Float32Array {
  const count = copies * group.agents.length;
  if (!(actions instanceof Float32Array) || actions.length !== count) {
    throw foreignActions(environment, group, `a Float32Array of ${count} numbers`, actions);
  }
  for (let i = 0; i < count; i++) {
    // Only for finite numbers is x - x zero.
    if (actions[i]! - actions[i]! !== 0) throw illegalAction(environment, group, i, 'a finite number', actions[i]!);
  }
  return actions;
}

/**
 * The output of group `index`, of the right size: observations of `width` numbers, masks of `mask` entries. Throws
 * `contract`.
 */
export function requireOutput(
  environment: string,
  groups: readonly Group[],
  index: number,
  copies: number,
  width: number,
  output: readonly GroupOutput[],
  mask = 0,
): GroupOutput {
  const out = output[index];
  const count = copies * groups[index]!.agents.length;
  if (
    output.length !== groups.length ||
    out === undefined ||
    out.observation.length !== count * width ||
    out.finalObservation.length !== count * width ||
    out.reward.length !== count ||
    out.terminated.length !== count ||
    out.truncated.length !== count ||
    out.alive.length !== count ||
    out.actionMask.length !== count * mask
  ) {
    throw new LightbulbError('contract', 'the arrays to write into do not fit', {
      where: `${environment}, group "${groups[index]!.name}"`,
      wanted: `${groups.length} groups; here observations of ${count * width} numbers and ${count} of everything else`,
      got: `${output.length} groups; here ${out?.observation.length} and ${out?.reward.length}`,
      cure: 'Make them with createOutputs(environment.groups, environment.batchSize)',
    });
  }
  return out;
}

/** The error about the action at [copy, agent] = `index` of a group's actions. */
export function illegalAction(
  environment: string,
  group: Group,
  index: number,
  wanted: string,
  got: number,
): LightbulbError {
  const agents = group.agents.length;
  return new LightbulbError('contract', 'this action does not exist', {
    where: `${environment}, copy ${Math.floor(index / agents)}, agent "${group.agents[index % agents]}"`,
    wanted,
    got: String(got),
  });
}

function foreignActions(
  environment: string,
  group: Group,
  wanted: string,
  actions: GroupActions | undefined,
): LightbulbError {
  return new LightbulbError('contract', 'the actions do not fit', {
    where: `${environment}, group "${group.name}"`,
    wanted,
    got: actions === undefined ? 'nothing' : `${actions.constructor.name} of ${actions.length}`,
  });
}
