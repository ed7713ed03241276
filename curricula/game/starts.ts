import { type Json, LightbulbError, type Stream } from '../../core/index.ts';
import { float32, type Value } from '../../nn/index.ts';
import { drawPlace, levelKey } from '../draw.ts';
import { type Imagination, LookedAt, type WorldParameters } from './imagination.ts';
import type { SelectionOptions } from './options.ts';
import type { Standings } from './standings.ts';

/** A state that a model inferred from real rows, and the level that these were played on. */
export interface Start {
  readonly row: number;
  readonly level: Json;
}

/**
 * States in which dreams begin: a ring of the newest that the model inferred while it learned from the replay. Which of them
 * a dream begins in goes by the standings of their levels: a level by its rank, then any state of it.
 */
export class Starts {
  /** [K, F] and [K, D]: what there is to be seen in them. */
  readonly features: Float32Array;
  readonly decoded: Float32Array;
  /** [K, S]. */
  readonly states: Float32Array;
  private readonly looked: LookedAt;
  private readonly levels: Json[] = [];
  private keys: string[] = [];
  private next = 0;
  /** Rows of each level that may be chosen, and the chances of those levels that are ranked. */
  private open: Int32Array = new Int32Array(0);
  private rowsOf: ReadonlyMap<string, readonly number[]> = new Map();
  private ranked: ReturnType<Standings['ranked']> = null;

  constructor(
    readonly capacity: number,
    imagination: Imagination,
    parameters: WorldParameters,
    private readonly standings: Standings,
    private readonly options: Pick<SelectionOptions, 'by' | 'randomShare'>,
  ) {
    this.looked = new LookedAt(imagination, parameters, capacity);
    this.states = this.looked.state.data as Float32Array;
    this.features = this.looked.features;
    this.decoded = this.looked.decoded;
  }

  get size(): number {
    return this.levels.length;
  }

  /** Puts row `row` of `states` [rows, S] in the place of the oldest one. To be followed by `refresh`. */
  push(states: Float32Array, row: number, level: Json): void {
    const S = this.states.length / this.capacity;
    this.states.set(states.subarray(row * S, (row + 1) * S), this.next * S);
    this.levels[this.next] = level;
    this.keys[this.next] = levelKey(level);
    this.next = (this.next + 1) % this.capacity;
  }

  /** Looks at the states with the model as it is now, and takes in what the standings say. */
  refresh(): void {
    this.looked.run();
    const { standings, levels, keys } = this;
    const isOpen = new Map<string, boolean>();
    const rowsOf = new Map<string, number[]>();
    const open: number[] = [];
    for (const [row, key] of keys.entries()) {
      if (!isOpen.has(key)) isOpen.set(key, standings.isOpen(levels[row]!));
      if (!isOpen.get(key)) continue;
      open.push(row);
      const rows = rowsOf.get(key);
      if (rows === undefined) rowsOf.set(key, [row]);
      else rows.push(row);
    }
    // Where nothing can be solved, anything is as good.
    this.open = Int32Array.from(open.length > 0 ? open : keys.keys());
    this.rowsOf = rowsOf;
    this.ranked = this.options.by === 'none' ? null : standings.ranked(rowsOf.keys());
  }

  /** Where the next dream begins. Error `internal` before there is anything. */
  choose(stream: Stream): Start {
    if (this.open.length === 0) throw new LightbulbError('internal', 'dreams begin before there is a start');
    const { ranked, open, levels } = this;
    let row: number;
    if (ranked === null || stream.uniform() < this.options.randomShare) row = open[stream.integer(open.length)]!;
    else {
      const rows = this.rowsOf.get(ranked.keys[drawPlace(ranked.chances, stream)]!)!;
      row = rows[stream.integer(rows.length)]!;
    }
    return { row, level: levels[row]! };
  }

  save(): { readonly states: Value; readonly state: Json } {
    const S = this.states.length / this.capacity;
    return {
      states: float32([this.capacity, S], this.states.slice()),
      state: { levels: this.levels.slice(), next: this.next },
    };
  }

  load(states: Float32Array, saved: Json): void {
    const { levels, next } = saved as unknown as { readonly levels: readonly Json[]; readonly next: number };
    this.states.set(states);
    this.levels.splice(0, this.levels.length, ...levels);
    this.keys = levels.map(levelKey);
    this.next = next;
  }
}
