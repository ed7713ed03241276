import { LightbulbError } from '../../core/index.ts';

/** The spectrum of a symmetric matrix: C = B diag(values) B^T, values ascending, eigenvectors the columns of B. */
export interface Spectrum {
  /** [n]. */
  readonly values: Float64Array;
  /** [n, n], row-major. */
  readonly vectors: Float64Array;
}

/** An implicit QL step that does not converge within so many rounds never will. */
const MOST_ROUNDS = 60;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [n, n] (its lower triangle is read): Householder's reduction to
 * tridiagonal form, then QL with implicit shifts (Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3).
 * Takes O(n^3) and the same steps each time, so that equal matrices give equal bits. Error `not_finite` for a matrix that is
 * none.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Spectrum {
  if (!matrix.every(Number.isFinite))
    throw new LightbulbError('not_finite', 'a covariance matrix is no finite numbers');
  // Row i of `basis` is, in the end, eigenvector i: rows lie together in memory, and rotations mix two of them.
  const { diagonal, beside, basis } = tridiagonal(matrix, n);
  diagonalise(diagonal, beside, basis, n);
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => diagonal[a]! - diagonal[b]!);
  const vectors = new Float64Array(n * n);
  for (const [column, from] of order.entries()) {
    for (let row = 0; row < n; row++) vectors[row * n + column] = basis[from * n + row]!;
  }
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** [n]: entry i stands beside diagonal i and i + 1; the last is 0. */
  readonly beside: Float64Array;
  /** [n, n]: the rows q with matrix = sum over i, j of q_i T_ij q_j^T. */
  readonly basis: Float64Array;
}

/** Reflections from both sides, column by column, empty the matrix but for three diagonals. */
function tridiagonal(matrix: Float64Array, n: number): Tridiagonal {
  const a = matrix.slice();
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) a[i * n + j] = a[j * n + i]!;
  const reflectors: Float64Array[] = [];
  const product = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) {
    const v = new Float64Array(n);
    let norm = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = a[k * n + i]!;
      norm += v[i]! * v[i]!;
    }
    const head = v[k + 1]!;
    const below = norm - head * head;
    // A column that is empty already needs no reflection.
    if (below <= 0) {
      reflectors.push(v.fill(0));
      continue;
    }
    v[k + 1] = head + (head >= 0 ? 1 : -1) * Math.sqrt(norm);
    const scale = Math.sqrt(2 / (below + v[k + 1]! ** 2));
    for (let i = k + 1; i < n; i++) v[i]! *= scale;
    // A <- H A H with H = 1 - v v^T: A - v w^T - w v^T, w = A v - (v^T A v / 2) v.
    let inner = 0;
    for (let i = k; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j]! * v[j]!;
      product[i] = sum;
      inner += v[i]! * sum;
    }
    for (let i = k; i < n; i++) product[i]! -= (inner / 2) * v[i]!;
    for (let i = k; i < n; i++) {
      const [vi, wi] = [v[i]!, product[i]!];
      const row = i * n;
      for (let j = k; j < n; j++) a[row + j]! -= vi * product[j]! + wi * v[j]!;
    }
    reflectors.push(v);
  }
  const basis = new Float64Array(n * n);
  for (let i = 0; i < n; i++) basis[i * n + i] = 1;
  // Row i of H_1 H_2 ..., transposed: from the last reflection to the first, each touches only what is below its column.
  for (let k = reflectors.length - 1; k >= 0; k--) {
    const v = reflectors[k]!;
    for (let i = k + 1; i < n; i++) {
      const row = i * n;
      let dot = 0;
      for (let j = k + 1; j < n; j++) dot += basis[row + j]! * v[j]!;
      for (let j = k + 1; j < n; j++) basis[row + j]! -= dot * v[j]!;
    }
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i]!);
  const beside = Float64Array.from({ length: n }, (_, i) => (i + 1 < n ? a[i * n + i + 1]! : 0));
  return { diagonal, beside, basis };
}

/** QL with implicit shifts: rotations chase what stands beside the diagonal out of the matrix, and turn the basis along. */
function diagonalise(d: Float64Array, e: Float64Array, basis: Float64Array, n: number): void {
  for (let low = 0; low < n; low++) {
    for (let round = 0; ; round++) {
      let high = low;
      while (high < n - 1 && Math.abs(e[high]!) > Number.EPSILON * (Math.abs(d[high]!) + Math.abs(d[high + 1]!)))
        high++;
      if (high === low) break;
      if (round === MOST_ROUNDS) throw new LightbulbError('internal', 'the eigenvalues of a matrix were not found');
      // Wilkinson's shift: the eigenvalue of the corner's 2 x 2 block that lies nearer to its first entry.
      const half = (d[low + 1]! - d[low]!) / (2 * e[low]!);
      let g = d[high]! - d[low]! + e[low]! / (half + (half >= 0 ? 1 : -1) * Math.hypot(half, 1));
      let [sine, cosine, shift] = [1, 1, 0];
      let i = high - 1;
      for (; i >= low; i--) {
        const f = sine * e[i]!;
        const b = cosine * e[i]!;
        const r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= shift;
          e[high] = 0;
          break;
        }
        sine = f / r;
        cosine = g / r;
        const past = d[i + 1]! - shift;
        const t = (d[i]! - past) * sine + 2 * cosine * b;
        shift = sine * t;
        d[i + 1] = past + shift;
        g = cosine * t - b;
        const [one, two] = [i * n, (i + 1) * n];
        for (let k = 0; k < n; k++) {
          const [x, y] = [basis[one + k]!, basis[two + k]!];
          basis[two + k] = sine * x + cosine * y;
          basis[one + k] = cosine * x - sine * y;
        }
      }
      if (i >= low) continue;
      d[low]! -= shift;
      e[low] = g;
      e[high] = 0;
    }
  }
}
