import { LightbulbError, type Stream } from '../../core/index.ts';
import { type Executor, float32, type Value } from '../../nn/index.ts';
import type { Collector } from '../collector.ts';
import type { LearnerState } from '../learner-state.ts';
import { moments, standardise } from '../ppo-minibatch.ts';
import { generalisedAdvantages } from '../returns.ts';
import type { GroupRollout } from '../rollout.ts';
import type { StepTokens } from '../tokens/index.ts';
import type { ValueScale } from '../value-scale.ts';
import type { GatoModel } from './model.ts';
import type { ReinforcementOptions } from './options.ts';
import { RowBatch } from './reinforcement-batch.ts';
import { FinalObservations } from './reinforcement-finals.ts';
import { createReinforcementPrograms, METRICS, type ReinforcementPrograms } from './reinforcement-programs.ts';
import { RolloutRows, SEEN } from './reinforcement-rows.ts';
import { rememberedSteps } from './row-memories.ts';

/** Room in a minibatch for the further rows that episodes make by ending in the middle of a stretch. */
const SLACK = 1.125;

export interface ReinforcementGroupOptions {
  readonly model: GatoModel;
  readonly tokens: StepTokens;
  readonly context: number;
  readonly options: ReinforcementOptions;
  readonly executor: Executor;
  readonly learner: LearnerState;
}

/** One group of the environment: its rollouts, and the steps of the optimiser on them. */
export class ReinforcementGroup {
  readonly finals = new FinalObservations();
  readonly name: string;
  private readonly rollout: GroupRollout;
  readonly rows: RolloutRows;
  private readonly batch: RowBatch;
  private readonly programs: ReinforcementPrograms;
  private readonly reward: Float32Array;
  /** [T + 1, B, N]: of what was seen at t; 0 where nobody lives. */
  readonly value: Float32Array;
  /** [T, B, N]: of the final observations of truncated episodes. */
  readonly finalValue: Float32Array;
  /** [T, B, N] */
  readonly logProbability: Float32Array;
  readonly advantage: Float32Array;
  readonly target: Float32Array;
  /** Of the minibatch's slots. */
  private readonly staged: Readonly<Record<'logProbability' | 'advantage' | 'target' | 'value', Float32Array>>;
  private readonly share = float32([]);
  private readonly learningRate = float32([]);
  private readonly metrics = float32([METRICS.length]);
  private readonly norm = float32([]);
  private readonly bound = new Map<string, () => void>();

  constructor(
    private readonly collector: Collector,
    index: number,
    private readonly made: ReinforcementGroupOptions,
  ) {
    const { model, tokens, options, executor, learner } = made;
    const { T, B, environment } = collector;
    const group = environment.groups[index]!;
    this.name = group.name;
    this.rollout = collector.groups[index]!;
    const { N, M } = this.rollout.sizes;
    // As many steps as players remember.
    const context = rememberedSteps(made.context, tokens.layout, model.backbone.config.length);
    this.rows = new RolloutRows({ tokens, context, patch: model.patch ?? { size: 1, channels: 1 } });
    const fewest = B * N * Math.ceil(T / context);
    this.batch = new RowBatch(this.rows, tokens, {
      rows: Math.ceil((fewest * SLACK) / options.minibatches),
      vocabulary: model.vocabulary.size,
      padding: model.vocabulary.padding,
      isMasked: M > 0,
    });
    this.programs = createReinforcementPrograms(model, tokens.layout, learner.layout, options, {
      executor,
      name: group.name,
    });
    const cells = (steps: number): Float32Array => new Float32Array(steps * B * N);
    this.reward = cells(T);
    this.value = cells(T + 1);
    this.finalValue = cells(T);
    this.logProbability = cells(T);
    this.advantage = cells(T);
    this.target = cells(T);
    const slots = (): Float32Array => new Float32Array(this.batch.slots.length);
    this.staged = { logProbability: slots(), advantage: slots(), target: slots(), value: slots() };
  }

  /**
   * Reads the rollout: log-probabilities, values, advantages and targets. While the value head warms up, lambda is 1:
   * with less, targets are made of values that say nothing yet, and their level rises over many rollouts.
   */
  estimate(scale: ValueScale, isWarmUp = false): void {
    const { collector, rollout, rows, finals, value, finalValue, made } = this;
    const { T, B } = collector;
    rows.fill(rollout, T, B, finals);
    value.fill(0);
    finalValue.fill(0);
    this.logProbability.fill(0);
    const { mean, std } = scale;
    const most = this.batch.inputs.ids!.shape[0]!;
    for (let from = 0; from < rows.rows.length; from += most) {
      const count = Math.min(most, rows.rows.length - from);
      this.batch.fill(
        Array.from({ length: count }, (_, i) => from + i),
        rollout,
      );
      this.run('estimate');
      for (const [i, slot] of this.batch.slots.entries()) {
        if (slot < 0) continue;
        const cell = rows.cell[slot]!;
        const seen = rows.seen[slot];
        (seen === SEEN.final ? finalValue : value)[cell] = this.staged.value[i]! * std + mean;
        if (seen === SEEN.acted) this.logProbability[cell] = this.staged.logProbability[i]!;
      }
    }
    const { discount, gaeLambda, teamReward } = made.options;
    if (teamReward) this.shareRewards();
    else this.reward.set(rollout.reward);
    const { terminated, truncated, alive, sizes } = rollout;
    generalisedAdvantages(
      { T, K: B * sizes.N, reward: this.reward, value, finalValue, terminated, truncated, alive },
      discount,
      isWarmUp ? 1 : gaeLambda,
      this.advantage,
      this.target,
    );
  }

