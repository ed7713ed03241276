import { createHash } from 'node:crypto';
import { type Json, LightbulbError, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import type { DatasetManifest, Track, Window } from './manifest.ts';
import type { ShardGroup } from './shard.ts';
import type { WindowOptions, WindowSource } from './source.ts';

/** Where shards come from: `Shards`. */
export interface ShardReader {
  readonly folder: string;
  readonly manifest: DatasetManifest;
  read(index: number): readonly ShardGroup[];
}

/** What `save` answers. */
interface Saved {
  /** Which dataset and options the position belongs to. */
  readonly of: string;
  readonly epoch: number;
  /** Which set of open shards of the epoch, and how many of its windows were handed out. */
  readonly set: number;
  readonly at: number;
  readonly prompts: StreamState;
}

/** The windows of the shards that are open together, in the order in which they are handed out. */
interface Plan {
  readonly shards: readonly (readonly ShardGroup[])[];
  /** Where each track stands, [tracks * 3]: shard (of `shards`), group, and number within them. */
  readonly places: Int32Array;
  /** Each window's track (of `places`), first step, and the one after its last. */
  readonly track: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Which window comes when. */
  readonly order: Int32Array;
  /** Tracks by group and agent, for prompts. */
  readonly tracksOf: ReadonlyMap<string, readonly number[]>;
}

const SHARDS_OPEN = 4;

/**
 * Each epoch shuffles the shards, takes `openShards` of them at a time, cuts their tracks at places that begin with a
 * random phase, and shuffles the windows. The order follows from seed, epoch and set alone, so a position is three
 * numbers.
 */
export class ShuffledWindows implements WindowSource {
  readonly manifest: DatasetManifest;
  private readonly steps: number;
  private readonly openShards: number;
  private readonly filled: readonly number[];
  private readonly identity: string;
  private epoch = 0;
  private set = 0;
  private at = 0;
  private plan: Plan | null = null;
  private prompts: Stream;

  constructor(
    private readonly reader: ShardReader,
    private readonly options: WindowOptions,
  ) {
    const { steps, seed, openShards = SHARDS_OPEN } = options;
    mustCount('steps', steps ?? 1);
    mustCount('openShards', openShards);
    this.manifest = reader.manifest;
    this.steps = steps ?? Number.POSITIVE_INFINITY;
    this.openShards = openShards;
    const { shards } = this.manifest;
    this.filled = [...shards.keys()].filter((s) => shards[s]!.tracks.some((tracks) => tracks > 0));
    if (this.filled.length === 0)
      throw new LightbulbError('invalid_input', 'there is not a single step in this dataset', { where: reader.folder });
    this.prompts = stream(seed, 'windows/prompts');
    const hashes = shards.map(({ sha256 }) => sha256).join();
    const content = createHash('sha256').update(hashes).digest('hex').slice(0, 16);
    this.identity = `${content} steps ${steps} seed ${seed} open ${openShards}`;
  }

  /** Shards in memory now. */
  get shardsOpen(): number {
    return this.plan?.shards.length ?? 0;
  }

  next(): Window {
    let plan = this.opened();
    if (this.at === plan.order.length) {
      this.at = 0;
      this.set++;
      if (this.set * this.openShards >= this.filled.length) {
        this.set = 0;
        this.epoch++;
      }
      this.plan = null; // let go of the old shards before the new ones come
      plan = this.opened();
    }
    const window = plan.order[this.at++]!;
    const track = this.trackAt(plan, plan.track[window]!);
    return { track, from: plan.from[window]!, to: plan.to[window]! };
  }

  prompt(group: number, agent: number): Track {
    const plan = this.opened();
    const key = keyOf(group, agent);
    const near = plan.tracksOf.get(key);
    if (near !== undefined) return this.trackAt(plan, near[this.prompts.integer(near.length)]!);
    return this.promptFromElsewhere(group, agent);
  }

  save(): Json {
    const { identity, epoch, set, at, prompts } = this;
    const saved: Saved = { of: identity, epoch, set, at, prompts: prompts.state() };
    return saved as unknown as Json;
  }

  load(state: Json): void {
    const { of, epoch, set, at, prompts } = state as unknown as Saved;
    if (of !== this.identity)
      throw new LightbulbError('mismatch', 'this position belongs to another dataset, or to other options', {
        where: this.reader.folder,
        wanted: this.identity,
        got: String(of),
        cure: 'Begin anew where the dataset was made anew',
      });
    if (epoch !== this.epoch || set !== this.set) this.plan = null;
    this.epoch = epoch;
    this.set = set;
    this.at = at;
    this.prompts = restoreStream(prompts);
  }

  private opened(): Plan {
    this.plan ??= this.makePlan();
    return this.plan;
  }

  private makePlan(): Plan {
    const { reader, options, openShards, epoch, set } = this;
    const shardOrder = Int32Array.from(this.filled);
    stream(options.seed, `windows/${epoch}/shards`).shuffle(shardOrder);
    const chosen = shardOrder.subarray(set * openShards, (set + 1) * openShards);
    const shards = Array.from(chosen, (index) => reader.read(index));
    const random = stream(options.seed, `windows/${epoch}/set/${set}`);
    const places: number[] = [];
    const [track, from, to]: [number[], number[], number[]] = [[], [], []];
    const tracksOf = new Map<string, number[]>();
    for (const [s, groups] of shards.entries())
      for (const [g, group] of groups.entries())
        for (let k = 0; k < group.tracks; k++) {
          const number = places.length / 3;
          places.push(s, g, k);
          const key = keyOf(g, group.agent[k]!);
          const known = tracksOf.get(key);
          if (known === undefined) tracksOf.set(key, [number]);
          else known.push(number);
          const length = group.start[k + 1]! - group.start[k]!;
          for (const [first, last] of cuts(length, this.steps, random)) {
            track.push(number);
            from.push(first);
            to.push(last);
          }
        }
    const order = Int32Array.from(track.keys());
    random.shuffle(order);
    return {
      shards,
      places: Int32Array.from(places),
      track: Int32Array.from(track),
      from: Int32Array.from(from),
      to: Int32Array.from(to),
      order,
      tracksOf,
    };
  }

  private trackAt({ shards, places }: Plan, number: number): Track {
    const [s, g, k] = [places[number * 3]!, places[number * 3 + 1]!, places[number * 3 + 2]!];
    return shards[s]![g]!.track(k);
  }

  /** From the first shard that has such a track, in a random order; it is not kept open. */
  private promptFromElsewhere(group: number, agent: number): Track {
    const { shards } = this.manifest;
    const rest = Int32Array.from(this.filled.filter((s) => (shards[s]!.tracks[group] ?? 0) > 0));
    this.prompts.shuffle(rest);
    for (const s of rest) {
      const part = this.reader.read(s)[group]!;
      const numbers = [...part.agent.keys()].filter((k) => part.agent[k] === agent);
      if (numbers.length > 0) return part.track(numbers[this.prompts.integer(numbers.length)]!);
    }
    throw new LightbulbError('invalid_input', 'there is no track of this agent in the dataset', {
      where: this.reader.folder,
      wanted: `agent ${agent} of group ${group}`,
    });
  }
}

/** Pieces of at most `most` steps, the first of a random length: which steps share a piece changes with each epoch. */
function* cuts(length: number, most: number, random: Stream): Generator<readonly [from: number, to: number]> {
  if (length <= 1 || most === Number.POSITIVE_INFINITY) {
    yield [0, length];
    return;
  }
  let from = 0;
  let to = Math.min(length, 1 + random.integer(most));
  while (from < length) {
    yield [from, to];
    from = to;
    to = Math.min(length, to + most);
  }
}

function keyOf(group: number, agent: number): string {
  return `${group} ${agent}`;
}

function mustCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new LightbulbError('invalid_input', 'windows cannot be cut so', {
    where: name,
    wanted: 'a whole number from 1',
    got: String(value),
  });
}
