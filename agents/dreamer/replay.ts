import { type Json, LightbulbError, type Stream } from '../../core/index.ts';
import { float32, int32, type Value } from '../../nn/index.ts';
import type { Take } from '../learner-state.ts';

/** The sizes of a replay. */
export interface SequenceShape {
  /** B: copies, each with a stream of rows of its own. */
  readonly copies: number;
  /** Rows that are kept of each copy. */
  readonly capacity: number;
  /** D and A of the model; its S, or 0 where states are not kept; K tasks. */
  readonly observation: number;
  readonly action: number;
  readonly state: number;
  readonly tasks: number;
}

/** One row: a moment of an episode, with the action, reward and flags that came with it. */
export interface ReplayRow {
  readonly reward: number;
  readonly first: boolean;
  readonly terminal: boolean;
}

/** Where the rows lie; plain data, part of a checkpoint. */
export interface SequenceReplayState {
  readonly written: readonly number[];
  readonly nextEpisode: number;
  readonly levels: readonly (readonly [episode: number, level: Json])[];
}

/** A batch of sequences, time-major: arrays that are filled anew by each `sample`. */
export interface SequenceBatch {
  /** [L, B, D], [L, B, A], [L, B] each. */
  readonly observation: Value;
  readonly action: Value;
  readonly reward: Value;
  readonly first: Value;
  readonly terminal: Value;
  /** [L, B, K]: rewards under each task. */
  readonly tasks: Value;
  /** [B, S]: the state in front of each sequence. */
  readonly state: Value;
  /** [L * B]: where each row lies in the replay. */
  readonly places: Int32Array;
}

/**
 * Streams of rows, one ring for each copy; sequences are drawn uniformly and may run over ends of episodes (`first` says
 * where). States that a model inferred are kept with the rows, and written back when it has learned better ones
 * (DreamerV3's replay context). Each row knows its episode, and that the level it was played on.
 */
export class SequenceReplay {
  private readonly observation: Float32Array;
  private readonly action: Float32Array;
  private readonly reward: Float32Array;
  private readonly first: Float32Array;
  private readonly terminal: Float32Array;
  private readonly tasks: Float32Array;
  private readonly state: Float32Array;
  private readonly episode: Int32Array;
  /** Rows ever written, of each copy. */
  private readonly written: Float64Array;
  private readonly levels = new Map<number, Json>();
  private nextEpisode = 0;

  /** Error `invalid_input` where it would not fit into arrays of 2 GiB. */
  constructor(readonly shape: SequenceShape) {
    const { copies, capacity, observation, action, state, tasks } = shape;
    const rows = copies * capacity;
    const widest = Math.max(observation, action, state, tasks);
    if (rows * widest * 4 >= 2 ** 31)
      throw new LightbulbError('invalid_input', 'the replay does not fit into memory', {
        where: '/learner/replay',
        wanted: `at most ${Math.floor(2 ** 31 / 4 / widest)} rows of ${widest} numbers`,
        got: String(rows),
        cure: widest === state ? 'Set "storedStates": false, or hold fewer rows' : 'Hold fewer rows',
      });
    this.observation = new Float32Array(rows * observation);
    this.action = new Float32Array(rows * action);
    this.reward = new Float32Array(rows);
    this.first = new Float32Array(rows);
    this.terminal = new Float32Array(rows);
    this.tasks = new Float32Array(rows * tasks);
    this.state = new Float32Array(rows * state);
    this.episode = new Int32Array(rows);
    this.written = new Float64Array(copies);
  }

  /** Rows that can be drawn from. */
  get size(): number {
    let size = 0;
    for (const count of this.written) size += Math.min(count, this.shape.capacity);
    return size;
  }

  /** An episode of copy `b` begins: its rows from now on belong to this level. */
  begin(level: Json | undefined): number {
    const episode = this.nextEpisode++;
    if (level !== undefined) this.levels.set(episode, level);
    return episode;
  }

