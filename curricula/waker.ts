import type { LevelOutcome } from '../agents/index.ts';
import type { Json, Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { boltzmann, entropyOf, inMeanSizes, meanOf, standardised } from './boltzmann.ts';
import type { Curriculum } from './curriculum.ts';
import { drawAny, drawPlace } from './draw.ts';
import { drawAt, emptyTable, knownPlaces, type LevelTable, type Row, withError } from './level-table.ts';
import type { SamplingOptions, TrueErrorOptions, WakerMOptions, WakerROptions } from './options.ts';

export type WakerState = {
  readonly table: LevelTable;
  /** The interval in which errors were last looked at; 0 before the first look. */
  readonly looked: number;
};

/** The chances of places, beside the random share. */
export interface PlaceChances {
  readonly places: Int32Array;
  readonly chances: Float64Array;
}

/** WAKER-M: levels from the Boltzmann distribution over their standardised errors, and a share of any. */
export function wakerM(options: WakerMOptions): Curriculum<WakerState> {
  return following(options, { outcome: ({ error }) => error, number: (row) => row.error, normalise: standardised });
}

/** An oracle: as WAKER-M, of the error that only the environment can tell. */
export function trueError(options: TrueErrorOptions): Curriculum<WakerState> {
  const outcome = ({ trueError }: LevelOutcome) => trueError;
  return following(options, { outcome, number: (row) => row.error, normalise: standardised });
}

/**
 * WAKER-R: levels from the Boltzmann distribution over how fast their errors fall. Every `interval` steps, after
 * `patience` intervals, the fall since the last look is smoothed into the level's own.
 */
export function wakerR(options: WakerROptions): Curriculum<WakerState> {
  const { interval, patience, reductionDecay } = options;
  const plain = following(options, {
    outcome: ({ error }) => error,
    number: (row) => row.fall,
    normalise: inMeanSizes,
  });
  return {
    ...plain,
    report(state, space, outcomes, steps) {
      const next = plain.report(state, space, outcomes, steps);
      const now = Math.floor(steps / interval);
      if (now < Math.max(1, patience) || now === next.looked) return next;
      const rows = next.table.rows.map((row) => looked(row, reductionDecay));
      return { table: { ...next.table, rows }, looked: now };
    },
  };
}

function looked(row: Row, decay: number): Row {
  const { error, earlier, fall } = row;
  if (error === null) return row;
  if (earlier === null) return { ...row, earlier: error };
  return { error, earlier: error, fall: decay * (fall ?? 0) + (1 - decay) * (earlier - error) };
}

interface Following {
  /** Which error is followed. */
  readonly outcome: (outcome: LevelOutcome) => number | undefined;
  /** Which number of a row decides. */
  readonly number: (row: Row) => number | null;
  readonly normalise: (numbers: Float64Array) => Float64Array;
}

function following(
  { name, randomShare, temperature, errorDecay: decay, places, mutation }: SamplingOptions & { readonly name: string },
  { outcome, number, normalise }: Following,
): Curriculum<WakerState> {
  // States never change, so what was computed from the last one stays right.
  let last:
    | { readonly state: WakerState; readonly space: LevelSpace; readonly chances: PlaceChances | null }
    | undefined;
  const chancesOf = (state: WakerState, space: LevelSpace): PlaceChances | null => {
    if (last?.state === state && last.space === space) return last.chances;
    const known = knownPlaces(state.table, space, number);
    const chances = known && { places: known.places, chances: boltzmann(normalise(known.values), temperature) };
    last = { state, space, chances };
    return chances;
  };
  return {
    name,
    initial: (space) => ({ table: emptyTable(space, places), looked: 0 }),

    propose(state, space, stream: Stream): Json {
      // Drawn first, so that the stream goes the same way whatever is known.
      const isRandom = stream.uniform() < randomShare;
      const known = isRandom ? null : chancesOf(state, space);
      if (known === null) return drawAny(space, stream);
      return drawAt(state.table, space, known.places[drawPlace(known.chances, stream)]!, mutation, stream);
    },

    report(state, space, outcomes) {
      let { table } = state;
      for (const each of outcomes) {
        const value = outcome(each);
        if (value === undefined || each.samples === 0) continue;
        table = withError(table, space, each.level, { value, samples: each.samples, decay, places });
      }
      return { ...state, table };
    },

    metrics(state, space) {
      const known = chancesOf(state, space);
      const errors = state.table.rows.flatMap(({ error }) => (error === null ? [] : [error]));
      return {
        places: errors.length,
        ...(errors.length === 0
          ? {}
          : { 'error/mean': meanOf(errors), 'error/min': Math.min(...errors), 'error/max': Math.max(...errors) }),
        ...(known === null ? {} : { entropy: entropyOf(known.chances), 'chance/max': Math.max(...known.chances) }),
      };
    },
  };
}
