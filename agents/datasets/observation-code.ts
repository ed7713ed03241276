import { LightbulbError } from '../../core/index.ts';
import { type Bytes, int32, type Value } from '../../nn/index.ts';
import { flatSize, type Space, unflatten } from '../../worlds/index.ts';

/** Observations as they lie in a shard, one step after the other. */
export type Stored =
  | { readonly kind: 'numbers'; readonly data: Float32Array }
  | { readonly kind: 'bytes'; readonly data: Uint8Array }
  /** data: UTF-8 of all texts; lengths: bytes of each. */
  | { readonly kind: 'text'; readonly data: Uint8Array; readonly lengths: Int32Array };

/**
 * How the observations of a space are stored: pictures (boxes of uint8) as bytes, texts as UTF-8, all others as the
 * float32 numbers that they flatten to.
 */
export function storedKind(space: Space): Stored['kind'] {
  if (space.type === 'text') return 'text';
  return space.type === 'box' && space.dtype === 'uint8' ? 'bytes' : 'numbers';
}

/** T observations [T, D], to be stored; in arrays of its own. Half a surrogate pair, which has no UTF-8, becomes U+FFFD. */
export function encodeObservations(space: Space, flat: Float32Array | Uint8Array, steps: number): Stored {
  switch (storedKind(space)) {
    case 'numbers':
      return { kind: 'numbers', data: Float32Array.from(flat) };
    case 'bytes':
      return { kind: 'bytes', data: flat instanceof Uint8Array ? flat.slice() : bytesOf(flat) };
    case 'text': {
      const D = flatSize(space);
      const texts = Array.from({ length: steps }, (_, t) => encoder.encode(unflatten(space, flat, t * D) as string));
      const data = new Uint8Array(texts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const bytes of texts) {
        data.set(bytes, at);
        at += bytes.length;
      }
      return { kind: 'text', data, lengths: Int32Array.from(texts, ({ length }) => length) };
    }
  }
}

const encoder = new TextEncoder();

function bytesOf(flat: Float32Array): Uint8Array {
  const bytes = Uint8Array.from(flat);
  const at = bytes.findIndex((byte, i) => byte !== flat[i]);
  if (at < 0) return bytes;
  throw new LightbulbError('contract', 'a pixel is no byte', {
    wanted: 'whole numbers from 0 to 255 in a box of uint8',
    got: String(flat[at]),
  });
}

/** The arrays of all observations of a group in a shard, by the names that they have there. S steps, D numbers each. */
export function observationArrays(
  space: Space,
  pieces: readonly Stored[],
  steps: number,
): Record<string, Value | Bytes> {
  const D = flatSize(space);
  switch (storedKind(space)) {
    case 'numbers': {
      const data = new Float32Array(steps * D);
      place(data, pieces);
      return { observation: { dtype: 'float32', shape: [steps, D], data } };
    }
    case 'bytes': {
      const data = new Uint8Array(steps * D);
      place(data, pieces);
      return { observation: { dtype: 'uint8', shape: [steps, D], data } };
    }
    case 'text': {
      const data = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.data.length, 0));
      place(data, pieces);
      const starts = new Int32Array(steps + 1);
      let t = 0;
      for (const piece of pieces)
        for (const length of piece.kind === 'text' ? piece.lengths : []) {
          starts[t + 1] = starts[t]! + length;
          t++;
        }
      return {
        text: { dtype: 'uint8', shape: [data.length], data },
        textStart: int32([steps + 1], starts),
      };
    }
  }
}

function place(out: Float32Array | Uint8Array, pieces: readonly Stored[]): void {
  let at = 0;
  for (const { data } of pieces) {
    out.set(data, at);
    at += data.length;
  }
}