  /** Sum, sum of squares and number of the targets; and of what the values missed them by. */
  statistics(): { readonly target: ReturnType<typeof moments>; readonly error: ReturnType<typeof moments> } {
    const alive = this.rollout.alive.subarray(0, this.target.length);
    return { target: moments(this.target, alive), error: moments(this.advantage, alive) };
  }

  /** The rollout's rows in minibatches of about the same size; rows on which nobody acted are left out. */
  minibatches(order: Stream): Int32Array[] {
    const { rows, batch } = this;
    const acted = rows.rows.flatMap((stretches, row) =>
      stretches.some(({ first, last }) => rows.seen.subarray(first, last).includes(SEEN.acted)) ? [row] : [],
    );
    const shuffled = Int32Array.from(acted);
    order.shuffle(shuffled);
    const count = Math.ceil(shuffled.length / batch.inputs.ids!.shape[0]!);
    const cut = (i: number): number => Math.floor((i * shuffled.length) / count);
    return Array.from({ length: count }, (_, i) => shuffled.subarray(cut(i), cut(i + 1)));
  }

  /**
   * One step of the optimiser on these rows. Adds the metrics and the gradient's norm to `sums`. Returns whether the
   * step was taken: not where the policy is further than `targetKl` from the one that acted already.
   * Error `not_finite` where a metric is not, with the state from before the step in place.
   */
  learn(which: Int32Array, scale: ValueScale, rate: number, isWarmUp: boolean, sums: Float64Array): boolean {
    const { batch, rollout, staged, rows } = this;
    batch.fill(which, rollout);
    const { weight, slots } = batch;
    let count = 0;
    for (const [i, slot] of slots.entries()) {
      if (weight[i] === 0) {
        for (const name of ['logProbability', 'advantage', 'target'] as const) staged[name][i] = 0;
        continue;
      }
      const cell = rows.cell[slot]!;
      staged.logProbability[i] = this.logProbability[cell]!;
      staged.advantage[i] = this.advantage[cell]!;
      staged.target[i] = (this.target[cell]! - scale.mean) / scale.std;
      count++;
    }
    standardise(staged.advantage, Uint8Array.from(weight));
    (this.share.data as Float32Array)[0] = 1 / count;
    (this.learningRate.data as Float32Array)[0] = rate;
    this.run(isWarmUp ? 'warmUp' : 'update');
    const found = [...this.metrics.data, this.norm.data[0]!];
    const bad = found.findIndex((number) => !Number.isFinite(number));
    if (bad >= 0) throw notFinite(METRICS[bad] ?? 'gradientNorm', found[bad]!, this.name);
    for (const [i, number] of found.entries()) sums[i]! += number;
    const { targetKl } = this.made.options;
    if (targetKl !== null && found[METRICS.indexOf('approximateKl')]! > targetKl) return false;
    this.made.learner.swap();
    return true;
  }

  dispose(): void {
    for (const program of Object.values(this.programs)) program.dispose();
  }

  private run(what: 'estimate' | 'update' | 'warmUp'): void {
    const key = `${what}/${this.made.learner.turn}`;
    const run = this.bound.get(key) ?? this.bind(what);
    this.bound.set(key, run);
    run();
  }

  private bind(what: 'estimate' | 'update' | 'warmUp'): () => void {
    const { batch, staged, programs, made } = this;
    const { current, next } = made.learner;
    const slots = [batch.slots.length];
    const read = { parameters: current.parameters!, ...batch.inputs };
    const of = (name: keyof typeof staged): Value => float32(slots, staged[name]);
    if (what === 'estimate')
      return programs.estimate.bind(read, { logProbability: of('logProbability'), value: of('value') });
    return programs[what].bind(
      {
        ...current,
        ...read,
        logProbability: of('logProbability'),
        advantage: of('advantage'),
        target: of('target'),
        weight: float32(slots, batch.weight),
        share: this.share,
        learningRate: this.learningRate,
      },
      { ...next, metrics: this.metrics, norm: this.norm },
    );
  }

  /** Every agent gets the sum of the rewards of all agents of its copy. */
  private shareRewards(): void {
    const { T, B, groups } = this.collector;
    const { N } = this.rollout.sizes;
    for (let row = 0; row < T * B; row++) {
      let team = 0;
      for (const { reward, sizes } of groups)
        for (let i = row * sizes.N; i < (row + 1) * sizes.N; i++) team += reward[i]!;
      this.reward.fill(team, row * N, (row + 1) * N);
    }
  }
}

function notFinite(metric: string, value: number, group: string): LightbulbError {
  return new LightbulbError('not_finite', `${metric} of ${group} is no finite number`, {
    got: String(value),
    cure: 'Lower reinforcement.learningRate; the last checkpoint is from before it',
  });
}