  /** Writes the next row of copy `b`. Observation, action and task rewards are read from these places of their arrays. */
  write(
    b: number,
    episode: number,
    { reward, first, terminal }: ReplayRow,
    from: {
      readonly observation: ArrayLike<number>;
      readonly observationAt: number;
      readonly action: ArrayLike<number>;
      readonly actionAt: number;
      readonly tasks?: ArrayLike<number>;
    },
  ): void {
    const { capacity, observation: D, action: A, tasks: K } = this.shape;
    const count = this.written[b]!;
    const place = b * capacity + (count % capacity);
    if (count >= capacity) this.forget(b, place, count);
    for (let i = 0; i < D; i++) this.observation[place * D + i] = from.observation[from.observationAt + i]!;
    for (let i = 0; i < A; i++) this.action[place * A + i] = first ? 0 : from.action[from.actionAt + i]!;
    for (let i = 0; i < K; i++) this.tasks[place * K + i] = first ? 0 : from.tasks![b * K + i]!;
    this.reward[place] = first ? 0 : reward;
    this.first[place] = first ? 1 : 0;
    this.terminal[place] = terminal ? 1 : 0;
    this.state.fill(0, place * this.shape.state, (place + 1) * this.shape.state);
    this.episode[place] = episode;
    this.written[b] = count + 1;
  }

  /** Keeps the state that belongs to the last row of copy `b`: row `b` of `states` [B, S]. */
  keepState(b: number, states: Float32Array): void {
    const { capacity, state: S } = this.shape;
    const place = b * capacity + ((this.written[b]! - 1) % capacity);
    this.state.set(states.subarray(b * S, (b + 1) * S), place * S);
  }

  /** Whether sequences of this length can be drawn. */
  holds(length: number): boolean {
    return this.startsOf(length).total > 0;
  }

  /** Fills a batch: sequences drawn uniformly among all that lie in the replay, with a row in front of each. */
  sample(random: Stream, batch: SequenceBatch, isStateStored: boolean): void {
    const { capacity, observation: D, action: A, tasks: K, state: S } = this.shape;
    const [L, B] = batch.first.shape as [number, number];
    const { total, counts } = this.startsOf(L);
    if (total === 0) throw new LightbulbError('internal', 'a replay is drawn from before it holds a sequence');
    for (let i = 0; i < B; i++) {
      let drawn = random.integer(total);
      let b = 0;
      while (drawn >= counts[b]!) drawn -= counts[b++]!;
      const oldest = Math.max(0, this.written[b]! - capacity);
      const before = b * capacity + ((oldest + drawn) % capacity);
      const context = batch.state.data as Float32Array;
      if (isStateStored) context.set(this.state.subarray(before * S, (before + 1) * S), i * S);
      for (let t = 0; t < L; t++) {
        const place = b * capacity + ((oldest + drawn + 1 + t) % capacity);
        this.copyInto(batch, t * B + i, place, D, A, K);
      }
    }
  }

  /** Fills a batch of one sequence for each copy with the newest rows there are, with nothing in front. */
  newest(batch: SequenceBatch): void {
    const { copies, capacity, observation: D, action: A, tasks: K } = this.shape;
    const [L] = batch.first.shape as [number, number];
    (batch.state.data as Float32Array).fill(0);
    for (let b = 0; b < copies; b++) {
      const oldest = this.written[b]! - L;
      if (oldest < 0) throw new LightbulbError('internal', 'a replay is asked for rows that it does not hold');
      for (let t = 0; t < L; t++)
        this.copyInto(batch, t * copies + b, b * capacity + ((oldest + t) % capacity), D, A, K);
    }
  }

  /** Puts newer states [L, B, S] in the place of the ones that the rows of a batch have. */
  writeBack(places: Int32Array, states: Float32Array): void {
    const { state: S } = this.shape;
    for (let row = 0; row < places.length; row++)
      this.state.set(states.subarray(row * S, (row + 1) * S), places[row]! * S);
  }

  /** The level that the row at this place was played on, where one was told. */
  level(place: number): Json | undefined {
    return this.levels.get(this.episode[place]!);
  }

