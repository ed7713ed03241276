import type { Stream } from '../../core/index.ts';
import { bool, float32, int32, type Value } from '../../nn/index.ts';
import type { Take } from '../learner-state.ts';
import type { GroupRollout } from '../rollout.ts';

/** What a history needs to know of the agent. */
export interface HistoryShape {
  readonly copies: number;
  /** Steps of each copy, at most. */
  readonly steps: number;
  /** D. */
  readonly observation: number;
  /** Whether observations are bytes: a fourth of the memory. */
  readonly isBytes: boolean;
  /** A, as models read actions. */
  readonly action: number;
}

/**
 * What was lived through: for each copy its rows in order, as models are shown them (`ModelSequence`): the final observation
 * of an episode has a row of its own, and the first of the next follows. Observations in the environment's units.
 */
export class History {
  /** Rows of each copy so far. */
  readonly filled: Int32Array;
  /** Rows that a copy can have: each step makes one, and each end of an episode one more. */
  readonly capacity: number;
  /** [copies, capacity, D], [.., A], [..]. */
  observation: Float32Array | Uint8Array;
  readonly action: Float32Array;
  readonly reward: Float32Array;
  readonly first: Uint8Array;
  readonly terminal: Uint8Array;

  constructor(readonly shape: HistoryShape) {
    const { copies, steps, observation, action, isBytes } = shape;
    this.capacity = 2 * steps + 1;
    const rows = copies * this.capacity;
    this.filled = new Int32Array(copies);
    this.observation = isBytes ? new Uint8Array(rows * observation) : new Float32Array(rows * observation);
    this.action = new Float32Array(rows * action);
    this.reward = new Float32Array(rows);
    this.first = new Uint8Array(rows);
    this.terminal = new Uint8Array(rows);
  }

  /** Rows in all. */
  get rows(): number {
    return this.filled.reduce((sum, each) => sum + each, 0);
  }

  /** Row 0 of a rollout: the first observations of all copies. */
  begin({ observation }: GroupRollout): void {
    for (let b = 0; b < this.shape.copies; b++) this.add(b, observation, b, 1, 0, 0);
  }

  /** Step t of a rollout. encoded: [copies, A], its actions as models read them. */
  step(t: number, rollout: GroupRollout, encoded: Float32Array): void {
    const { copies, action: A } = this.shape;
    for (let b = 0; b < copies; b++) {
      const at = t * copies + b;
      const isOver = rollout.terminated[at] === 1 || rollout.truncated[at] === 1;
      const row = b * this.capacity + this.filled[b]!;
      for (let a = 0; a < A; a++) this.action[row * A + a] = encoded[b * A + a]!;
      const seen = isOver ? rollout.finalObservation : rollout.observation;
      this.add(b, seen, isOver ? b : (t + 1) * copies + b, 0, rollout.reward[at]!, rollout.terminated[at]!);
      if (isOver) this.add(b, rollout.observation, (t + 1) * copies + b, 1, 0, 0);
    }
  }

  /** Which row of the arrays is the k-th of all: 0 to `rows` - 1. */
  rowAt(k: number): number {
    let left = k;
    for (let b = 0; b < this.shape.copies; b++) {
      if (left < this.filled[b]!) return b * this.capacity + left;
      left -= this.filled[b]!;
    }
    return -1;
  }

  /** The row where a window of `length` rows of one copy begins, all equally likely; needs one that is long enough. */
  drawWindow(length: number, stream: Stream): number {
    let places = 0;
    for (const rows of this.filled) places += Math.max(0, rows - length + 1);
    let left = stream.integer(places);
    for (let b = 0; ; b++) {
      const here = Math.max(0, this.filled[b]! - length + 1);
      if (left < here) return b * this.capacity + left;
      left -= here;
    }
  }

  /** Rows where episodes begin. */
  firstRows(): number[] {
    const found: number[] = [];
    for (let k = 0; k < this.rows; k++) {
      const row = this.rowAt(k);
      if (this.first[row] === 1) found.push(row);
    }
    return found;
  }

  /** Forgets what was seen, once nothing needs it any more. */
  dropObservations(): void {
    this.observation = new Uint8Array(0);
  }

  /** What `load` takes: the rows that are filled, packed. Bytes travel four to an integer. */
  save(): Record<string, Value> {
    const { observation: D, action: A, isBytes } = this.shape;
    const rows = this.rows;
    const kept: Record<string, Value> = {
      action: float32([rows, A], this.packed(this.action, A) as Float32Array),
      reward: float32([rows], this.packed(this.reward, 1) as Float32Array),
      first: bool([rows], this.packed(this.first, 1) as Uint8Array),
      terminal: bool([rows], this.packed(this.terminal, 1) as Uint8Array),
    };
    if (this.observation.length === 0) return kept;
    const seen = this.packed(this.observation, D);
    return {
      ...kept,
      observation: isBytes
        ? int32([Math.ceil((rows * D) / 4)], inFours(seen))
        : float32([rows, D], seen as Float32Array),
    };
  }

  /** Takes back what `save` gave for so many rows of each copy. */
  load(take: Take, filled: readonly number[], hasObservations: boolean): void {
    const { observation: D, action: A, isBytes } = this.shape;
    this.filled.set(filled);
    const rows = this.rows;
    this.unpack(this.action, take('action', [rows, A]), A);
    this.unpack(this.reward, take('reward', [rows]), 1);
    this.unpack(this.first, take('first', [rows]), 1);
    this.unpack(this.terminal, take('terminal', [rows]), 1);
    if (!hasObservations) this.dropObservations();
    else if (!isBytes) this.unpack(this.observation, take('observation', [rows, D]), D);
    else {
      const fours = take('observation', [Math.ceil((rows * D) / 4)]) as unknown as Int32Array;
      this.unpack(this.observation, new Uint8Array(fours.slice().buffer), D);
    }
  }

  private add(b: number, seen: Float32Array, from: number, first: number, reward: number, terminal: number): void {
    const D = this.shape.observation;
    const row = b * this.capacity + this.filled[b]!++;
    for (let d = 0; d < D; d++) this.observation[row * D + d] = seen[from * D + d]!;
    this.reward[row] = reward;
    this.first[row] = first;
    this.terminal[row] = terminal;
  }

  /** The filled rows of an array of `width` numbers a row, one after the other. */
  packed(data: Float32Array | Uint8Array, width: number): Float32Array | Uint8Array {
    const size = this.rows * width;
    const out = data instanceof Uint8Array ? new Uint8Array(size) : new Float32Array(size);
    let at = 0;
    for (let b = 0; b < this.shape.copies; b++) {
      const from = b * this.capacity * width;
      const length = this.filled[b]! * width;
      out.set(data.subarray(from, from + length), at);
      at += length;
    }
    return out;
  }

  /** The inverse of `packed`. */
  unpack(data: Float32Array | Uint8Array, from: ArrayLike<number>, width: number): void {
    let at = 0;
    for (let b = 0; b < this.shape.copies; b++) {
      const to = b * this.capacity * width;
      for (let i = 0; i < this.filled[b]! * width; i++) data[to + i] = from[at++]!;
    }
  }
}

/** Bytes as integers of four bytes each, zeros behind. */
function inFours(bytes: Float32Array | Uint8Array): Int32Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return new Int32Array(whole.buffer);
}
