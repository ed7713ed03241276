import type { Value, Values } from '../nn/index.ts';

/** One array of the rollout that minibatches take rows from: `width` numbers per sample. */
export interface Source {
  readonly name: string;
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly width: number;
  readonly dtype: Value['dtype'];
  /** `steps`: a row for every step of a sample's chunk; `start`: one row, at its first step (recurrent memory). */
  readonly rows: 'steps' | 'start';
}

/**
 * A minibatch laid out side by side in memory: programs read it without another copy, and a shard of it is a view.
 * A sample is one copy at one time, or with `steps` > 1 a chunk of steps (time-major within each shard).
 */
export class Minibatch {
  private readonly staged: readonly { readonly source: Source; readonly into: Source['data'] }[];

  /**
   * `samples` per minibatch, in `shards` equal parts, of `steps` rows each; `stride` rows lie between the steps of a
   * sample in the sources. `memory` hands out where the rows of a source go.
   */
  constructor(
    sources: readonly Source[],
    readonly samples: number,
    readonly shards: number,
    readonly steps: number,
    private readonly stride: number,
    memory: (source: Source, length: number) => Source['data'] = arrayFor,
  ) {
    this.staged = sources.map((source) => {
      const rows = samples * (source.rows === 'steps' ? steps : 1);
      return { source, into: memory(source, rows * source.width) };
    });
  }

  /** Copies the samples whose first rows are `starts` from the sources. */
  gather(starts: Int32Array): void {
    const { shards, steps, stride } = this;
    const perShard = starts.length / shards;
    for (const { source, into } of this.staged) {
      const { data, width } = source;
      const count = source.rows === 'steps' ? steps : 1;
      if (count === 1) {
        copyRows(data, into, width, starts);
        continue;
      }
      let to = 0;
      for (let shard = 0; shard < shards; shard++) {
        for (let step = 0; step < count; step++) {
          for (let s = 0; s < perShard; s++) {
            let from = (starts[shard * perShard + s]! + step * stride) * width;
            for (let i = 0; i < width; i++) into[to++] = data[from++]!;
          }
        }
      }
    }
  }

  /** The staged array of a source, whole. */
  array(name: string): Source['data'] | undefined {
    return this.staged.find(({ source }) => source.name === name)?.into;
  }

  /** The inputs of one shard: views into the staged arrays. `agentRows` splits a start row into that many. */
  inputs(shard: number, agentRows: (name: string) => number): Values {
    return Object.fromEntries(
      this.staged.map(({ source: { name, width, dtype, rows }, into }) => {
        const count = (this.samples / this.shards) * (rows === 'steps' ? this.steps : 1);
        const data = into.subarray(shard * count * width, (shard + 1) * count * width);
        const split = rows === 'start' ? agentRows(name) : 1;
        const shape = width === 1 && name === 'keep' ? [count] : [count * split, width / split];
        return [name, { dtype, shape, data }];
      }),
    );
  }
}

/** `count` minibatches, one after the other in memory: their inputs are one array each, with a leading axis. */
export class MinibatchStack {
  readonly batches: readonly Minibatch[];
  private readonly memory = new Map<string, Source['data']>();

  constructor(count: number, sources: readonly Source[], samples: number, steps: number, stride: number) {
    this.batches = Array.from(
      { length: count },
      (_, m) =>
        new Minibatch(sources, samples, 1, steps, stride, (source, length) => {
          const whole = this.memory.get(source.name) ?? arrayFor(source, count * length);
          this.memory.set(source.name, whole);
          return whole.subarray(m * length, (m + 1) * length);
        }),
    );
  }

  /** The inputs of all minibatches: [count, ...] each. */
  inputs(agentRows: (name: string) => number): Values {
    const [first] = this.batches;
    return Object.fromEntries(
      Object.entries(first!.inputs(0, agentRows)).map(([name, { dtype, shape }]) => [
        name,
        { dtype, shape: [this.batches.length, ...shape], data: this.memory.get(name)! },
      ]),
    );
  }
}

function arrayFor({ data }: Source, length: number): Source['data'] {
  const Typed = data.constructor as new (length: number) => Source['data'];
  return new Typed(length);
}

function copyRows(from: Source['data'], into: Source['data'], width: number, starts: Int32Array): void {
  if (width === 1) {
    for (let s = 0; s < starts.length; s++) into[s] = from[starts[s]!]!;
    return;
  }
  let to = 0;
  for (let s = 0; s < starts.length; s++) {
    let at = starts[s]! * width;
    for (const end = at + width; at < end; at++) into[to++] = from[at]!;
  }
}

/** The mean and the mean square of x over entries of weight 1; all entries where there are no weights. */
export function moments(
  x: Float32Array,
  weight: Uint8Array | null,
): { readonly mean: number; readonly square: number; readonly count: number } {
  let [count, sum, squares] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (weight !== null && weight[i] === 0) continue;
    const value = x[i]!;
    count++;
    sum += value;
    squares += value * value;
  }
  const divisor = Math.max(1, count);
  return { mean: sum / divisor, square: squares / divisor, count };
}

/** x in place to (x - mean) / (std + 1e-8): population statistics over the entries of weight 1. */
export function standardise(x: Float32Array, weight: Uint8Array | null): void {
  const { mean, square } = moments(x, weight);
  const scale = 1 / (Math.sqrt(Math.max(0, square - mean * mean)) + 1e-8);
  for (let i = 0; i < x.length; i++) x[i] = (x[i]! - mean) * scale;
}
