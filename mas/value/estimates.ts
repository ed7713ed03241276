import { bindTogether, float32, type Value } from '../../nn/index.ts';
import { Batch, type BatchSources } from './batch.ts';
import type { LearnerPrograms } from './learner-programs.ts';
import type { SharedValueOptions } from './options.ts';
import type { Scales } from './updater.ts';

/** The values of a round, in batches of a fixed size: what advantages are made of. */
export class Estimates {
  private readonly batches: readonly Batch[];
  /** Of each batch, by name. */
  private readonly outputs: readonly Readonly<Record<string, Value>>[];
  private readonly which: Int32Array;
  private readonly runs = new Map<string, () => void>();

  /** parameters: the vector [P] to read, the same array all along. samples: in `shards` parts, at the same time. */
  constructor(
    private readonly programs: LearnerPrograms,
    private readonly sources: BatchSources,
    private readonly options: SharedValueOptions,
    private readonly scales: Scales | null,
    private readonly parameters: Value,
    samples: number,
    shards: number,
  ) {
    this.batches = Array.from({ length: shards }, () => new Batch(samples / shards, sources, false));
    this.outputs = this.batches.map((batch) => outputsOf(batch, sources));
    this.which = new Int32Array(samples);
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
    for (let sample = 0; sample < T * B; sample++) take(sample);
    // Where an episode has just ended, nothing is read from the next one.
    for (let sample = T * B; sample < seen; sample++) if (sources.round.ended[sample - B] === 0) take(sample);
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
    const { batches, which } = this;
    const each = which.length / batches.length;
    for (const [i, batch] of batches.entries()) {
      // A batch without any of the last samples computes the first one, for nothing.
      const from = i * each < count ? i * each : 0;
      batch.fill(which.subarray(from, Math.max(from + 1, Math.min(from + each, count))));
    }
    const key = batches.map((batch) => batch.key).join('|');
    const run = this.runs.get(key) ?? this.bind();
    this.runs.set(key, run);
    run();
    for (let i = 0; i * each < count; i++) this.give(which.subarray(i * each, Math.min((i + 1) * each, count)), i);
  }

  /** Hands the outputs of a batch to the credits, in their own units. */
  private give(samples: Int32Array, batch: number): void {
    const { sources, scales } = this;
    const outputs = this.outputs[batch]!;
    const { T, B } = sources.round;
    const seen = (T + 1) * B;
    for (const [r, credit] of sources.credits.entries()) {
      const { N } = sources.round.roles[r]!;
      const [mean, std] = scaleOf(scales?.roles[r]);
      const copy = (name: string, into: Float32Array, s: number, sample: number): void => {
        const from = outputs[`${name}/${r}`]!.data;
        for (let n = 0; n < N; n++) into[sample * N + n] = from[s * N + n]! * std + mean;
      };
      for (const [s, sample] of samples.entries()) {
        if (sample < seen) copy('value', credit.value, s, sample);
        else copy('value', credit.finalValue, s, sample - seen);
        if (!sources.isComa || sample >= T * B) continue;
        copy('taken', credit.taken, s, sample);
        copy('baseline', credit.baseline, s, sample);
      }
    }
    const { team } = sources;
    if (team === null) return;
    const [mean, std] = scaleOf(scales?.team);
    for (const [s, sample] of samples.entries()) {
      const value = outputs.team!.data[s]! * std + mean;
      if (sample < seen) team.value[sample] = value;
      else team.finalValue[sample - seen] = value;
    }
  }

  private bind(): () => void {
    const { batches, programs, parameters, outputs } = this;
    return bindTogether(
      batches.map((batch, i) => ({
        program: programs.estimate,
        inputs: { ...batch.inputs(), parameters },
        outputs: outputs[i]!,
      })),
    );
  }
}

function outputsOf({ samples }: Batch, { round, isComa, team }: BatchSources): Record<string, Value> {
  const outputs: Record<string, Value> = team === null ? {} : { team: float32([samples]) };
  for (const [r, { N }] of round.roles.entries())
    for (const name of isComa ? ['value', 'taken', 'baseline'] : ['value'])
      outputs[`${name}/${r}`] = float32([samples, N]);
  return outputs;
}

function scaleOf(scale: { readonly mean: number; readonly std: number } | undefined): readonly [number, number] {
  return scale === undefined ? [0, 1] : [scale.mean, scale.std];
}
