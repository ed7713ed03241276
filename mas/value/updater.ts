import { type LearnerState, preserveOutputs, type ValueScale } from '../../agents/index.ts';
import { LightbulbError, type Stream } from '../../core/index.ts';
import { bindTogether, float32, type Value, type Values } from '../../nn/index.ts';
import { Batch, type BatchSources } from './batch.ts';
import { DropoutNoise } from './dropout-noise.ts';
import type { JointNetwork } from './joint-network.ts';
import { type LearnerPrograms, ROLE_METRICS } from './learner-programs.ts';
import type { SharedValueOptions } from './options.ts';

/** Running scales of what values are to learn: of each role, and of the team; none where values are not normalised. */
export interface Scales {
  readonly roles: readonly ValueScale[];
  readonly team: ValueScale;
}

export interface UpdaterSpec {
  readonly network: JointNetwork;
  readonly programs: LearnerPrograms;
  readonly learner: LearnerState;
  readonly sources: BatchSources;
  readonly scales: Scales | null;
  readonly options: SharedValueOptions;
  /** Samples of a minibatch, in so many equal parts that are worked on at the same time. */
  readonly samples: number;
  readonly shards: number;
}

/** Minibatches in, better parameters out. */
export class Updater {
  private readonly batches: readonly Batch[];
  private readonly noise: readonly DropoutNoise[];
  private readonly gradients: readonly Value[];
  private readonly metrics: readonly Value[];
  private readonly shares: Value;
  /** What gradients are taken at: one array for both copies of the learner's state, so that they are bound once. */
  private readonly parameters: Value;
  private readonly learningRate = float32([]);
  private readonly norm = float32([]);
  private readonly gradientRuns = new Map<string, () => void>();
  private readonly applyRuns = new Map<number, () => void>();

  constructor(private readonly spec: UpdaterSpec) {
    const { samples, shards, sources, network, learner, options } = spec;
    const roles = network.roles.length;
    this.batches = Array.from({ length: shards }, () => new Batch(samples / shards, sources, true));
    this.noise = this.batches.map((batch) => new DropoutNoise(network.policy, batch, options.encoder));
    this.parameters = float32([learner.layout.size]);
    this.gradients = this.batches.map(() => float32([learner.layout.size]));
    this.metrics = this.batches.map(() => float32([roles * ROLE_METRICS.length + 1]));
    this.shares = float32([2 * roles + 1]);
  }

  /** The names of what `step` adds up, in order: of each role, then of all. */
  static readonly COMMON = ['loss/team', 'gradientNorm'] as const;

  /**
   * One step of the optimiser on these samples. Adds the metrics and the gradient's norm to `sums`. Error `not_finite`,
   * naming the loss and the role, with the state from before the step in place.
   */
  step(samples: Int32Array, rate: number, random: Stream, sums: Float64Array): void {
    const { batches, spec, gradients, metrics } = this;
    const share = samples.length / batches.length;
    for (const [i, batch] of batches.entries()) {
      batch.fill(samples.subarray(i * share, (i + 1) * share));
      this.noise[i]!.fill(random);
    }
    this.prepare();
    (this.learningRate.data as Float32Array)[0] = rate;
    this.runGradient();
    addUp(gradients);
    addUp(metrics);
    this.runApply();
    this.collect(sums);
    spec.learner.swap();
  }

  /** Shares of the means, and targets in the units of the heads; with PopArt, heads in the units of the targets. */
  private prepare(): void {
    const { batches, spec } = this;
    const { network, sources, scales } = spec;
    const shares = this.shares.data as Float32Array;
    const roles = network.roles.length;
    for (let r = 0; r < roles; r++) {
      const decisions = batches.reduce((sum, batch) => sum + batch.decisions[r]!, 0);
      shares[r] = 1 / Math.max(1, decisions);
      const parts = batches.map(({ roles: each }) => each[r]!);
      const count = this.rescale(parts, scales?.roles[r] ?? null, this.headsOf(r));
      shares[roles + r] = 1 / Math.max(1, count);
    }
    if (sources.team === null) return;
    const parts = batches.map(({ team }) => ({ target: team, counts: null }));
    shares[2 * roles] = 1 / this.rescale(parts, scales?.team ?? null, ['value/teamHead']);
  }

