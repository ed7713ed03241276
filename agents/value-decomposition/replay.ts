import { LightbulbError, type Stream } from '../../core/index.ts';
import { bool, float32, int32, type Value } from '../../nn/index.ts';
import type { Take } from '../learner-state.ts';

/** The sizes of a replay. */
export interface ReplayShape {
  /** For each unit: `n` agents, `D` observation numbers, `M` mask entries (0: everything is legal). */
  readonly units: readonly { readonly n: number; readonly D: number; readonly M: number }[];
  /** Agents of all units together, N. */
  readonly agents: number;
  /** Values that are learned for a step, and rewards: 1 for a team, else N. */
  readonly rewards: number;
  /** Numbers of the environment's own state; 0 where the observations side by side are the state. */
  readonly S: number;
  /** Steps of the longest episode, L. */
  readonly steps: number;
  /** Episodes it holds. */
  readonly capacity: number;
  /** Copies whose episodes under way it holds besides, B. */
  readonly copies: number;
}

/** One kind of numbers: `rows` rows of `width` numbers in each slot. */
export interface Column<Data extends Float32Array | Int32Array | Uint8Array = Float32Array> {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  readonly data: Data;
}

/** Where the episodes lie; plain data, part of a checkpoint. */
export interface ReplayState {
  readonly ring: readonly number[];
  readonly head: number;
  readonly used: number;
  readonly staging: readonly number[];
  readonly length: readonly number[];
}

/** The most bytes of one column: a file can be written in one piece up to here. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Whole episodes as struct-of-arrays, in slots allocated once. Each copy fills a slot of its own; a finished episode
 * stays where it is and only its slot's number moves into the ring, in exchange for the slot of the oldest episode.
 * Row t of a slot holds what was seen and done at step t; the row after the last step holds what was seen then.
 */
export class Replay {
  /** [L + 1, n * D] for each unit; dead agents are zeros. */
  readonly observation: readonly Column[];
  /** [L, n] */
  readonly action: readonly Column<Int32Array>[];
  /** [L + 1, n * M] */
  readonly mask: readonly Column<Uint8Array>[];
  /** [L, N]: 1 where the agent acted. */
  readonly alive: Column<Uint8Array>;
  /** [L, N]: 1 where the agent's future counts after the step: it lives on, or was merely stopped. */
  readonly goesOn: Column<Uint8Array>;
  /** [L, rewards] */
  readonly reward: Column;
  /** [L + 1, S] */
  readonly state: Column;
  /** Steps in each slot. */
  readonly length: Int32Array;
  /** The slot that each copy writes to. */
  readonly staging: Int32Array;
  private readonly ring: Int32Array;
  private head = 0;
  private count = 0;
  /** Slots that were ever given out. */
  private used: number;

  constructor(readonly shape: ReplayShape) {
    const { units, agents, rewards, S, steps, capacity, copies } = shape;
    const slots = capacity + copies;
    const column = <Data extends Float32Array | Int32Array | Uint8Array>(
      Typed: { new (length: number): Data; readonly BYTES_PER_ELEMENT: number },
      name: string,
      rows: number,
      width: number,
    ): Column<Data> => {
      const length = slots * rows * width;
      const bytes = length * Typed.BYTES_PER_ELEMENT;
      if (bytes > MOST_BYTES) throw tooLarge(name, bytes, capacity);
      return { name, rows, width, data: new Typed(length) };
    };
    this.observation = units.map(({ n, D }, u) => column(Float32Array, `observation/${u}`, steps + 1, n * D));
    this.action = units.map(({ n }, u) => column(Int32Array, `action/${u}`, steps, n));
    this.mask = units.map(({ n, M }, u) => column(Uint8Array, `mask/${u}`, steps + 1, n * M));
    this.alive = column(Uint8Array, 'alive', steps, agents);
    this.goesOn = column(Uint8Array, 'goesOn', steps, agents);
    this.reward = column(Float32Array, 'reward', steps, rewards);
    this.state = column(Float32Array, 'state', steps + 1, S);
    this.length = new Int32Array(slots);
    this.staging = Int32Array.from({ length: copies }, (_, b) => b);
    this.ring = new Int32Array(capacity);
    this.used = copies;
  }