  /** Copies of all arrays, by name. */
  save(): Record<string, Value> {
    const { copies, capacity } = this.shape;
    const used = Math.min(capacity, Math.max(1, ...this.written));
    return Object.fromEntries(
      this.columns().map(([name, data, width]): [string, Value] => {
        const shape = [copies, used, width];
        const kept = data instanceof Int32Array ? int32(shape) : float32(shape);
        for (let b = 0; b < copies; b++)
          kept.data.set(data.subarray(b * capacity * width, (b * capacity + used) * width), b * used * width);
        return [name, kept];
      }),
    );
  }

  position(): SequenceReplayState {
    return { written: Array.from(this.written), nextEpisode: this.nextEpisode, levels: [...this.levels] };
  }

  /** Takes back what `save` and `position` gave. Error `mismatch` naming the first array that does not fit. */
  load(take: Take, { written, nextEpisode, levels }: SequenceReplayState): void {
    const { copies, capacity } = this.shape;
    const used = Math.min(capacity, Math.max(1, ...written));
    for (const [name, data, width] of this.columns()) {
      const kept = take(name, [copies, used, width]);
      for (let b = 0; b < copies; b++)
        data.set(kept.subarray(b * used * width, (b + 1) * used * width), b * capacity * width);
    }
    this.written.set(written);
    this.nextEpisode = nextEpisode;
    this.levels.clear();
    for (const [episode, level] of levels) this.levels.set(episode, level);
  }

  private copyInto(batch: SequenceBatch, row: number, place: number, D: number, A: number, K: number): void {
    batch.places[row] = place;
    copyRow(this.observation, place, batch.observation.data, row, D);
    copyRow(this.action, place, batch.action.data, row, A);
    copyRow(this.tasks, place, batch.tasks.data, row, K);
    batch.reward.data[row] = this.reward[place]!;
    batch.first.data[row] = this.first[place]!;
    batch.terminal.data[row] = this.terminal[place]!;
  }

  /** How many sequences of `length` rows with one in front begin in each copy's stream. */
  private startsOf(length: number): { readonly total: number; readonly counts: number[] } {
    const counts = Array.from(this.written, (count) => Math.max(0, Math.min(count, this.shape.capacity) - length));
    return { total: counts.reduce((sum, count) => sum + count, 0), counts };
  }

  /** The oldest row of a copy goes; its episode's level too, if it was the last row of it. */
  private forget(b: number, place: number, count: number): void {
    const { capacity } = this.shape;
    const episode = this.episode[place]!;
    const next = b * capacity + ((count + 1) % capacity);
    if (this.episode[next] !== episode) this.levels.delete(episode);
  }

  private columns(): [name: string, data: Float32Array | Int32Array, width: number][] {
    const { observation, action, state, tasks } = this.shape;
    const all: [string, Float32Array | Int32Array, number][] = [
      ['observation', this.observation, observation],
      ['action', this.action, action],
      ['reward', this.reward, 1],
      ['first', this.first, 1],
      ['terminal', this.terminal, 1],
      ['tasks', this.tasks, tasks],
      ['state', this.state, state],
      ['episode', this.episode, 1],
    ];
    return all.filter(([, , width]) => width > 0);
  }
}

/** Arrays for batches of `sequences` of `length` rows. stateSize: S of the model, also where no states are kept. */
export function sequenceBatch(
  shape: SequenceShape,
  length: number,
  sequences: number,
  stateSize = shape.state,
): SequenceBatch {
  const { observation, action, tasks } = shape;
  return {
    observation: float32([length, sequences, observation]),
    action: float32([length, sequences, action]),
    reward: float32([length, sequences]),
    first: float32([length, sequences]),
    terminal: float32([length, sequences]),
    tasks: float32([length, sequences, tasks]),
    state: float32([sequences, stateSize]),
    places: new Int32Array(length * sequences),
  };
}

function copyRow(
  from: Float32Array,
  place: number,
  to: { [i: number]: number; readonly length: number },
  row: number,
  width: number,
): void {
  for (let i = 0, at = place * width, into = row * width; i < width; i++) to[into + i] = from[at + i]!;
}
