/** What a token is good for in training: nothing but context, text to be predicted, or an action to be predicted. */
export const TARGET = { none: 0, text: 1, action: 2 } as const;
export type Target = (typeof TARGET)[keyof typeof TARGET];

/** How large the patches of pictures are, for all tasks of a model. */
export interface PatchShape {
  /** Pixels of a side. */
  readonly size: number;
  /** Pictures with fewer channels repeat their last one. */
  readonly channels: number;
}

/**
 * Tokens one after the other, as struct-of-arrays that grow: what step tokenizers write and packers cut. Reused:
 * `clear` keeps the arrays.
 */
export class TokenBuffer {
  /** Number of tokens written. */
  length = 0;
  /** Number of patches written, K. */
  patchCount = 0;
  /** [length] each. */
  ids = new Int32Array(256);
  /** Index within the time step; -1 for tokens of actions. */
  local = new Int32Array(256);
  /** See `TARGET`. */
  target = new Uint8Array(256);
  /** Which patch stands here, counted from 0 in this buffer; -1 for other tokens. */
  patch = new Int32Array(256);
  /** [K, size, size, channels]: pixels in [-1, 1] / sqrt(size), Gato's section 2.1. */
  pixels: Float32Array;
  /** [K, 4]: where each patch lies in its picture, in [0, 1]: first and last row, first and last column. */
  intervals = new Float32Array(64);
  private readonly patchSize: number;

  constructor(readonly shape: PatchShape = { size: 1, channels: 1 }) {
    this.patchSize = shape.size * shape.size * shape.channels;
    this.pixels = new Float32Array(16 * this.patchSize);
  }

  clear(): void {
    this.length = 0;
    this.patchCount = 0;
  }

  /** Adds a token without pixels. */
  add(id: number, local: number, target: Target = TARGET.none): void {
    const at = this.next();
    this.ids[at] = id;
    this.local[at] = local;
    this.target[at] = target;
    this.patch[at] = -1;
  }

  /** Adds a token for a patch, whose pixels (row-major, see `pixels`) the caller writes to what this returns. */
  addPatch(id: number, local: number, interval: readonly [number, number, number, number]): Float32Array {
    const at = this.next();
    const k = this.patchCount++;
    this.ids[at] = id;
    this.local[at] = local;
    this.target[at] = TARGET.none;
    this.patch[at] = k;
    if (this.pixels.length < (k + 1) * this.patchSize) this.pixels = grown(this.pixels, (k + 1) * this.patchSize);
    if (this.intervals.length < (k + 1) * 4) this.intervals = grown(this.intervals, (k + 1) * 4);
    this.intervals.set(interval, k * 4);
    return this.pixels.subarray(k * this.patchSize, (k + 1) * this.patchSize);
  }

  private next(): number {
    const at = this.length++;
    if (at < this.ids.length) return at;
    const size = this.length;
    this.ids = grown(this.ids, size);
    this.local = grown(this.local, size);
    this.target = grown(this.target, size);
    this.patch = grown(this.patch, size);
    return at;
  }
}

function grown<A extends Int32Array | Uint8Array | Float32Array>(array: A, least: number): A {
  const larger = new (array.constructor as new (length: number) => A)(Math.max(least, array.length * 2));
  larger.set(array);
  return larger;
}
