import { type Json, LightbulbError, restoreStream, type Stream, type StreamState, stream } from '../core/index.ts';

/**
 * What every built-in environment keeps for each of its copies besides its physics: a random stream, the level it is
 * told to play, and how both are saved together with the arrays that hold the physics.
 *
 * `arrays` names all state that decides the future, by reference: what is not in there is not saved.
 */
export class Copies<Level = Json> {
  private streams: Stream[] = [];
  private readonly levels: (Json | undefined)[];
  private readonly parsed: (Level | undefined)[];

  /** `parse` turns plain data into a level or throws; without it, the environment has no levels. */
  constructor(
    readonly environment: string,
    readonly size: number,
    private readonly arrays: Readonly<Record<string, Float64Array | Int32Array>>,
    private readonly parse?: (level: Json) => Level,
  ) {
    this.levels = new Array<Json | undefined>(size).fill(undefined);
    this.parsed = new Array<Level | undefined>(size).fill(undefined);
  }

  /** Opens the streams of a run; levels stay. */
  start(seed: number): void {
    this.streams = Array.from({ length: this.size }, (_, b) => stream(seed, `environment/${b}`));
  }

  /** Throws a `contract` error where neither `reset` nor `restore` came before. */
  requireStarted(): void {
    if (this.streams.length === 0) {
      throw new LightbulbError('contract', 'step came before reset', {
        where: this.environment,
        cure: 'Call reset(seed, output) once, or restore a snapshot',
      });
    }
  }

  /** The stream of copy `b`; only after `start` or `restore`. */
  stream(b: number): Stream {
    return this.streams[b]!;
  }

  level(b: number): Level | undefined {
    return this.parsed[b];
  }

  setLevel(b: number, level: Json | undefined): void {
    if (!Number.isInteger(b) || b < 0 || b >= this.size) {
      throw new LightbulbError('invalid_input', 'a level was given to a copy that does not exist', {
        where: this.environment,
        wanted: `0 to ${this.size - 1}`,
        got: String(b),
      });
    }
    this.parsed[b] = level === undefined ? undefined : this.read(level);
    this.levels[b] = level;
  }

  /** Plain data: numbers as doubles, which JSON keeps exactly. */
  snapshot(): Json {
    this.requireStarted();
    return {
      environment: this.environment,
      copies: this.size,
      streams: this.streams.map((each) => ({ ...each.state() })),
      // A wrapper, because null is a level like any other JSON.
      levels: this.levels.map((level) => (level === undefined ? [] : [level])),
      arrays: Object.fromEntries(Object.entries(this.arrays).map(([name, values]) => [name, Array.from(values)])),
    };
  }

  /** Takes a snapshot over. Changes nothing where the snapshot does not fit (`mismatch`) or is damaged (`corrupt`). */
  restore(snapshot: Json): void {
    const saved = snapshot as Partial<Saved> | null;
    if (saved?.environment !== this.environment || saved.copies !== this.size) {
      throw new LightbulbError('mismatch', 'this snapshot belongs to another environment', {
        where: this.environment,
        wanted: `${this.environment} in ${this.size} copies`,
        got: `${String(saved?.environment)} in ${String(saved?.copies)} copies`,
      });
    }
    const { streams, levels, arrays } = saved;
    if (streams?.length !== this.size || levels?.length !== this.size || arrays === undefined) {
      throw this.corrupt('streams, levels or arrays are missing');
    }
    for (const [name, target] of Object.entries(this.arrays)) {
      const values = arrays[name];
      if (values?.length !== target.length) {
        throw new LightbulbError('mismatch', `the snapshot's "${name}" has another size`, {
          where: this.environment,
          wanted: String(target.length),
          got: String(values?.length),
          cure: 'The environment was made with other options than now',
        });
      }
      if (!values.every((value) => Number.isFinite(value))) throw this.corrupt(`"${name}" holds what is not a number`);
    }
    const parsed = levels.map((level) => (level.length === 0 ? undefined : this.read(level[0]!)));
    const opened = streams.map((state) => {
      if (typeof state?.alea?.c !== 'number') throw this.corrupt('a random stream has no state');
      return restoreStream(state);
    });
    for (const [name, target] of Object.entries(this.arrays)) target.set(arrays[name]!);
    for (let b = 0; b < this.size; b++) {
      this.levels[b] = levels[b]!.length === 0 ? undefined : levels[b]![0];
      this.parsed[b] = parsed[b];
    }
    this.streams = opened;
  }

  private read(level: Json): Level {
    if (this.parse === undefined) {
      throw new LightbulbError('unsupported', 'this environment has no levels', { where: this.environment });
    }
    return this.parse(level);
  }

  private corrupt(problem: string): LightbulbError {
    return new LightbulbError('corrupt', `the snapshot is damaged: ${problem}`, { where: this.environment });
  }
}

interface Saved {
  readonly environment: string;
  readonly copies: number;
  readonly streams: readonly StreamState[];
  readonly levels: readonly (readonly Json[])[];
  readonly arrays: Readonly<Record<string, readonly number[]>>;
}
