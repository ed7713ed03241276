import { type Json, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import { float32, int32, type Value, type Values } from '../../nn/index.ts';
import type { Take } from '../learner-state.ts';
import { type PatchShape, TARGET, type TokenBuffer, type Vocabulary } from '../tokens/index.ts';
import type { GatoOptions } from './options.ts';
import { placePatches } from './patch-embedding.ts';
import { shareRows } from './row-shares.ts';
import { type Piece, type SequenceTask, TaskSequences } from './task-sequences.ts';
import type { TargetInputs, TokenInputs } from './token-inputs.ts';

/** A task and its share of the rows, against the other tasks' weights. */
export interface PackedTask extends SequenceTask {
  readonly weight: number;
}

export interface PackerOptions extends Pick<GatoOptions, 'length' | 'batch' | 'context' | 'prompt' | 'loss'> {
  readonly vocabulary: Vocabulary;
  /** null where no task shows pictures: batches have no patches then. */
  readonly patch: PatchShape | null;
  /** Decides rows, prompts and places. */
  readonly seed: number;
}

/** What a target is, for metrics and for its weight. */
export const KINDS = ['observation', 'text', 'action'] as const;

/** A batch of packed rows. The arrays are the packer's: the next batch writes over them. */
export interface PackedBatch {
  readonly inputs: TokenInputs<Value>;
  readonly targets: TargetInputs<Value>;
  /** How many of the targets count; those behind them fill up. */
  readonly count: number;
  /** [count]: the target's task, and its kind as an index into `KINDS`. */
  readonly task: Uint16Array;
  readonly kind: Uint8Array;
  /** Tokens that are no padding. */
  readonly tokens: number;
}

/** What a checkpoint holds of a packer. */
export interface SavedPacker {
  readonly tensors: Record<string, Value>;
  readonly state: Json;
}

/** Sequences do not see padding, nor padding them. */
const NO_SEGMENT = -1;

/**
 * Fills batches of B rows of L tokens. A row belongs to one task and holds several of its sequences one after the other,
 * told apart by `segment`; what is left is padding. Numbers of patches and of targets are rounded up to few sizes, for a
 * program is compiled for each.
 */
export class Packer {
  private readonly sequences: readonly TaskSequences[];
  /** [tasks]: rows of the batch, and the sum of the weights of its targets. */
  private readonly counts: Int32Array;
  private readonly totals: Float64Array;
  private readonly rows: Readonly<Record<'ids' | 'local' | 'order' | 'segment' | 'patch', Int32Array>>;
  private readonly at: Int32Array;
  private readonly target: Int32Array;
  private readonly weight: Float32Array;
  private readonly task: Uint16Array;
  private readonly kind: Uint8Array;
  private readonly patches: PatchArrays;
  private readonly views = new Map<string, Pick<PackedBatch, 'inputs' | 'targets'>>();
  private rowRandom: Stream;
  private placeRandom: Stream;
  private targets = 0;

  constructor(
    private readonly tasks: readonly PackedTask[],
    private readonly options: PackerOptions,
  ) {
    const { batch, length, patch, seed } = options;
    const shape = patch ?? { size: 1, channels: 1 };
    const size = batch * length;
    this.sequences = tasks.map((task) => new TaskSequences(task, options, shape, seed));
    this.counts = new Int32Array(tasks.length);
    this.totals = new Float64Array(tasks.length);
    const row = (): Int32Array => new Int32Array(size);
    this.rows = { ids: row(), local: row(), order: row(), segment: row(), patch: row() };
    const most = roundedUp(size);
    this.at = new Int32Array(most);
    this.target = new Int32Array(most);
    this.weight = new Float32Array(most);
    this.task = new Uint16Array(most);
    this.kind = new Uint8Array(most);
    this.patches = new PatchArrays(patch === null ? 0 : most, shape.size ** 2 * shape.channels);
    this.rowRandom = stream(seed, 'learner/rows');
    this.placeRandom = stream(seed, 'learner/places');
  }

  next(): PackedBatch {
    const { tasks, options, rows, counts, patches } = this;
    rows.ids.fill(options.vocabulary.padding);
    rows.local.fill(-1);
    rows.order.fill(0);
    rows.segment.fill(NO_SEGMENT);
    rows.patch.fill(-1);
    this.targets = 0;
    patches.count = 0;
    shareRows(
      options.batch,
      tasks.map(({ weight }) => weight),
      this.rowRandom,
      counts,
    );
    let row = 0;
    let tokens = 0;
    for (const [task, count] of counts.entries()) for (let i = 0; i < count; i++) tokens += this.fill(row++, task);
    patches.place(this.placeRandom);
    return {
      ...this.viewsFor(roundedUp(patches.count), this.finishTargets()),
      count: this.targets,
      task: this.task.subarray(0, this.targets),
      kind: this.kind.subarray(0, this.targets),
      tokens,
    };
  }

  save(): SavedPacker {
    const tensors: Record<string, Value> = {};
    const tasks = this.sequences.map((sequences, i) => {
      const { state, pixels } = sequences.save();
      if (pixels !== null) tensors[`pixels/${i}`] = pixels;
      return state;
    });
    const state = { rows: this.rowRandom.state(), places: this.placeRandom.state(), tasks };
    return { tensors, state: state as unknown as Json };
  }

  /** Goes on with the batch that would have been next. */
  load(take: Take, saved: Json): void {
    const { rows, places, tasks } = saved as unknown as { rows: StreamState; places: StreamState; tasks: Json[] };
    this.rowRandom = restoreStream(rows);
    this.placeRandom = restoreStream(places);
    for (const [i, sequences] of this.sequences.entries())
      sequences.load(tasks[i]!, (shape) => take(`pixels/${i}`, shape));
  }

  /** Fills a row with sequences of a task; its number of tokens. */
  private fill(row: number, task: number): number {
    const { length } = this.options;
    let used = 0;
    for (let segment = 0; used < length; segment++) {
      const sequence = this.sequences[task]!.next(length - used);
      if (sequence === null) break;
      const first = row * length + used;
      let next = first;
      for (const piece of [sequence.prompt, sequence.steps]) if (piece !== null) next = this.copy(piece, next);
      for (let i = first; i < next; i++) {
        this.rows.order[i] = i - first;
        this.rows.segment[i] = segment;
      }
      this.findTargets(sequence, first, task);
      used += next - first;
    }
    return used;
  }

  /** Copies a piece to the place `at` of the batch; the place after it. */
  private copy({ buffer, from, to }: Piece, at: number): number {
    const { ids, local, patch } = this.rows;
    ids.set(buffer.ids.subarray(from, to), at);
    local.set(buffer.local.subarray(from, to), at);
    for (let i = from; i < to; i++) {
      const k = buffer.patch[i]!;
      if (k >= 0) patch[at + i - from] = this.patches.take(buffer, k);
    }
    return at + to - from;
  }

  /** Every token of a sequence but its first is the target of the one before it, if it counts. */
  private findTargets({ prompt, steps }: { prompt: Piece | null; steps: Piece }, first: number, task: number): void {
    const { loss } = this.options;
    let place = first;
    for (const piece of [prompt, steps]) {
      if (piece === null) continue;
      const { buffer, from, to } = piece;
      for (let i = from; i < to; i++, place++) {
        const kind = buffer.target[i]!;
        const weight = loss[KINDS[kind]!];
        if (place === first || weight === 0 || (kind === TARGET.none && buffer.patch[i]! >= 0)) continue;
        const m = this.targets++;
        this.at[m] = place - 1;
        this.target[m] = buffer.ids[i]!;
        this.weight[m] = weight;
        this.task[m] = task;
        this.kind[m] = kind;
      }
    }
  }

  /** Weights that add up to 1, and zeros behind them; how many targets the program reads. */
  private finishTargets(): number {
    const { targets, weight, task, totals, counts } = this;
    if (this.options.loss.balance === 'task') {
      totals.fill(0);
      for (let m = 0; m < targets; m++) totals[task[m]!]! += weight[m]!;
      for (let m = 0; m < targets; m++) weight[m]! *= counts[task[m]!]! / totals[task[m]!]!;
    }
    let total = 0;
    for (let m = 0; m < targets; m++) total += weight[m]!;
    for (let m = 0; m < targets; m++) weight[m]! /= total;
    const padded = roundedUp(targets);
    this.at.fill(0, targets, padded);
    this.target.fill(0, targets, padded);
    weight.fill(0, targets, padded);
    return padded;
  }

  /** The same arrays for the same sizes, so that programs stay bound to them. */
  private viewsFor(patches: number, targets: number): Pick<PackedBatch, 'inputs' | 'targets'> {
    const key = `${patches} ${targets}`;
    const known = this.views.get(key);
    if (known !== undefined) return known;
    const { batch, length, patch } = this.options;
    const { patch: which, ...rows } = this.rows;
    const all = patch === null ? rows : { ...rows, patch: which };
    const inputs: Values = Object.fromEntries(
      Object.entries(all).map(([name, data]) => [name, int32([batch, length], data)]),
    );
    const views = {
      inputs: { ...inputs, ...(patch === null ? {} : this.patches.views(patches, patch)) } as TokenInputs<Value>,
      targets: {
        at: int32([targets], this.at.subarray(0, targets)),
        target: int32([targets], this.target.subarray(0, targets)),
        weight: float32([targets], this.weight.subarray(0, targets)),
      },
    };
    this.views.set(key, views);
    return views;
  }
}

/** The patches of a batch, side by side. */
class PatchArrays {
  count = 0;
  readonly pixels: Float32Array;
  readonly intervals: Float32Array;
  readonly grid: Int32Array;

  constructor(
    most: number,
    private readonly size: number,
  ) {
    this.pixels = new Float32Array(most * size);
    this.intervals = new Float32Array(most * 4);
    this.grid = new Int32Array(most * 2);
  }

  /** Takes over patch k of a buffer; its number here. */
  take({ pixels, intervals }: TokenBuffer, k: number): number {
    this.pixels.set(pixels.subarray(k * this.size, (k + 1) * this.size), this.count * this.size);
    this.intervals.set(intervals.subarray(k * 4, k * 4 + 4), this.count * 4);
    return this.count++;
  }

  /** Draws where in their intervals they lie. */
  place(random: Stream): void {
    placePatches(this.intervals.subarray(0, this.count * 4), random, this.grid);
  }

  /** The first `count`. What earlier batches left behind the present one's is computed with, and stands nowhere. */
  views(count: number, { size, channels }: PatchShape): Pick<TokenInputs<Value>, 'pixels' | 'grid'> {
    return {
      pixels: float32([count, size, size, channels], this.pixels.subarray(0, count * this.size)),
      grid: int32([count, 2], this.grid.subarray(0, count * 2)),
    };
  }
}

/** The next larger of 32, 48, 64, 96, 128, 192, ...: few sizes, at most half of which is padding. */
export function roundedUp(count: number): number {
  let size = 32;
  while (size < count) size *= 2;
  return size > 32 && (size / 4) * 3 >= count ? (size / 4) * 3 : size;
}
