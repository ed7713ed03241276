import {
  breathe,
  type Checkpoint,
  LearnerState,
  ppoOptimiser,
  standardise,
  takeFrom,
  ValueScale,
  type ValueScaleState,
} from '../../agents/index.ts';
import { type Json, LightbulbError, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import { type Executor, float32, pack, type Value } from '../../nn/index.ts';
import type { FeedbackKind, Group } from '../../worlds/index.ts';
import { checkLearnerOptions } from './check-options.ts';
import { createJointPolicy } from './create-joint-policy.ts';
import { explained, RoleCredit, TeamCredit } from './credit.ts';
import { Estimates } from './estimates.ts';
import type { Experience } from './experience.ts';
import type { JointLearner } from './joint-learner.ts';
import { JointNetwork } from './joint-network.ts';
import type { JointPolicy } from './joint-policy.ts';
import { createLearnerPrograms, type LearnerPrograms, ROLE_METRICS } from './learner-programs.ts';
import type { SharedValueOptions } from './options.ts';
import { rolesOf } from './role.ts';
import { Round } from './round.ts';
import { metricName, type Scales, Updater } from './updater.ts';

export interface JointLearnerSpec {
  readonly groups: readonly Group[];
  /** What agents can say of each other, as the environment declares it; empty where they say nothing. */
  readonly feedbackKinds: readonly FeedbackKind[];
  /** B of every round. */
  readonly copies: number;
  readonly options: SharedValueOptions;
  readonly executor: Executor;
  /** First parameters and the order of minibatches come from its streams. */
  readonly seed: number;
  /** Parts of each minibatch worked on at the same time, one per thread. Default 1. */
  readonly shards?: number;
}

/**
 * One value function and one joint policy for all agents of these groups. Errors, with JSON pointers under /learner:
 * `invalid_input` for numbers, `unsupported` for what these groups cannot do.
 */
export function createJointLearner(spec: JointLearnerSpec): JointLearner {
  checkLearnerOptions(spec.options, spec.groups, spec.copies);
  return new SharedValueLearner(spec);
}

class SharedValueLearner implements JointLearner {
  readonly policy: JointPolicy;
  readonly parameters: Float32Array;
  private readonly network: JointNetwork;
  private readonly programs: LearnerPrograms;
  private readonly learner: LearnerState;
  /** All parameters as rollouts and estimates read them. */
  private readonly acting: Value;
  private readonly round: Round;
  private readonly credits: readonly RoleCredit[];
  private readonly team: TeamCredit | null;
  private readonly scales: Scales | null;
  private readonly estimates: Estimates;
  private readonly updater: Updater;
  private order: Stream;
  private dropout: Stream;

  constructor(private readonly spec: JointLearnerSpec) {
    const { groups, feedbackKinds, copies, options, executor, seed } = spec;
    const roles = rolesOf(groups);
    this.policy = createJointPolicy(groups, options, executor);
    this.network = new JointNetwork(roles, options, feedbackKinds);
    const { layout, policy } = this.network;
    const initial = this.network.initialise((purpose) => stream(seed, `learner/${purpose}`));
    this.learner = new LearnerState(pack(initial), layout, ppoOptimiser(options, 0));
    this.acting = float32([layout.size]);
    this.parameters = (this.acting.data as Float32Array).subarray(0, this.policy.layout.size);
    this.programs = createLearnerPrograms(this.network, options, executor);
    this.round = new Round(
      roles,
      policy.encoders.map(({ reader }) => reader),
      feedbackKinds,
      options.rollout,
      copies,
    );
    this.credits = roles.map((role) => new RoleCredit(role, this.round, options));
    this.team = options.value === 'shared' ? new TeamCredit(this.round, options) : null;
    this.scales =
      options.valueNormalisation === 'none'
        ? null
        : { roles: roles.map(() => new ValueScale()), team: new ValueScale() };
    const { round, credits, team, scales, programs } = this;
    const sources = { round, credits, team, isComa: options.credit === 'coma' };
    const samples = (options.rollout * copies) / options.minibatches;
    const shards = (copies / options.minibatches) % (spec.shards ?? 1) === 0 ? (spec.shards ?? 1) : 1;
    this.estimates = new Estimates(programs, sources, options, scales, this.acting, samples, shards);
    this.updater = new Updater({
      network: this.network,
      programs,
      learner: this.learner,
      sources,
      scales,
      options,
      samples,
      shards,
    });
    this.order = stream(seed, 'learner/order');
    this.dropout = stream(seed, 'learner/dropout');
    this.publish();
  }

  get parameterCount(): number {
    return this.network.layout.size;
  }

  async learn(experience: Experience, progress: number): Promise<Readonly<Record<string, number>>> {
    const { options } = this.spec;
    const { round, credits, estimates } = this;
    round.read(experience);
    for (const credit of credits) credit.begin();
    estimates.run();
    for (const credit of credits) credit.judge();
    const metrics = this.measureCredit();
    metrics['value/explained'] = this.team?.judge() ?? this.explainedByRoles();
    if (options.normaliseAdvantages) {
      for (const { advantage, decides, words } of credits) {
        standardise(advantage, decides);
        if (words !== null) standardise(words.advantage, words.isChosen);
      }
    }
    const rate =
      options.schedule === 'linear' ? options.learningRate * Math.max(0, 1 - progress) : options.learningRate;
    Object.assign(metrics, await this.update(rate));
    metrics.learningRate = rate;
    this.publish();
    return metrics;
  }

  save(): Checkpoint {
    const { learner, order, dropout, scales, round } = this;
    const { last } = round.feedback;
    const tensors = { ...learner.save(), ...(last.length > 0 && { feedback: float32([last.length], last.slice()) }) };
    const state = {
      order: order.state(),
      dropout: dropout.state(),
      scales: scales === null ? null : [...scales.roles, scales.team].map((scale) => scale.state()),
    };
    return { tensors, state: state as unknown as Json };
  }

  load({ tensors, state }: Checkpoint): void {
    const saved = state as unknown as {
      order: StreamState;
      dropout: StreamState;
      scales: readonly ValueScaleState[] | null;
    };
    const take = takeFrom(tensors, 'shared');
    const { last } = this.round.feedback;
    const feedback = last.length > 0 ? take('feedback', [last.length]) : last;
    const scales = this.scales === null ? [] : [...this.scales.roles, this.scales.team];
    if (scales.length !== (saved.scales?.length ?? 0))
      throw new LightbulbError('mismatch', 'the checkpoint belongs to a learner with other scales of values', {
        wanted: `${scales.length} scales`,
        got: String(saved.scales?.length ?? 0),
        cure: 'Resume with the scenario that wrote it',
      });
    this.learner.load(take);
    last.set(feedback);
    for (const [i, scale] of scales.entries()) scale.restore(saved.scales![i]!);
    this.order = restoreStream(saved.order);
    this.dropout = restoreStream(saved.dropout);
    this.publish();
  }

  close(): void {
    this.policy.close();
    for (const program of Object.values(this.programs)) program.dispose();
  }

  /** The epochs on a round. Returns the means of the metrics over all minibatches. */
  private async update(rate: number): Promise<Record<string, number>> {
    const { spec, order, dropout, updater, network } = this;
    const { minibatches, epochs, rollout, targetKl } = spec.options;
    const copies = Int32Array.from({ length: spec.copies }, (_, b) => b);
    const roles = network.roles.length;
    const sums = new Float64Array(roles * ROLE_METRICS.length + Updater.COMMON.length);
    const each = spec.copies / minibatches;
    const samples = new Int32Array(each * rollout);
    let count = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      order.shuffle(copies);
      const before = sums.slice();
      for (let m = 0; m < minibatches; m++) {
        await breathe();
        let at = 0;
        for (let t = 0; t < rollout; t++)
          for (let i = 0; i < each; i++) samples[at++] = t * spec.copies + copies[m * each + i]!;
        updater.step(samples, rate, dropout, sums);
        count++;
      }
      const isFar = network.roles.some((_, r) => {
        const kl = r * ROLE_METRICS.length + ROLE_METRICS.indexOf('approximateKl');
        return targetKl !== null && (sums[kl]! - before[kl]!) / minibatches > targetKl;
      });
      if (isFar) break;
    }
    return Object.fromEntries(Array.from(sums, (sum, i) => [metricName(i, network), sum / count]));
  }

  /** `credit/<agent>`: what an agent's decisions were credited with, each; with COMA, its mean advantage. */
  private measureCredit(): Record<string, number> {
    const metrics: Record<string, number> = {};
    for (const [r, { N, group }] of this.network.roles.entries()) {
      const { credited, advantage, decides } = this.credits[r]!;
      const given = this.spec.options.credit === 'coma' ? advantage : credited;
      for (let n = 0; n < N; n++) {
        let [sum, decisions] = [0, 0];
        for (let i = n; i < given.length; i += N) {
          sum += given[i]!;
          decisions += decides[i]!;
        }
        metrics[`credit/${group.agents[n]}`] = sum / Math.max(1, decisions);
      }
    }
    return metrics;
  }

  /** Where there is no team value: the mean of what each role's values explain of its own returns. */
  private explainedByRoles(): number {
    const { credits } = this;
    const shares = credits.map(({ target, advantage, counts }) =>
      explained(target, advantage, counts.subarray(0, target.length)),
    );
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  }

  private publish(): void {
    (this.acting.data as Float32Array).set(this.learner.current.parameters!.data as Float32Array);
  }
}
