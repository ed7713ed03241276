import { LightbulbError } from '../core/index.ts';
import { bindTogether, float32, type Value, type Values } from '../nn/index.ts';
import type { LearnerState } from './learner-state.ts';
import { Minibatch, type Source } from './ppo-minibatch.ts';
import { METRICS, type PpoPrograms } from './ppo-programs.ts';
import type { PpoTargets } from './ppo-targets.ts';
import { preserveOutputs } from './value-scale.ts';

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
  /** Inputs of the programs that are the same for all minibatches of a rollout. */
  readonly statistics: Values;
  /** For errors. */
  readonly unit: string;
}

/** Minibatches in, better parameters out. */
export interface PpoUpdater {
  /** Minibatches of one `learn`; null where any number will do. */
  readonly count: number | null;
  /**
   * One step of the optimiser on each minibatch, in turn: the samples whose first rows these are. Adds the metrics
   * (and the gradient's norm) to `sums`, and returns the sum of the approximate KL divergences. Error `not_finite`
   * where a metric is not, with the state from before that `learn` (or that step) in place.
   */
  learn(minibatches: readonly Int32Array[], rate: number, sums: Float64Array): number;
}

/** A program for each step, the state in the host's memory: in `shards` equal parts at the same time. */
export class StepUpdater implements PpoUpdater {
  readonly count = null;
  private readonly batch: Minibatch;
  private readonly bound = new Map<number, () => void>();
  private readonly learningRate = float32([]);
  private readonly share = float32([]);
  private readonly norm = float32([]);
  /** One vector of metrics and one gradient per shard; sums end in the first. */
  private readonly metrics: readonly Value[];
  private readonly gradients: readonly Value[];

  constructor(
    private readonly programs: PpoPrograms,
    private readonly learner: LearnerState,
    private readonly targets: PpoTargets,
    private readonly experience: Experience,
    shards: number,
  ) {
    const { sources, samples, steps, stride } = experience;
    const parts = samples % shards === 0 ? shards : 1;
    this.batch = new Minibatch(sources, samples, parts, steps, stride);
    this.metrics = Array.from({ length: parts }, () => float32([METRICS.length]));
    this.gradients = Array.from({ length: parts }, () => float32([learner.layout.size]));
  }

  learn(minibatches: readonly Int32Array[], rate: number, sums: Float64Array): number {
    let kl = 0;
    for (const starts of minibatches) kl += this.step(starts, rate, sums);
    return kl;
  }

  private step(starts: Int32Array, rate: number, sums: Float64Array): number {
    const { batch, learner } = this;
    batch.gather(starts);
    const { share, popArt } = this.targets.prepare(batch);
    (this.share.data as Float32Array)[0] = share;
    (this.learningRate.data as Float32Array)[0] = rate;
    if (popArt !== undefined) {
      const parameters = learner.parameters();
      const [weights, bias] = [parameters['critic/head/weight']!, parameters['critic/head/bias']!];
      preserveOutputs(weights.data as Float32Array, bias.data as Float32Array, popArt.from, popArt.to);
    }
    const { turn } = learner;
    if (!this.bound.has(turn)) this.bound.set(turn, this.bind());
    this.bound.get(turn)!();
    const kl = addMetrics([...this.metrics[0]!.data, this.norm.data[0]!], sums, this.experience.unit);
    learner.swap();
    return kl;
  }

  private bind(): () => void {
    const { learner, programs, batch, gradients, metrics, norm, learningRate } = this;
    const shardInputs = (shard: number): Values => {
      const { alive: _, ...staged } = batch.inputs(shard, this.experience.agentRows);
      return { ...staged, share: this.share, ...this.experience.statistics };
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
}

/** Adds the metrics of one step, its gradient's norm last, to `sums`; returns its approximate KL divergence. */
export function addMetrics(metrics: ArrayLike<number>, sums: Float64Array, unit: string): number {
  for (let i = 0; i < metrics.length; i++) {
    if (!Number.isFinite(metrics[i]!)) throw notFinite(METRICS[i] ?? 'gradientNorm', metrics[i]!, unit);
  }
  for (let i = 0; i < metrics.length; i++) sums[i]! += metrics[i]!;
  return metrics[APPROXIMATE_KL]!;
}

const APPROXIMATE_KL = METRICS.indexOf('approximateKl');

function notFinite(metric: string, value: number, unit: string): LightbulbError {
  return new LightbulbError('not_finite', `${metric} of ${unit} is no finite number`, {
    got: String(value),
    cure: 'Lower learningRate, or normalise observations and values; the last checkpoint is from before it',
  });
}

/** Adds the others to the first, in order. */
function addUp(parts: readonly Value[]): void {
  const [total, ...others] = parts.map(({ data }) => data);
  for (const other of others) for (let i = 0; i < other.length; i++) total![i]! += other[i]!;
}
