import { LightbulbError } from '../core/index.ts';
import { bindTogether, float32, type Value, type Values } from '../nn/index.ts';
import type { LearnerState } from './learner-state.ts';
import type { PpoOptions } from './options.ts';
import { Minibatch, moments, type Source, standardise } from './ppo-minibatch.ts';
import { METRICS, type PpoPrograms } from './ppo-programs.ts';
import { preserveOutputs, type ValueScale } from './value-scale.ts';

/** What an updater learns from: the arrays of a rollout, a row for each sample, and how chunks lie in them. */
export interface Experience {
  readonly sources: readonly Source[];
  /** Samples in a minibatch, and rows of each (the chunk of a recurrent network, else 1). */
  readonly samples: number;
  readonly steps: number;
  /** Rows between the steps of a sample. */
  readonly stride: number;
  /** How many agents' rows a sample's memory of this name stands for. */
  readonly agentRows: (name: string) => number;
}

/**
 * Minibatches in, better parameters out. Advantages, target scales and shares are worked out on the host; gradients
 * and the optimiser run compiled, in `shards` equal parts at the same time.
 */
export class PpoUpdater {
  private readonly batch: Minibatch;
  private readonly bound = new Map<number, () => void>();
  private rolloutScale = { mean: 0, std: 1 };
  private readonly learningRate = float32([]);
  private readonly share = float32([]);
  private readonly norm = float32([]);
  /** One vector of metrics and one gradient per shard; sums end in the first. */
  private readonly metrics: readonly Value[];
  private readonly gradients: readonly Value[];

  constructor(
    private readonly programs: PpoPrograms,
    private readonly learner: LearnerState,
    private readonly scale: ValueScale | null,
    private readonly options: PpoOptions,
    private readonly experience: Experience,
    private readonly statistics: Values,
    private readonly name: string,
    shards: number,
  ) {
    const { sources, samples, steps, stride } = experience;
    const parts = samples % shards === 0 ? shards : 1;
    this.batch = new Minibatch(sources, samples, parts, steps, stride);
    this.metrics = Array.from({ length: parts }, () => float32([METRICS.length]));
    this.gradients = Array.from({ length: parts }, () => float32([learner.layout.size]));
  }

  /** Before the steps on a rollout: its values are outputs in the present scale. */
  begin(): void {
    if (this.scale !== null) this.rolloutScale = { mean: this.scale.mean, std: this.scale.std };
  }

  /** One step on the samples whose first rows are `starts`. Adds the metrics (and the gradient's norm) to `sums`. */
  step(starts: Int32Array, rate: number, sums: Float64Array): { readonly approximateKl: number } {
    this.batch.gather(starts);
    this.prepare();
    (this.learningRate.data as Float32Array)[0] = rate;
    const { turn } = this.learner;
    if (!this.bound.has(turn)) this.bound.set(turn, this.bind());
    this.bound.get(turn)!();
    const metrics = this.metrics[0]!.data;
    this.check(metrics);
    this.learner.swap();
    for (let i = 0; i < metrics.length; i++) sums[i]! += metrics[i]!;
    sums[metrics.length]! += this.norm.data[0]!;
    return { approximateKl: metrics[APPROXIMATE_KL]! };
  }

  /** What changes besides the rows: standardised advantages, scaled targets, the share of each row in a mean. */
  private prepare(): void {
    const { batch, scale, options } = this;
    const weight = (batch.array('alive') as Uint8Array | undefined) ?? null;
    const advantage = batch.array('advantage') as Float32Array;
    const target = batch.array('target') as Float32Array;
    if (options.normaliseAdvantages === 'minibatch') standardise(advantage, weight);
    const { mean, square, count } = moments(target, weight);
    (this.share.data as Float32Array)[0] = 1 / Math.max(1, count);
    const floats = batch.array('weight') as Float32Array | undefined;
    if (weight !== null && floats !== undefined) floats.set(weight);
    if (scale === null) return;
    const before = { mean: scale.mean, std: scale.std };
    scale.update(mean, square);
    const [centre, spread] = [scale.mean, scale.std];
    if (options.valueNormalisation === 'popArt') {
      const parameters = this.learner.parameters();
      const [weights, bias] = [parameters['critic/head/weight']!, parameters['critic/head/bias']!];
      preserveOutputs(weights.data as Float32Array, bias.data as Float32Array, before, { mean: centre, std: spread });
      // The values that clipping compares with are outputs of the head as it was in the rollout: they move with it.
      const { rolloutScale: rollout } = this;
      const old = batch.array('value') as Float32Array | undefined;
      for (let i = 0; i < (old?.length ?? 0); i++) old![i] = (rollout.std * old![i]! + rollout.mean - centre) / spread;
    }
    for (let i = 0; i < target.length; i++) target[i] = (target[i]! - centre) / spread;
  }

  private bind(): () => void {
    const { learner, programs, batch, gradients, metrics, norm, learningRate } = this;
    const shardInputs = (shard: number): Values => {
      const { alive: _, ...staged } = batch.inputs(shard, this.experience.agentRows);
      return { ...staged, share: this.share, ...this.statistics };
    };
    if (batch.shards === 1) {
      const inputs = { ...learner.current, ...shardInputs(0), learningRate };
      return programs.update.bind(inputs, { ...learner.next, metrics: metrics[0]!, norm });
    }
    const together = bindTogether(
      gradients.map((gradient, shard) => ({
        program: programs.gradient,
        inputs: { parameters: learner.current.parameters!, ...shardInputs(shard) },
        outputs: { gradient, metrics: metrics[shard]! },
      })),
    );
    const apply = programs.apply.bind(
      { ...learner.current, gradient: gradients[0]!, learningRate },
      { ...learner.next, norm },
    );
    return () => {
      together();
      addUp(gradients);
      addUp(metrics);
      apply();
    };
  }

  private check(metrics: Value['data']): void {
    const bad = metrics.findIndex((value) => !Number.isFinite(value));
    const norm = this.norm.data[0]!;
    if (bad < 0 && Number.isFinite(norm)) return;
    throw new LightbulbError(
      'not_finite',
      `${bad < 0 ? 'gradientNorm' : METRICS[bad]} of ${this.name} is no finite number`,
      {
        got: String(bad < 0 ? norm : metrics[bad]),
        cure: 'Lower learningRate, or normalise observations and values; the last checkpoint is from before it',
      },
    );
  }
}

const APPROXIMATE_KL = METRICS.indexOf('approximateKl');

/** Adds the others to the first, in order. */
function addUp(parts: readonly Value[]): void {
  const [total, ...others] = parts.map(({ data }) => data);
  for (const other of others) for (let i = 0; i < other.length; i++) total![i]! += other[i]!;
}
