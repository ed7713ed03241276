import type { Subscription } from 'rxjs';
import { LightbulbError, stream } from '../../core/index.ts';
import { actionChoices, type Group, groupSizes } from '../../worlds/index.ts';
import type { Bus } from '../bus/bus.ts';
import { act, Channel, hello, type Outgoing, observe, type Received, token } from '../messages/index.ts';
import type { JointPolicy, RoleActor, Turn } from '../value/index.ts';
import { actionArray } from './action-array.ts';
import { PolicyShelf } from './policies.ts';

/** Milliseconds between two words that an agent is there. */
const HELLO = 1000;

/** An agent that plays one role of a run. */
export interface RoleSpec {
  readonly bus: Bus;
  readonly run: string;
  /** Of the run: what is drawn depends on it, the role, the round and the step, and on nothing that an agent did before. */
  readonly seed: number;
  /** Of the run; requests of another one are declined, as its seed or its policies may be others. */
  readonly sitting: number;
  /** The environment's group that this role is, and where it stands among the groups. */
  readonly group: Group;
  readonly index: number;
  readonly policy: JointPolicy;
  /** Of this process; differs where several play one role. */
  readonly name: string;
  /** What requests failed at, for the eyes of a person; they are asked again. */
  readonly failed?: (error: unknown) => void;
}

export interface RoleAgent {
  /** The version of the policy that it acted by last, and the round. */
  readonly version: number;
  readonly round: number;
  /** Takes no more requests, and resolves when those under way are answered. The bus stays open. */
  close(): Promise<void>;
}

type Observe = Received<typeof observe>;
type Act = Outgoing<typeof act>;

/**
 * Plays a role: answers `observe` by `act`, for any number of copies, with the version of the policy that it is asked
 * for. It keeps nothing else, so that it may end at any time and whoever takes its place answers alike; several may share
 * the role.
 */
export function serveRole(spec: RoleSpec): RoleAgent {
  const agent = new Agent(spec);
  agent.start();
  return agent;
}

class Agent implements RoleAgent {
  version = 0;
  round = 0;
  private readonly channel: Channel;
  private readonly shelf: PolicyShelf;
  private readonly turns = new Map<number, { readonly actor: RoleActor; readonly turn: Turn }>();
  /** The last request, by its id: one that is repeated is not worked on again. */
  private last: { readonly id: string; readonly answer: Promise<Act> } | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private answering: Subscription | undefined;
  private greeting: NodeJS.Timeout | undefined;

  constructor(private readonly spec: RoleSpec) {
    this.channel = new Channel(spec.bus, { run: spec.run });
    this.shelf = new PolicyShelf(this.channel, spec.sitting, spec.policy.layout.size);
  }

  start(): void {
    const { channel, spec } = this;
    const { name } = spec.group;
    if (spec.failed !== undefined) channel.failures.subscribe(({ error }) => spec.failed!(error));
    const handle = (request: Observe): Promise<Act> => this.answerOnce(request);
    this.answering = channel.answer(observe, act, channel.subjects.observe(name), handle, { queue: token(name) });
    this.greeting = setInterval(() => this.greet(true), HELLO).unref();
    this.greet(true);
  }

  async close(): Promise<void> {
    clearInterval(this.greeting);
    this.answering?.unsubscribe();
    await this.queue;
    this.greet(false);
    await this.channel.close();
  }

  /** One at a time, in their order: an actor has one set of arrays. */
  private answerOnce(request: Observe): Promise<Act> {
    if (this.last?.id === request.id) return this.last.answer;
    const answer = this.queue.then(() => this.answer(request));
    this.last = { id: request.id, answer };
    this.queue = answer.catch(() => {
      if (this.last?.answer === answer) this.last = undefined;
    });
    return answer;
  }

  private async answer({ id, fields, arrays, sizes }: Observe): Promise<Act> {
    const { seed, group } = this.spec;
    const { round, step, version } = fields;
    const copies = sizes.B!;
    this.check(id, sizes);
    const parameters = await this.shelf.get(version);
    const { actor, turn } = this.turnOf(copies);
    turn.observation.set(arrays.observation.data);
    turn.actionMask.set(arrays.mask.data);
    actor.act({ ...turn, parameters }, stream(seed, `role/${group.name}/${round}/${step}`));
    [this.version, this.round] = [version, round];
    const { agents, action: components } = groupSizes(group);
    return {
      fields: { round, step, version, role: group.name },
      arrays: {
        action: actionArray([copies, agents, components], turn.action),
        logProbability: { shape: [copies, agents], data: turn.logProbability },
      },
    };
  }

  private check(id: string, { n, D, M }: Readonly<Record<string, number>>): void {
    if (sittingOf(id) !== this.spec.sitting) {
      throw new LightbulbError('conflict', 'this is another sitting of the run than this agent knows', {
        wanted: `${this.spec.sitting}`,
        got: id,
      });
    }
    const { agents, observation, mask } = groupSizes(this.spec.group);
    if (n === agents && D === observation && M === mask) return;
    throw new LightbulbError('mismatch', 'these observations are not those of this role', {
      where: this.spec.group.name,
      wanted: `${agents} agents, ${observation} numbers and masks of ${mask}`,
      got: `${n}, ${D} and ${M}`,
      cure: 'Start every agent with the scenario that the run was started with',
    });
  }

  private turnOf(copies: number): { readonly actor: RoleActor; readonly turn: Turn } {
    const known = this.turns.get(copies);
    if (known !== undefined) return known;
    const { policy, index, group } = this.spec;
    const made = { actor: policy.actor(index, copies), turn: createTurn(group, copies) };
    this.turns.set(copies, made);
    return made;
  }

  private greet(isThere: boolean): void {
    const { channel, version, round, spec } = this;
    const { sent, received } = channel.counters;
    try {
      const fields = { role: spec.group.name, name: spec.name, version, isThere, received, sent, round };
      channel.send(hello, channel.subjects.hello, { fields });
    } catch {
      // The bus is closed: nobody is there to be greeted.
    }
  }
}

/** Arrays for a turn of the group in so many copies; the parameters are whoever's turn it is. */
export function createTurn(group: Group, copies: number): Turn {
  const { agents, observation, action, mask } = groupSizes(group);
  const seats = copies * agents;
  const isDiscrete = actionChoices(group.action) !== null;
  return {
    parameters: new Float32Array(0),
    observation: new Float32Array(seats * observation),
    actionMask: new Uint8Array(seats * mask),
    action: isDiscrete ? new Int32Array(seats * action) : new Float32Array(seats * action),
    logProbability: new Float32Array(seats),
  };
}

/** Requests name the sitting first in their ids; see `RoleCaller`. */
function sittingOf(id: string): number {
  const [, sitting] = /^(\d+)\./.exec(id) ?? [];
  if (sitting !== undefined) return Number(sitting);
  throw new LightbulbError('contract', 'this request does not say of which sitting it is', {
    wanted: 'an id that begins with a number and a dot',
    got: id,
  });
}