  /** Episodes that can be drawn. */
  get size(): number {
    return this.count;
  }

  /** The slots of the episodes, in no order of time once the ring is full. */
  slots(): Int32Array {
    return this.ring.slice(0, this.count);
  }

  /** The episode of copy `b` is whole: it can be drawn from now on, and the copy gets another slot. */
  commit(b: number): void {
    const slot = this.staging[b]!;
    if (this.count < this.shape.capacity) {
      this.staging[b] = this.used++;
      this.count++;
    } else this.staging[b] = this.ring[this.head]!;
    this.ring[this.head] = slot;
    this.head = (this.head + 1) % this.shape.capacity;
  }

  /**
   * Fills `out` with the slots of different episodes, every subset of them as likely as any other (Floyd's
   * algorithm; Bentley and Floyd 1987). There must be enough of them.
   */
  sample(stream: Stream, out: Int32Array): void {
    if (this.count < out.length) throw new LightbulbError('internal', 'more episodes were drawn than a replay holds');
    for (let i = 0, last = this.count - out.length; i < out.length; i++, last++) {
      const drawn = this.ring[stream.integer(last + 1)]!;
      out[i] = out.subarray(0, i).includes(drawn) ? this.ring[last]! : drawn;
    }
  }

  /** Copies of all slots in use, by name. */
  save(): Record<string, Value> {
    return Object.fromEntries(
      this.columns().map((column) => {
        const taken = column.data.slice(0, this.used * column.rows * column.width);
        return [column.name, asValue(taken, [this.used, column.rows, column.width])];
      }),
    );
  }

  position(): ReplayState {
    return {
      ring: Array.from(this.slots()),
      head: this.head,
      used: this.used,
      staging: Array.from(this.staging),
      length: Array.from(this.length.subarray(0, this.used)),
    };
  }

  /** Takes back what `save` and `position` gave. Error `mismatch` naming the first array that does not fit. */
  load(take: Take, { ring, head, used, staging, length }: ReplayState): void {
    if (ring.length > this.shape.capacity || staging.length !== this.shape.copies || used > this.length.length) {
      throw new LightbulbError('mismatch', 'the checkpoint belongs to a replay of another size', {
        wanted: `${this.shape.capacity} episodes of ${this.shape.copies} copies`,
        got: `${ring.length} of ${staging.length}`,
        cure: 'Resume with the scenario that wrote it',
      });
    }
    for (const column of this.columns())
      column.data.set(take(column.name, [used, column.rows, column.width]) as unknown as typeof column.data);
    this.ring.set(ring);
    this.count = ring.length;
    this.head = head;
    this.used = used;
    this.staging.set(staging);
    this.length.set(length);
  }

  private columns(): Column<Float32Array | Int32Array | Uint8Array>[] {
    const { observation, action, mask, alive, goesOn, reward, state } = this;
    const all = [...observation, ...action, ...mask, alive, goesOn, reward, state];
    return all.filter(({ width }) => width > 0);
  }
}

function asValue(data: Float32Array | Int32Array | Uint8Array, shape: readonly number[]): Value {
  if (data instanceof Float32Array) return float32(shape, data);
  return data instanceof Int32Array ? int32(shape, data) : bool(shape, data);
}

function tooLarge(name: string, bytes: number, capacity: number): LightbulbError {
  return new LightbulbError('invalid_input', `a replay of ${capacity} episodes does not fit into memory`, {
    where: '/learner/replay',
    wanted: `at most ${MOST_BYTES} bytes of ${name}`,
    got: `${bytes}`,
    cure: 'Hold fewer episodes, or set episodeLimit',
  });
}
