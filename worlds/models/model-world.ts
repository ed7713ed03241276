import { LightbulbError } from '../../core/index.ts';
import { float32, leaves, type Tree, type Value } from '../../nn/index.ts';
import type { BatchedEnvironment, Group, GroupActions } from '../batched.ts';
import { illegalAction, requireChoices, UNBOUNDED } from '../guards.ts';
import type { Space } from '../space.ts';
import { actionChoices, actionComponents } from '../spaces/index.ts';
import { actionWidth } from './inputs.ts';
import type { WorldModel } from './model.ts';

/** What an agent sees where a model stands between it and the world: the model's features, or observations as ever. */
export type Sees = 'features' | 'observation';

/** The model's parameters as they are now. The same names, dtypes and shapes at every call. */
export type PresentParameters = () => Tree<Value>;

/** The group of a world seen or dreamt through `model`: the real one's agent and actions, and what it `sees`. */
export function seeingGroup(real: Group, model: WorldModel, sees: Sees): Group {
  if (sees === 'observation') return { ...real, masked: false };
  const observation: Space = { type: 'box', shape: [model.featureSize], low: -UNBOUNDED, high: UNBOUNDED };
  return { ...real, observation, masked: false };
}

/** The one group of one agent that models are made for. Errors `unsupported`, `mismatch` where the model is another's. */
export function soleGroup({ groups }: Pick<BatchedEnvironment, 'groups'>, model: WorldModel): Group {
  const [group] = groups;
  if (groups.length !== 1 || group!.agents.length !== 1 || group!.masked) {
    throw new LightbulbError('unsupported', 'world models are for one agent whose actions are all legal', {
      where: '/environment',
      wanted: 'one agent without an action mask',
      got: groups.map(({ name, agents, masked }) => `${name}: ${agents.length}${masked ? ', masked' : ''}`).join('; '),
    });
  }
  const width = actionWidth(group!.action);
  if (width === model.actionSize) return group!;
  throw new LightbulbError('mismatch', 'the model was made for other actions', {
    where: '/environment',
    wanted: `${model.actionSize} numbers of an action`,
    got: String(width),
  });
}

/**
 * The actions of a group of one agent, checked before anything moves: [B, A]. Throws `contract`, naming copy and agent.
 */
export function requireActions(
  environment: string,
  group: Group,
  copies: number,
  actions: GroupActions | undefined,
): GroupActions {
  const choices = actionChoices(group.action);
  if (choices?.length === 1) return requireChoices(environment, group, copies, choices[0]!, actions);
  const width = actionComponents(group.action);
  const isRight = choices === null ? actions instanceof Float32Array : actions instanceof Int32Array;
  if (!isRight || actions!.length !== copies * width) {
    throw new LightbulbError('contract', 'the actions do not fit', {
      where: `${environment}, group "${group.name}"`,
      wanted: `${choices === null ? 'a Float32Array' : 'an Int32Array'} of ${copies * width}`,
      got: actions === undefined ? 'nothing' : `${actions.constructor.name} of ${actions.length}`,
    });
  }
  for (let i = 0; i < actions!.length; i++) {
    const value = actions![i]!;
    const n = choices?.[i % width];
    // Unsigned, a negative number is a very large one. Only for finite numbers is x - x zero.
    if (n === undefined ? value - value === 0 : value >>> 0 < n) continue;
    const wanted = n === undefined ? 'a finite number' : `an integer from 0 to ${n - 1}`;
    throw illegalAction(environment, group, Math.floor(i / width), wanted, value);
  }
  return actions!;
}

/** Arrays for a model's parameters that programs can be bound to, and how the present ones get there. */
export class HeldParameters {
  /** By path, with `parameters/` in front. */
  readonly values: Readonly<Record<string, Value>>;

  constructor(private readonly present: PresentParameters) {
    this.values = Object.fromEntries(
      leaves<Value>(present()).map(([path, { shape }]) => [`parameters/${path}`, float32(shape)]),
    );
    this.refresh();
  }

  refresh(): void {
    for (const [path, { data }] of leaves<Value>(this.present())) {
      (this.values[`parameters/${path}`]!.data as Float32Array).set(data);
    }
  }
}
