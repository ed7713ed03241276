import { LightbulbError } from '../../core/index.ts';
import type { tf } from '../../nn/index.ts';
import type { TokenKind } from './layout.ts';
import type { TokenBuffer } from './token-buffer.ts';

/** Numbers of observations: floats, or bytes where they come from pictures. */
export type Numbers = Float32Array | Uint8Array;

/** The tokens of a part of many observations at once, inside of a compiled program: the same as `write` gives of each. */
export interface PartRows {
  /** x: [R, size] -> int32 [R, tokens]. Numbers that are no members of the space become some member's tokens. */
  ids(x: tf.Tensor): tf.Tensor;
  /** Of a picture. */
  readonly pictures?: {
    /** [patches, 4], see `TokenBuffer.intervals`. */
    readonly intervals: readonly (readonly [number, number, number, number])[];
    /** x: [R, size] -> float32 [R, patches, side, side, channels]. */
    pixels(x: tf.Tensor): tf.Tensor;
  };
}

/** One part of an observation space, ready to write its tokens. */
export interface ObservationPart {
  readonly kind: TokenKind;
  /** `` for the whole observation, `camera/left` inside dicts and tuples. */
  readonly path: string;
  readonly note: string;
  /** Numbers that it reads. */
  readonly size: number;
  /** Tokens that it writes; for text the most. */
  readonly tokens: number;
  readonly patches: number;
  /**
   * Appends the tokens of numbers[offset...], the first of them at local position `local`, and returns the position
   * behind the last. Error `invalid_input` where the numbers are no member of the space.
   */
  write(numbers: Numbers, offset: number, local: number, out: TokenBuffer): number;
  /** null where a compiled program cannot do it (texts, and codes of pictures). */
  readonly rows: (() => PartRows) | null;
}

/** Where in an observation or an action: `observation/camera/left/3`. */
export function placeOf(role: 'observation' | 'action', path: string, entry?: number): string {
  return [role, path, entry === undefined ? '' : String(entry)].filter((step) => step !== '').join('/');
}

/** The error about a value that is no member of its space. */
export function outside(where: string, wanted: string, got: number | string): LightbulbError {
  return new LightbulbError('invalid_input', 'outside its space', { where, wanted, got: String(got) });
}
