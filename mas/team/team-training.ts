import { type Checkpoint, type Evaluation, evaluatePlayer, type Iteration, type Training } from '../../agents/index.ts';
import { type Json, stream } from '../../core/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import type { Bus } from '../bus/bus.ts';
import { Channel } from '../messages/index.ts';
import type { JointLearner, SharedValueOptions } from '../value/index.ts';
import { Desk } from './desk.ts';
import { requireWholeEpisodes } from './difference.ts';
import { HandOver } from './hand-over.ts';
import { Host, type HostState } from './host.ts';
import { insist } from './insist.ts';
import { createJointPlayer } from './joint-player.ts';
import type { SetAside, TellNews } from './news.ts';
import { Pace } from './pace.ts';
import { PolicyPublisher } from './policies.ts';
import { type RoleAgent, serveRole } from './role-agent.ts';
import { nextSitting } from './sitting.ts';

export interface TeamSpec {
  readonly seed: number;
  /** Environment steps of the whole training, all copies added up. */
  readonly steps: number;
  readonly copies: number;
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations play, where that is another environment (held-out data, say). Default: `make`. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  readonly options: Pick<SharedValueOptions, 'rollout' | 'credit'>;
  /** Not closed by the training: it is its maker's. */
  readonly bus: Bus;
  /** Tells this run's messages from those of others; the same when it is resumed. */
  readonly run: string;
  /** Roles (the environment's groups) that this process plays itself. Default: all. */
  readonly local?: 'all' | readonly string[];
  /** Milliseconds for an answer of a role; longer after one that did not come. Default 3000. */
  readonly timeout?: number;
  /** Gives up waiting for other agents: the round under way is lost, and `advance` throws `unavailable`. */
  readonly signal?: AbortSignal;
  readonly tell?: TellNews;
}

/** A training whose agents may be anywhere. */
export interface TeamTraining extends Training {
  readonly roles: readonly string[];
  readonly setAside: Readonly<SetAside>;
}

/**
 * Agents that learn together over a bus. A round: the environment's copies take `rollout` steps, at each of which every
 * role is asked what it does; what they lived goes to the learner through a durable queue; it updates once and publishes
 * the next version of the joint policy. Host and learner are here; roles wherever somebody answers for them.
 *
 * What is learned depends on the seed alone: not on which bus it is, on where the roles are played, on how often one had
 * to be asked, or on interruptions between `save` and `load`. (Feedback that others send from outside is what they make
 * of it.)
 */
export async function createTeam(
  spec: TeamSpec,
  createLearner: (environment: BatchedEnvironment) => JointLearner | Promise<JointLearner>,
): Promise<TeamTraining> {
  const { bus, run, options, copies: B, local = 'all' } = spec;
  const environment = spec.make(B);
  let learner: JointLearner | undefined;
  try {
    const hasDifference = options.credit === 'difference';
    if (hasDifference) requireWholeEpisodes(environment, options.rollout);
    learner = await createLearner(environment);
    const over = new AbortController();
    bus.status.subscribe({ complete: () => over.abort() });
    const signal = AbortSignal.any([over.signal, ...(spec.signal === undefined ? [] : [spec.signal])]);
    const setAside = { answers: 0, tasks: 0, feedback: 0 };
    const channel = new Channel(bus, { run });
    const { groups, feedbackKinds = [] } = environment;
    const T = options.rollout;
    const K = feedbackKinds.length;
    const sitting = await nextSitting(channel);
    const asking = { sitting, signal, setAside, timeout: spec.timeout ?? 3000, tell: spec.tell ?? (() => undefined) };
    const host = new Host(channel, environment, { ...asking, T, seed: spec.seed, make: spec.make, hasDifference });
    const desk = await Desk.open(channel, { groups, T, B, K, hasDifference, sitting, signal, setAside });
    const handOver = await HandOver.open(channel, T, B);
    const agents = groups.flatMap((group, index) => {
      if (local !== 'all' && !local.includes(group.name)) return [];
      const { policy } = learner!;
      return [serveRole({ bus, run, seed: spec.seed, group, index, policy, name: `${run}/${group.name}` })];
    });
    const roles = groups.map(({ name }) => name);
    return new Team({ ...asking, spec, roles, learner, channel, host, desk, handOver, agents, over });
  } catch (error) {
    learner?.close();
    environment.close?.();
    throw error;
  }
}