  /** Takes targets into their scale, and them to its units. Returns how many count. */
  private rescale(
    parts: readonly { readonly target: Float32Array; readonly counts: Float32Array | null }[],
    scale: ValueScale | null,
    heads: readonly string[],
  ): number {
    let [count, sum, squares] = [0, 0, 0];
    for (const { target, counts } of parts) {
      for (let i = 0; i < target.length; i++) {
        if (counts !== null && counts[i] === 0) continue;
        count++;
        sum += target[i]!;
        squares += target[i]! * target[i]!;
      }
    }
    if (scale === null || count === 0) return count;
    const from = { mean: scale.mean, std: scale.std };
    scale.update(sum / count, squares / count);
    const { mean, std } = scale;
    for (const { target } of parts) for (let i = 0; i < target.length; i++) target[i] = (target[i]! - mean) / std;
    if (this.spec.options.valueNormalisation === 'popArt') {
      const parameters = this.spec.learner.parameters();
      for (const head of heads) {
        const [weight, bias] = [parameters[`${head}/weight`]!, parameters[`${head}/bias`]!];
        preserveOutputs(weight.data as Float32Array, bias.data as Float32Array, from, { mean, std });
      }
    }
    return count;
  }

  private headsOf(r: number): readonly string[] {
    const own = `value/roles/${this.spec.network.roles[r]!.key}`;
    return this.spec.sources.isComa ? [`${own}/head`, `${own}/critic`] : [`${own}/head`];
  }

  private runGradient(): void {
    const { batches, spec, gradientRuns } = this;
    (this.parameters.data as Float32Array).set(spec.learner.current.parameters!.data as Float32Array);
    const key = batches.map((batch) => batch.key).join('|');
    const run = gradientRuns.get(key) ?? this.bindGradient();
    gradientRuns.set(key, run);
    run();
  }

  private bindGradient(): () => void {
    const { batches, spec, gradients, metrics, shares, noise, parameters } = this;
    return bindTogether(
      batches.map((batch, i) => {
        const inputs: Values = { ...batch.inputs(), ...noise[i]!.inputs(), shares, parameters };
        return {
          program: spec.programs.gradient,
          inputs,
          outputs: { gradient: gradients[i]!, metrics: metrics[i]! },
        };
      }),
    );
  }

  private runApply(): void {
    const { spec, applyRuns, gradients, learningRate, norm } = this;
    const { current, next, turn } = spec.learner;
    const run =
      applyRuns.get(turn) ??
      spec.programs.apply.bind({ ...current, gradient: gradients[0]!, learningRate }, { ...next, norm });
    applyRuns.set(turn, run);
    run();
  }

  private collect(sums: Float64Array): void {
    const { spec, norm } = this;
    const metrics = this.metrics[0]!.data;
    const all = [...metrics, norm.data[0]!];
    const bad = all.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw notFinite(metricName(bad, spec.network), all[bad]!);
    for (const [i, value] of all.entries()) sums[i]! += value;
  }
}

/** The name of entry `i` of what `step` adds up. One role needs no name in front. */
export function metricName(i: number, { roles }: Pick<JointNetwork, 'roles'>): string {
  const r = Math.floor(i / ROLE_METRICS.length);
  const common = Updater.COMMON[i - roles.length * ROLE_METRICS.length];
  if (common !== undefined) return common;
  const name = ROLE_METRICS[i % ROLE_METRICS.length]!;
  return roles.length === 1 ? name : `${roles[r]!.group.name}/${name}`;
}

function notFinite(metric: string, value: number): LightbulbError {
  return new LightbulbError('not_finite', `${metric} is no finite number`, {
    got: String(value),
    cure: 'Lower learningRate, or normalise values; the last checkpoint is from before it',
  });
}

/** Adds the others to the first, in order. */
function addUp(parts: readonly Value[]): void {
  const total = parts[0]!.data;
  for (let p = 1; p < parts.length; p++) {
    const { data } = parts[p]!;
    for (let i = 0; i < total.length; i++) total[i]! += data[i]!;
  }
}
