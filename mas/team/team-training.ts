import { type Checkpoint, type Evaluation, evaluatePlayer, type Iteration, type Training } from '../../agents/index.ts';
import { type Json, stream } from '../../core/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import { Channel } from '../messages/index.ts';
import type { JointLearner } from '../value/index.ts';
import { Cast } from './cast.ts';
import { Desk } from './desk.ts';
import { requireWholeEpisodes } from './difference.ts';
import { HandOver } from './hand-over.ts';
import { Host, type HostState } from './host.ts';
import { insist } from './insist.ts';
import { createJointPlayer } from './joint-player.ts';
import type { SetAside, TellNews } from './news.ts';
import { Pace } from './pace.ts';
import { PolicyPublisher } from './policies.ts';
import type { TeamSpec } from './team-spec.ts';

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
  const { bus, run, seed, make, options, copies: B, timeout = 3000, tell = () => undefined } = spec;
  const { rollout: T, credit } = options;
  const hasDifference = credit === 'difference';
  const environment = make(B);
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, ...(spec.signal === undefined ? [] : [spec.signal])]);
  let learner: JointLearner | undefined;
  let cast: Cast | undefined;
  try {
    if (hasDifference) requireWholeEpisodes(environment, T);
    learner = await createLearner(environment);
    bus.status.subscribe({ complete: () => over.abort() });
    const { groups, feedbackKinds = [] } = environment;
    const channel = new Channel(bus, { run });
    cast = await Cast.begin(spec, groups, learner.policy, (error) => over.abort(error));
    const setAside = { answers: 0, tasks: 0, feedback: 0 };
    const common = { sitting: cast.sitting, T, hasDifference, signal, setAside };
    const host = new Host(channel, environment, { ...common, seed, make, timeout, tell });
    const desk = await Desk.open(channel, { ...common, groups, B, K: feedbackKinds.length });
    const handOver = await HandOver.open(channel, T, B);
    return new Team({ spec, learner, channel, host, desk, handOver, cast, over, signal, setAside, tell });
  } catch (error) {
    over.abort();
    await cast?.close('paused');
    learner?.close();
    environment.close?.();
    throw error;
  }
}

interface Members {
  readonly spec: TeamSpec;
  readonly learner: JointLearner;
  readonly channel: Channel;
  readonly host: Host;
  readonly desk: Desk;
  readonly handOver: HandOver;
  readonly cast: Cast;
  readonly over: AbortController;
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
    const { spec, channel, cast } = members;
    this.publisher = new PolicyPublisher(channel, cast.sitting);
    this.pace = new Pace(channel);
    this.stride = spec.options.rollout * spec.copies;
    this.rounds = Math.max(1, Math.ceil(spec.steps / this.stride));
  }

  get roles(): readonly string[] {
    return this.members.cast.roles;
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
    const { host, desk, handOver, learner, tell, cast } = this.members;
    const { round, step } = this;
    const { sitting } = cast;
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
    const { over, cast, host, learner, channel } = this.members;
    const isOver = this.round >= this.rounds;
    over.abort();
    await cast.close(isOver ? 'over' : 'paused');
    host.close();
    learner.close();
    // What a paused run left on the bus is tidied up when it is resumed.
    if (isOver) await channel.destroy().catch(() => undefined);
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