interface Members {
  readonly spec: TeamSpec;
  readonly roles: readonly string[];
  readonly learner: JointLearner;
  readonly channel: Channel;
  readonly host: Host;
  readonly desk: Desk;
  readonly handOver: HandOver;
  readonly agents: readonly RoleAgent[];
  readonly over: AbortController;
  readonly sitting: number;
  readonly signal: AbortSignal;
  readonly setAside: SetAside;
  readonly tell: TellNews;
}

class Team implements TeamTraining {
  private readonly publisher: PolicyPublisher;
  private readonly pace: Pace;
  /** Environment steps of a round, all copies added up. */
  private readonly stride: number;
  private readonly rounds: number;
  private round = 0;
  /** The version that agents can find. */
  private published: number | undefined;

  constructor(private readonly members: Members) {
    const { spec, channel, sitting } = members;
    this.publisher = new PolicyPublisher(channel, sitting);
    this.pace = new Pace(channel);
    this.stride = spec.options.rollout * spec.copies;
    this.rounds = Math.max(1, Math.ceil(spec.steps / this.stride));
  }

  get roles(): readonly string[] {
    return this.members.roles;
  }

  get setAside(): Readonly<SetAside> {
    return this.members.setAside;
  }

  get step(): number {
    return this.round * this.stride;
  }

  get parameterCount(): number {
    return this.members.learner.parameterCount;
  }

  async advance(): Promise<Iteration> {
    const { host, desk, handOver, learner, tell, sitting } = this.members;
    const { round, step } = this;
    await this.publish(round);
    const { episodes, metrics } = await host.play(round, round);
    const give = (attempt: number): Promise<void> =>
      this.insist(() => handOver.give({ sitting, round, attempt, step }, host.parts, host.together));
    await give(0);
    const { experience, tasks, acknowledge } = await desk.take(round, give);
    const learned = await learner.learn(experience, Math.min(round / this.rounds, 1 - Number.EPSILON));
    this.round = round + 1;
    await this.publish(this.round);
    tell({ kind: 'trained', round, tasks });
    await acknowledge();
    const all = { ...metrics, ...learned };
    this.pace.tell({ round, step: this.step, version: this.round, metrics: all }, this.round >= this.rounds);
    return { step: this.step, metrics: all, episodes };
  }

  evaluate({ episodes, seed, deterministic }: Parameters<Training['evaluate']>[0]): Promise<Evaluation> {
    const { spec, learner } = this.members;
    const noise = deterministic ? null : stream(seed, 'evaluation/noise');
    return evaluatePlayer(spec.makeForEvaluation ?? spec.make, episodes, seed, (collector) =>
      createJointPlayer(collector, learner.policy, () => learner.parameters, noise),
    );
  }

  player(...[collector, { deterministic, noise }]: Parameters<NonNullable<Training['player']>>) {
    const { learner } = this.members;
    return createJointPlayer(collector, learner.policy, () => learner.parameters, deterministic ? null : noise);
  }

  save(): Checkpoint {
    const { tensors, state } = this.members.learner.save();
    const running = this.members.host.state() as unknown as Json;
    return { tensors, state: { round: this.round, learner: state, running } };
  }

  load({ tensors, state }: Checkpoint): void {
    const saved = state as unknown as { round: number; learner: Json; running: HostState | null };
    this.members.learner.load({ tensors, state: saved.learner });
    this.members.host.restore(saved.running);
    this.round = saved.round;
    this.published = undefined;
  }

  async close(): Promise<void> {
    const { over, agents, host, learner, channel } = this.members;
    over.abort();
    await Promise.all(agents.map((agent) => agent.close()));
    host.close();
    learner.close();
    await channel.close();
  }

  private async publish(version: number): Promise<void> {
    if (this.published === version) return;
    await this.insist(() => this.publisher.publish(version, version * this.stride, this.members.learner.parameters));
    this.published = version;
  }

  private insist<T>(act: () => Promise<T>): Promise<T> {
    return insist(act, { signal: this.members.signal });
  }
}
