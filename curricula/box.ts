import type { Json, JsonObject, Stream } from '../core/index.ts';

export type Box = Readonly<Record<string, readonly [low: number, high: number]>>;

/** Primes are the bases of Halton's sequence, one a dimension. */
const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53];

/**
 * A continuous box of levels as `n` places: the points of Halton's quasi-random sequence, each with the part of the box
 * that is nearer to it than to the others, where distances are taken in shares of the bounds. What is known of places
 * is smoothed with a Gaussian kernel as wide as points lie apart, so that a place nobody played has an estimate too.
 */
export class BoxPlaces {
  /** [n, d], shares of the bounds. */
  private readonly points: Float64Array;
  /** [n, n]. */
  private readonly kernel: Float64Array;
  private readonly entries: readonly (readonly [key: string, bounds: readonly [number, number]])[];
  private readonly d: number;

  constructor(
    box: Box,
    readonly n: number,
  ) {
    this.entries = Object.entries(box);
    this.d = this.entries.length;
    this.points = new Float64Array(n * this.d);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < this.d; j++) this.points[i * this.d + j] = radicalInverse(i + 1, PRIMES[j % PRIMES.length]!);
    }
    this.kernel = this.kernelMatrix();
  }

  /** The level in the middle of a place. */
  level(place: number): JsonObject {
    return this.levelAt((j) => this.points[place * this.d + j]!);
  }

  /** The place that a level lies in. A number that the level leaves out counts as the middle. */
  placeOf(level: Json): number {
    const object = (level ?? {}) as JsonObject;
    const at = this.entries.map(([key, [low, high]]) => {
      const value = object[key];
      return typeof value === 'number' && high > low ? (value - low) / (high - low) : 0.5;
    });
    return this.nearest(at);
  }

  /** A level anywhere in the place, uniform: by rejection, about as many tries as there are places. */
  draw(place: number, stream: Stream): JsonObject {
    return this.drawWhere((found) => found === place, stream);
  }

  /** A level anywhere in the places that fit, uniform. At least one place has to fit. */
  drawWhere(fits: (place: number) => boolean, stream: Stream): JsonObject {
    const at: number[] = new Array(this.d).fill(0);
    do for (let j = 0; j < this.d; j++) at[j] = stream.uniform();
    while (!fits(this.nearest(at)));
    return this.levelAt((j) => at[j]!);
  }

  /** Estimates of all places from those known: the kernel's weighted means. null where nothing is known at all. */
  smooth(known: readonly (number | null)[]): Float64Array | null {
    if (known.every((value) => value === null)) return null;
    return Float64Array.from(known, (_, i) => {
      let [sum, weights] = [0, 0];
      known.forEach((value, k) => {
        if (value === null) return;
        const weight = this.kernel[i * this.n + k]!;
        sum += weight * value;
        weights += weight;
      });
      return sum / weights;
    });
  }

  private levelAt(share: (j: number) => number): JsonObject {
    return Object.fromEntries(this.entries.map(([key, [low, high]], j) => [key, low + share(j) * (high - low)]));
  }

  private nearest(at: readonly number[]): number {
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let i = 0; i < this.n; i++) {
      let distance = 0;
      for (let j = 0; j < this.d; j++) distance += (at[j]! - this.points[i * this.d + j]!) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  private kernelMatrix(): Float64Array {
    const { n, d, points } = this;
    const squares = new Float64Array(n * n);
    let apart = 0;
    for (let i = 0; i < n; i++) {
      let least = Number.POSITIVE_INFINITY;
      for (let k = 0; k < n; k++) {
        let distance = 0;
        for (let j = 0; j < d; j++) distance += (points[i * d + j]! - points[k * d + j]!) ** 2;
        squares[i * n + k] = distance;
        if (k !== i) least = Math.min(least, distance);
      }
      apart += least / n;
    }
    // Never 0, so that the farthest known place still speaks where no other does.
    return squares.map((square) => Math.max(1e-30, Math.exp(-square / (2 * apart))));
  }
}

/** The digits of `index` in `base`, mirrored behind the point: Halton's coordinate, in (0, 1). */
export function radicalInverse(index: number, base: number): number {
  let [result, share] = [0, 1 / base];
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    result += (rest % base) * share;
    share /= base;
  }
  return result;
}
