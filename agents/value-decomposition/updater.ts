import { LightbulbError, type Stream } from '../../core/index.ts';
import { bindTogether, float32, type Value, type Values } from '../../nn/index.ts';
import { ReplayBatch, type RewardScale } from './batch.ts';
import type { ValueDecompositionOptions } from './options.ts';
import type { ValueParameters } from './parameters.ts';
import { METRICS, type ValuePrograms } from './programs.ts';
import type { Replay } from './replay.ts';

/** The fewest steps that an update is compiled for; it is padded to these. */
const FEWEST_STEPS = 8;

/** The names of what an update reports, in order. */
export const UPDATE_METRICS = [...METRICS, 'gradientNorm'] as const;

/**
 * Draws episodes and learns from them, in `shards` equal parts at the same time. Batches whose episodes are all short
 * run in a program for half, a quarter, ... of the steps.
 */
export class Updater {
  private readonly slots: Int32Array;
  private readonly batches: readonly ReplayBatch[];
  private readonly bound = new Map<string, () => void>();
  private readonly share = float32([]);
  private readonly norm = float32([]);
  /** One vector of metrics and one gradient per shard; sums end in the first. */
  private readonly metrics: readonly Value[];
  private readonly gradients: readonly Value[];
  private count = 0;

  constructor(
    private readonly replay: Replay,
    private readonly programs: ValuePrograms,
    private readonly parameters: ValueParameters,
    private readonly options: ValueDecompositionOptions,
    shards: number,
  ) {
    const { batch } = options;
    const parts = batch % shards === 0 ? shards : 1;
    this.slots = new Int32Array(batch);
    this.batches = Array.from({ length: parts }, () => new ReplayBatch(replay.shape, batch / parts));
    this.metrics = Array.from({ length: parts }, () => float32([METRICS.length]));
    this.gradients = Array.from({ length: parts }, () => float32([parameters.layout.size]));
  }

  /** Updates so far. */
  get updates(): number {
    return this.count;
  }

  /** Goes on from a checkpoint that was taken after so many updates. */
  restore(count: number): void {
    this.count = count;
  }

  /** One update, and what it brings with it for the target networks. Adds what it reports to `sums`. */
  step(random: Stream, scale: RewardScale, sums: Float64Array): void {
    const { replay, slots, batches, parameters } = this;
    replay.sample(random, slots);
    const steps = this.stepsFor(slots);
    let values = 0;
    for (const [i, batch] of batches.entries()) {
      const own = slots.subarray(i * batch.episodes, (i + 1) * batch.episodes);
      values += batch.gather(replay, own, steps, scale);
    }
    (this.share.data as Float32Array)[0] = 1 / values;
    const key = `${parameters.turn} ${steps}`;
    if (!this.bound.has(key)) this.bound.set(key, this.bind(steps));
    this.bound.get(key)!();
    this.check();
    parameters.swap();
    this.count++;
    this.followTargets();
    for (const [i, value] of this.metrics[0]!.data.entries()) sums[i]! += value;
    sums[METRICS.length]! += this.norm.data[0]!;
  }

  /** `targetEvery` counts episodes; so many updates belong to them. */
  private followTargets(): void {
    const { targetTau, targetEvery, updatesPerEpisode } = this.options;
    if (targetTau !== null) this.parameters.follow(targetTau);
    else if (this.count % Math.max(1, Math.round(targetEvery * updatesPerEpisode)) === 0) this.parameters.follow(1);
  }

  /** All steps, halved as long as the longest of the episodes fits. */
  private stepsFor(slots: Int32Array): number {
    let longest = 1;
    for (const slot of slots) longest = Math.max(longest, this.replay.length[slot]!);
    let { steps } = this.replay.shape;
    for (;;) {
      const half = Math.ceil(steps / 2);
      if (half < Math.max(longest, FEWEST_STEPS) || half === steps) return steps;
      steps = half;
    }
  }

  private bind(steps: number): () => void {
    const { parameters, programs, batches, gradients, metrics, norm, share } = this;
    const { target, current, next } = parameters;
    const read = { parameters: current.parameters!, target, share };
    if (batches.length === 1) {
      const inputs: Values = { ...current, ...read, ...batches[0]!.inputs(steps) };
      return programs.update.bind(inputs, { ...next, metrics: metrics[0]!, norm });
    }
    const together = bindTogether(
      batches.map((batch, shard) => ({
        program: programs.gradient,
        inputs: { ...read, ...batch.inputs(steps) },
        outputs: { gradient: gradients[shard]!, metrics: metrics[shard]! },
      })),
    );
    const apply = programs.apply.bind({ ...current, gradient: gradients[0]! }, { ...next, norm });
    return () => {
      together();
      addUp(gradients);
      addUp(metrics);
      apply();
    };
  }

  private check(): void {
    const values = [...this.metrics[0]!.data, this.norm.data[0]!];
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return;
    throw new LightbulbError('not_finite', `${UPDATE_METRICS[bad]} of ${this.options.name} is no finite number`, {
      got: String(values[bad]),
      cure: 'Lower learningRate, or standardise rewards; the last checkpoint is from before it',
    });
  }
}

/** Adds the others to the first, in order. */
function addUp(parts: readonly Value[]): void {
  const [total, ...others] = parts.map(({ data }) => data);
  for (const other of others) for (let i = 0; i < other.length; i++) total![i]! += other[i]!;
}
