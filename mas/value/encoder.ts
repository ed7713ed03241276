import type { Stream } from '../../core/index.ts';
import type { Branch, tf, Value } from '../../nn/index.ts';

/** One array that an encoder reads: `width` numbers for each row. */
export interface RowInput {
  readonly name: string;
  readonly width: number;
  readonly dtype: 'float32' | 'int32';
}

export type RowData = Float32Array | Int32Array;

/** Observations as an encoder takes them, made on the host without garbage. */
export interface ObservationReader {
  readonly inputs: readonly RowInput[];
  /** Writes the flattened observation at `observation[offset...]` as row `row` of `rows`, an array for each input. */
  read(observation: Float32Array, offset: number, rows: readonly RowData[], row: number): void;
  /** Hides a share of what was read (word dropout) in `count` rows, in place. Missing where there is nothing to hide. */
  hide?(rows: readonly RowData[], count: number, share: number, random: Stream): void;
}

/** What an encoder makes of R observations. */
export interface Encoded {
  /** [R, F] */
  readonly features: tf.Tensor;
  /** The words that can be pointed at: vectors [R, W, F], and whether there is one, bool [R, W]. */
  readonly words?: { readonly vectors: tf.Tensor; readonly present: tf.Tensor };
}

/** One role's way from observations to features. Pure functions over trees of parameters. */
export interface Encoder {
  /** F. */
  readonly features: number;
  readonly reader: ObservationReader;
  /** The role's own parameters. */
  initialise(stream: Stream): Branch<Value>;
  /** Shapes of what dropout wants for R rows, uniform in [0, 1); empty without dropout. */
  noiseShapes(rows: number): Readonly<Record<string, readonly number[]>>;
  /** inputs: [R, width] each, by name; shared: parameters that all roles have in common, where there are some. */
  apply(
    own: Branch<tf.Tensor>,
    shared: Branch<tf.Tensor> | undefined,
    inputs: Readonly<Record<string, tf.Tensor>>,
    noise: Readonly<Record<string, tf.Tensor>> | undefined,
  ): Encoded;
}

/** The encoders of all roles, and what they share. */
export interface Encoders {
  readonly each: readonly Encoder[];
  /** First parameters of what is shared; undefined where nothing is. */
  readonly shared?: (stream: Stream) => Branch<Value>;
}
