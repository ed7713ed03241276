import { LightbulbError } from '../../core/index.ts';

/**
 * A finite Markov decision process without rewards: `S` states, `A` actions. Rewards come from outside, r: [S], paid in
 * each state that is visited, the first included: a return is the sum over t of discount^t r(s_t).
 */
export interface Mdp {
  readonly states: number;
  readonly actions: number;
  /** [S, A, S]: chance of the state at the end, given the state and the action before; rows sum to 1. */
  readonly transition: Float64Array;
}

/** Solves a x = b by Gaussian elimination with pivots of largest size. a: [n, n], b: [n]; both are overwritten, b with x. */
export function solveLinear(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(a[row * n + column]!) > Math.abs(a[pivot * n + column]!)) pivot = row;
    }
    if (a[pivot * n + column] === 0) {
      throw new LightbulbError('not_finite', 'a linear system has no single solution', { where: `column ${column}` });
    }
    if (pivot !== column) swapRows(a, b, n, pivot, column);
    const scale = 1 / a[column * n + column]!;
    for (let row = column + 1; row < n; row++) {
      const factor = a[row * n + column]! * scale;
      if (factor === 0) continue;
      for (let k = column; k < n; k++) a[row * n + k]! -= factor * a[column * n + k]!;
      b[row]! -= factor * b[column]!;
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = b[row]!;
    for (let k = row + 1; k < n; k++) sum -= a[row * n + k]! * b[k]!;
    b[row] = sum / a[row * n + row]!;
  }
  return b;
}

function swapRows(a: Float64Array, b: Float64Array, n: number, i: number, j: number): void {
  for (let k = 0; k < n; k++) {
    const kept = a[i * n + k]!;
    a[i * n + k] = a[j * n + k]!;
    a[j * n + k] = kept;
  }
  const kept = b[i]!;
  b[i] = b[j]!;
  b[j] = kept;
}

/** Total variation distance of the next states under two models, [S, A]: half the sum of |p - q|, from 0 to 1. */
export function totalVariation(p: Mdp, q: Mdp): Float64Array {
  const distance = new Float64Array(p.states * p.actions);
  for (let i = 0; i < distance.length; i++) {
    let sum = 0;
    for (let s = i * p.states; s < (i + 1) * p.states; s++) sum += Math.abs(p.transition[s]! - q.transition[s]!);
    distance[i] = sum / 2;
  }
  return distance;
}
