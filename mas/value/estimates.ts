import { float32, type Value, type Values } from '../../nn/index.ts';
import { Batch, type BatchSources } from './batch.ts';
import type { RoleCredit } from './credit.ts';
import type { LearnerPrograms } from './learner-programs.ts';
import type { SharedValueOptions } from './options.ts';
import type { Scales } from './updater.ts';

/** The values of a round, in batches of a fixed size: what advantages are made of. */
export class Estimates {
  private readonly batch: Batch;
  private readonly which: Int32Array;
  private readonly outputs: Record<string, Value>;
  private readonly runs = new Map<string, () => void>();

  /** parameters: the vector [P] to read, the same array all along. */
  constructor(
    private readonly programs: LearnerPrograms,
    private readonly sources: BatchSources,
    private readonly options: SharedValueOptions,
    private readonly scales: Scales | null,
    private readonly parameters: Value,
    samples: number,
  ) {
    this.batch = new Batch(samples, sources, false);
    this.which = new Int32Array(samples);
    this.outputs = {};
    for (const [r, { N }] of sources.round.roles.entries())
      for (const name of sources.isComa ? ['value', 'taken', 'baseline'] : ['value'])
        this.outputs[`${name}/${r}`] = float32([samples, N]);
    if (sources.team !== null) this.outputs.team = float32([samples]);
  }

  /** Writes values of all steps, and of what came after those that ended or cut something off, to the credits. */
  run(): void {
    const { sources, which } = this;
    const { T, B } = sources.round;
    const seen = (T + 1) * B;
    let count = 0;
    const take = (sample: number): void => {
      which[count++] = sample;
      if (count < which.length) return;
      this.flush(count);
      count = 0;
    };
    for (let sample = 0; sample < seen; sample++) take(sample);
    for (let sample = 0; sample < T * B; sample++) if (this.isCutOff(sample)) take(seen + sample);
    if (count > 0) this.flush(count);
  }

  /** Whether somebody's future is read from what came after this step. */
  private isCutOff(sample: number): boolean {
    const { round } = this.sources;
    if (this.options.credit !== 'individual' && round.ended[sample] === 0) return false;
    return round.wasTruncated(sample);
  }

  private flush(count: number): void {
    const { batch, sources, which, scales, outputs } = this;
    const samples = which.subarray(0, count);
    batch.fill(samples);
    const run = this.runs.get(batch.key) ?? this.bind();
    this.runs.set(batch.key, run);
    run();
    const { T, B } = sources.round;
    const seen = (T + 1) * B;
    for (const [r, credit] of sources.credits.entries()) {
      const { N } = sources.round.roles[r]!;
      const [mean, std] = scaleOf(scales?.roles[r]);
      const give = (name: string, into: Float32Array, s: number, sample: number): void => {
        const from = outputs[`${name}/${r}`]!.data;
        for (let n = 0; n < N; n++) into[sample * N + n] = from[s * N + n]! * std + mean;
      };
      for (let s = 0; s < count; s++) {
        const sample = samples[s]!;
        if (sample < seen) give('value', credit.value, s, sample);
        else give('value', credit.finalValue, s, sample - seen);
        if (sources.isComa && sample < T * B) this.giveCritic(credit, give, s, sample);
      }
    }
    if (sources.team === null) return;
    const { team } = sources;
    const [mean, std] = scaleOf(scales?.team);
    for (let s = 0; s < count; s++) {
      const value = outputs.team!.data[s]! * std + mean;
      if (samples[s]! < seen) team.value[samples[s]!] = value;
      else team.finalValue[samples[s]! - seen] = value;
    }
  }

  private giveCritic(
    credit: RoleCredit,
    give: (name: string, into: Float32Array, s: number, sample: number) => void,
    s: number,
    sample: number,
  ): void {
    give('taken', credit.taken, s, sample);
    give('baseline', credit.baseline, s, sample);
  }

  private bind(): () => void {
    const inputs: Values = { ...this.batch.inputs(), parameters: this.parameters };
    return this.programs.estimate.bind(inputs, this.outputs);
  }
}

function scaleOf(scale: { readonly mean: number; readonly std: number } | undefined): readonly [number, number] {
  return scale === undefined ? [0, 1] : [scale.mean, scale.std];
}
