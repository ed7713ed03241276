import { LightbulbError, type Stream } from '../../core/index.ts';
import type { NoiseSpec } from './model.ts';

type Kind = NoiseSpec[string]['kind'];

/** How noise is disturbed. */
export interface DisturbanceOptions {
  /** What the model draws a step from. */
  readonly noise: NoiseSpec;
  /** Nats: how far a disturbed step may be from the model's own, at most. 0 leaves every step as it is. */
  readonly radius: number;
  /** Numbers of an action, at most: with more noise than these, they are weights of fixed directions. */
  readonly directions: number;
  /** Where the directions are drawn from. */
  readonly stream: Stream;
}

/**
 * Moves of what a model draws its transitions from, inside a ball. Noise that stands for itself (normal, Gumbel) is moved
 * by d; uniform noise has its log-odds moved by d, which moves the log-odds of every cumulative probability of what is
 * drawn from it by as much. How far moved noise is from unmoved is known in closed form (`shiftDivergence`). What a model makes of
 * noise can only bring the two nearer (the data-processing inequality): for any model that draws its noise as an input,
 * KL(disturbed transition || the model's own) is at most `radius`, in every state and for every action.
 *
 * Error `invalid_input` for a radius that is no finite number from 0, or no direction.
 */
export class Disturbance {
  /** Numbers of an action: each from -1 to 1, which alone reaches the edge of the ball (forwards; Gumbel noise is not symmetric). */
  readonly size: number;
  private readonly kinds: readonly Kind[];
  /** [size, noise]: what an action of 1 in each direction asks for. */
  private readonly directions: readonly Float64Array[];
  private readonly shift: Float64Array;
  private readonly radius: number;

  constructor({ noise, radius, directions, stream }: DisturbanceOptions) {
    if (!(radius >= 0 && Number.isFinite(radius))) throw wrong('radius', 'a finite number of nats from 0', radius);
    if (!Number.isSafeInteger(directions) || directions < 1)
      throw wrong('directions', 'a whole number from 1', directions);
    this.radius = radius;
    this.kinds = Object.values(noise).flatMap(({ kind, size }) => new Array<Kind>(size).fill(kind));
    const total = this.kinds.length;
    this.size = Math.min(directions, total);
    this.shift = new Float64Array(total);
    this.directions = orthonormal(this.size, total, stream).map((row) => {
      const reach = reachOf(row, this.kinds, radius);
      return row.map((each) => reach * each);
    });
  }

  /** Numbers of the noise of a step. */
  get width(): number {
    return this.kinds.length;
  }

  /**
   * What an action [size], at this place, moves the noise by: [noise], brought back to the edge of the ball where it asks for
   * more. The same array each time.
   */
  of(action: ArrayLike<number>, at: number): Float64Array {
    const { shift, directions, kinds, radius } = this;
    shift.fill(0);
    if (radius === 0) return shift;
    for (let k = 0; k < directions.length; k++) {
      const weight = action[at + k]!;
      const row = directions[k]!;
      for (let i = 0; i < shift.length; i++) shift[i]! += weight * row[i]!;
    }
    if (divergenceOf(shift, kinds, 1) > radius) {
      const reach = reachOf(shift, kinds, radius);
      for (let i = 0; i < shift.length; i++) shift[i]! *= reach;
    }
    return shift;
  }

  /** KL(moved noise || noise) of what `of` answered last, in nats; never above the radius. */
  divergence(): number {
    return divergenceOf(this.shift, this.kinds, 1);
  }
}

/** One number of noise, moved by d. Moved by 0 it is the same to the last bit. */
export function shifted(kind: Kind, noise: number, d: number): number {
  if (d === 0) return noise;
  if (kind !== 'uniform') return noise + d;
  // sigmoid(logit(u) + d). Below 1 also in float32.
  return Math.min(noise / (noise + (1 - noise) * Math.exp(-d)), LAST_BELOW_1);
}

/**
 * KL(moved by d || not moved) in nats, of one number of noise: d^2 / 2 of a normal one, d + e^-d - 1 of a Gumbel one, and
 * d coth(d / 2) - 2 of the logistic one that the log-odds of a uniform one are. Convex in d, 0 at 0.
 */
export function shiftDivergence(kind: Kind, d: number): number {
  if (kind === 'normal') return (d * d) / 2;
  if (kind === 'gumbel') return d + Math.expm1(-d);
  // Near 0 the difference of two large numbers would be left of it: there, its series.
  return Math.abs(d) < SMALL ? (d * d) / 6 - d ** 4 / 360 : d / Math.tanh(d / 2) - 2;
}

/** Its slope in d. */
function slope(kind: Kind, d: number): number {
  if (kind === 'normal') return d;
  if (kind === 'gumbel') return -Math.expm1(-d);
  return Math.abs(d) < SMALL ? d / 3 - d ** 3 / 90 : 1 / Math.tanh(d / 2) - d / 2 / Math.sinh(d / 2) ** 2;
}

const SMALL = 1e-2;
const LAST_BELOW_1 = 1 - 2 ** -24;
/** Share of the radius to which its edge is found; what is answered lies inside. */
const EXACTNESS = 1e-9;

/** Of the shift times `scale`. */
function divergenceOf(shift: Float64Array, kinds: readonly Kind[], scale: number): number {
  let sum = 0;
  for (let i = 0; i < shift.length; i++) sum += shiftDivergence(kinds[i]!, scale * shift[i]!);
  return sum;
}

/**
 * By how much a shift may be multiplied to lie on the edge of the ball, a little inside. By Newton's method: the divergence
 * is convex along a line, so that steps end on the far side of the edge and come nearer from there.
 */
function reachOf(shift: Float64Array, kinds: readonly Kind[], radius: number): number {
  let size = 0;
  for (let i = 0; i < shift.length; i++) size += shift[i]! * shift[i]!;
  if (radius === 0 || size === 0) return 0;
  let scale = Math.sqrt((2 * radius) / size);
  while (!Number.isFinite(divergenceOf(shift, kinds, scale))) scale /= 2;
  for (let step = 0; step < 100; step++) {
    const beyond = divergenceOf(shift, kinds, scale) - radius;
    if (Math.abs(beyond) <= EXACTNESS * radius) break;
    let rise = 0;
    for (let i = 0; i < shift.length; i++) rise += shift[i]! * slope(kinds[i]!, scale * shift[i]!);
    scale -= beyond / rise;
  }
  while (divergenceOf(shift, kinds, scale) > radius) scale *= 1 - EXACTNESS;
  return scale;
}

/** `count` rows of length 1 at right angles; where there is one for each number, these themselves. */
function orthonormal(count: number, total: number, stream: Stream): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const row = new Float64Array(total);
    if (count === total) row[k] = 1;
    else {
      for (let i = 0; i < total; i++) row[i] = stream.normal();
      for (const other of rows) {
        const along = row.reduce((sum, each, i) => sum + each * other[i]!, 0);
        for (let i = 0; i < total; i++) row[i]! -= along * other[i]!;
      }
      const length = Math.sqrt(row.reduce((sum, each) => sum + each * each, 0));
      for (let i = 0; i < total; i++) row[i]! /= length;
    }
    rows.push(row);
  }
  return rows;
}

function wrong(where: string, wanted: string, got: number): LightbulbError {
  return new LightbulbError('invalid_input', 'noise cannot be disturbed so', { where, wanted, got: String(got) });
}
