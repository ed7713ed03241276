import type { Subscription } from 'rxjs';
import { Collector, type CollectorState, type Episode, returnsOf } from '../../agents/index.ts';
import type { Json } from '../../core/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import { type Channel, feedback } from '../messages/index.ts';
import { DifferenceReplay, sumOfRewards } from './difference.ts';
import { FeedbackBox } from './feedback-box.ts';
import type { RolePart, TeamPart } from './hand-over.ts';
import { type CallerOptions, RoleCaller } from './role-caller.ts';

export interface HostOptions extends CallerOptions {
  readonly seed: number;
  /** Steps of a round. */
  readonly T: number;
  readonly make: (copies: number) => BatchedEnvironment;
  readonly hasDifference: boolean;
}

/** What a checkpoint needs of a host. */
export interface HostState {
  readonly environment: Json;
  readonly collector: CollectorState;
  readonly teamReturns: readonly number[];
}

/** Has the environment: plays rounds with whoever answers for the roles, and keeps what they lived. */
export class Host {
  /** Of the last round; the same arrays each time. */
  readonly parts: readonly RolePart[];
  readonly together: TeamPart;
  private readonly collector: Collector;
  private readonly callers: readonly RoleCaller[];
  private readonly box: FeedbackBox;
  private readonly replay: DifferenceReplay | null;
  /** [B], of the episodes under way. */
  private readonly teamReturns: Float64Array;
  private readonly listening: Subscription;
  private isFresh = true;

  constructor(
    channel: Channel,
    private readonly environment: BatchedEnvironment,
    private readonly options: HostOptions,
  ) {
    const { T, make, hasDifference } = options;
    const { groups, batchSize: B, feedbackKinds = [] } = environment;
    this.collector = new Collector(environment, T);
    this.callers = groups.map((group, g) => new RoleCaller(channel, group, this.collector.groups[g]!, B, options));
    this.parts = groups.map((group, g) => {
      const rollout = this.collector.groups[g]!;
      const { N, D } = rollout.sizes;
      const { action, logProbability } = this.callers[g]!;
      return { group, rollout, action, logProbability, finalObservation: new Float32Array(T * B * N * D) };
    });
    this.box = new FeedbackBox(feedbackKinds, T, B);
    this.listening = channel.receive(feedback, channel.subjects.feedback).subscribe((said) => this.box.put(said));
    const all = groups.reduce((sum, { agents }) => sum + agents.length, 0);
    this.replay = hasDifference ? new DifferenceReplay(make, this.collector.groups, T, B) : null;
    this.together = {
      reward: new Float32Array(T * B),
      feedback: this.box.score,
      said: this.box.said,
      difference: hasDifference ? new Float32Array(T * B * all) : null,
    };
    this.teamReturns = new Float64Array(B);
  }

  /** Plays a round by this version of the policy. Answers statistics of the episodes that ended. */
  async play(round: number, version: number): Promise<{ episodes: number; metrics: Record<string, number> }> {
    const { collector, environment, callers, box, options, together, replay } = this;
    if (this.isFresh) collector.reset(options.seed);
    const start = replay === null ? null : environment.snapshot();
    box.begin(round);
    const player = {
      act: async (t: number) => void (await Promise.all(callers.map((caller) => caller.act(round, t, version)))),
      observed: (t: number) => this.observed(t),
    };
    const episodes = await collector.collect(player, this.isFresh);
    this.isFresh = false;
    box.merge();
    options.setAside.feedback = box.setAside;
    replay?.compute(start, collector.keep, together.reward, together.difference!);
    return { episodes: episodes.length, metrics: { ...returnsOf(episodes), ...this.teamMetrics(episodes) } };
  }

  /** null before the first round. */
  state(): HostState | null {
    if (this.isFresh) return null;
    const { environment, collector, teamReturns } = this;
    return { environment: environment.snapshot(), collector: collector.state(), teamReturns: Array.from(teamReturns) };
  }

  restore(saved: HostState | null): void {
    this.isFresh = saved === null;
    if (saved === null) return;
    this.environment.restore(saved.environment);
    this.collector.restore(saved.collector);
    this.teamReturns.set(saved.teamReturns);
  }

  close(): void {
    this.listening.unsubscribe();
    this.replay?.close();
    this.environment.close?.();
  }

  /** What the environment says beside what it writes into the rollouts. */
  private observed(t: number): void {
    const { environment, collector, parts, together, box } = this;
    const B = collector.B;
    const row = together.reward.subarray(t * B, (t + 1) * B);
    if (environment.teamReward !== undefined) environment.teamReward(row);
    else {
      const outputs = collector.groups.map(({ outputs }) => outputs[t]!);
      sumOfRewards(outputs, B, row);
    }
    const { score, said } = box.row(t);
    environment.feedback?.(score, said);
    box.passed(t);
    for (const { rollout, finalObservation } of parts)
      finalObservation.set(rollout.finalObservation, t * rollout.finalObservation.length);
  }

  /** The team's return of the episodes that ended, where it is another than the sum of all rewards. */
  private teamMetrics(episodes: readonly Episode[]): Record<string, number> {
    const { together, teamReturns, collector, environment, options } = this;
    const { B, keep } = collector;
    let sum = 0;
    for (let t = 0; t < options.T; t++) {
      for (let b = 0; b < B; b++) {
        teamReturns[b]! += together.reward[t * B + b]!;
        if (keep[(t + 1) * B + b] !== 0) continue;
        sum += teamReturns[b]!;
        teamReturns[b] = 0;
      }
    }
    if (environment.teamReward === undefined || episodes.length === 0) return {};
    return { 'return/team': sum / episodes.length };
  }
}
