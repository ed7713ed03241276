import { type Json, LightbulbError, restoreStream, type Stream, type StreamState } from '../../core/index.ts';
import { symmetricEigen } from './eigen.ts';
import { type StrategyConstants, strategyConstants } from './strategy-constants.ts';

export interface CmaEsOptions {
  /** Where the search begins: [n]. */
  readonly mean: ArrayLike<number>;
  /** Step size at the beginning: about a third of the distance to where the optimum is believed to be. */
  readonly sigma: number;
  /** Candidates of a generation, lambda, at least 4. Default 4 + floor(3 ln n). */
  readonly population?: number;
  /** Everything that is drawn. */
  readonly stream: Stream;
}

/** Everything that decides the future of a search. `numbers`: doubles, which fit no float32. */
export interface CmaEsState {
  readonly numbers: Float64Array;
  readonly plain: Json;
}

/**
 * CMA-ES as its author defines it (Hansen, The CMA Evolution Strategy: A Tutorial, arXiv 1604.00772, appendix A): weighted
 * recombination, cumulative step-size adaptation, rank-one and rank-mu updates of the covariance with the tutorial's
 * negative weights (active CMA), and constants that follow from n and lambda alone. Minimises.
 *
 * The covariance is decomposed only as often as its learning rates ask for, so that a generation costs O(lambda n^2).
 *
 * @example
 * const search = new CmaEs({ mean: new Float64Array(10), sigma: 0.3, stream: stream(1, 'search') });
 * while (best > 1e-9) search.tell(search.ask().map(cost));
 */
export class CmaEs {
  readonly n: number;
  readonly population: number;
  /** [n]: where the search is. Under noise a better answer than the best candidate (tutorial, section B.4). */
  readonly mean: Float64Array;
  private readonly c: StrategyConstants;
  private stream: Stream;
  private size: number;
  private generations = 0;
  private decomposedAt = 0;
  private isOpen = false;
  /** [n, n], row-major; C = B D^2 B^T as last decomposed. */
  private readonly covariance: Float64Array;
  private readonly basis: Float64Array;
  private readonly axes: Float64Array;
  private readonly pathOfCovariance: Float64Array;
  private readonly pathOfSigma: Float64Array;
  /** [lambda, n] each: the candidates, their steps y = (x - mean) / sigma, and the same in the standard normal's frame. */
  private readonly candidates: Float64Array[];
  private readonly steps: Float64Array;
  private readonly white: Float64Array;
  private readonly turned: Float64Array;

  /** Error `invalid_input` for no numbers, a step size of 0 or less, or a population below 4. */
  constructor({ mean, sigma, population, stream }: CmaEsOptions) {
    const n = mean.length;
    const lambda = population ?? 4 + Math.floor(3 * Math.log(n));
    if (n < 1 || !(sigma > 0) || !Number.isInteger(lambda) || lambda < 4) {
      throw new LightbulbError('invalid_input', 'this is no search for CMA-ES', {
        wanted: 'at least one number, sigma above 0, a population of at least 4',
        got: `${n} numbers, sigma ${sigma}, population ${lambda}`,
      });
    }
    this.n = n;
    this.population = lambda;
    this.c = strategyConstants(n, lambda);
    this.stream = stream;
    this.size = sigma;
    this.mean = Float64Array.from(mean);
    this.covariance = identity(n);
    this.basis = identity(n);
    this.axes = new Float64Array(n).fill(1);
    this.pathOfCovariance = new Float64Array(n);
    this.pathOfSigma = new Float64Array(n);
    this.steps = new Float64Array(lambda * n);
    this.white = new Float64Array(lambda * n);
    this.turned = new Float64Array(n);
    const all = new Float64Array(lambda * n);
    this.candidates = Array.from({ length: lambda }, (_, k) => all.subarray(k * n, (k + 1) * n));
  }

  /** The step size now. */
  get sigma(): number {
    return this.size;
  }

  get generation(): number {
    return this.generations;
  }

  /** The candidates of the next generation, [lambda] of [n]; their arrays are used again at the next call. */
  ask(): readonly Float64Array[] {
    const { n, population, basis, axes, steps, white, candidates, mean, size } = this;
    this.decomposeIfDue();
    for (let i = 0; i < white.length; i++) white[i] = this.stream.normal();
    for (let k = 0; k < population; k++) {
      const row = k * n;
      for (let i = 0; i < n; i++) {
        let y = 0;
        for (let j = 0; j < n; j++) y += basis[i * n + j]! * axes[j]! * white[row + j]!;
        steps[row + i] = y;
        candidates[k]![i] = mean[i]! + size * y;
      }
    }
    this.isOpen = true;
    return candidates;
  }

  /** Costs of the candidates last asked for, [lambda]: lower is better. Errors: `contract` out of turn, `not_finite`. */
  tell(costs: ArrayLike<number>): void {
    const { population, c, n } = this;
    if (!this.isOpen || costs.length !== population)
      throw new LightbulbError('contract', 'costs were told that were not asked for', {
        wanted: `ask(), then ${population} costs`,
        got: `${costs.length} costs`,
      });
    const values = Array.from(costs);
    if (!values.every(Number.isFinite))
      throw new LightbulbError('not_finite', 'a candidate has a cost that is no finite number', {
        got: String(values.find((value) => !Number.isFinite(value))),
      });
    this.isOpen = false;
    this.generations++;
    // Ties are broken by place, so that the order is always the same.
    const order = values.map((_, k) => k).sort((a, b) => values[a]! - values[b]! || a - b);
    const step = this.recombine(order);
    this.moveSigmaPath(order);
    const length = norm(this.pathOfSigma);
    const settled = length / Math.sqrt(1 - (1 - c.sigmaRate) ** (2 * this.generations));
    const isGrowing = settled < (1.4 + 2 / (n + 1)) * c.expectedNorm;
    const share = Math.sqrt(c.pathRate * (2 - c.pathRate) * c.effective);
    for (let i = 0; i < n; i++) {
      this.pathOfCovariance[i] = (1 - c.pathRate) * this.pathOfCovariance[i]! + (isGrowing ? share * step[i]! : 0);
    }
    this.adaptCovariance(order, isGrowing);
    this.size *= Math.exp((c.sigmaRate / c.damping) * (length / c.expectedNorm - 1));
  }

  save(): CmaEsState {
    const parts = this.kept();
    const numbers = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      numbers.set(part, at);
      at += part.length;
    }
    const { size, generations, decomposedAt, stream } = this;
    return { numbers, plain: { sigma: size, generations, decomposedAt, stream: stream.state() } as unknown as Json };
  }

  /** Goes on where `save` was called, between `tell` and `ask`. Error `mismatch` for a search of another size. */
  load({ numbers, plain }: CmaEsState): void {
    const parts = this.kept();
    const wanted = parts.reduce((sum, { length }) => sum + length, 0);
    if (numbers.length !== wanted)
      throw new LightbulbError('mismatch', 'this is the state of another search', {
        wanted: `${wanted} numbers`,
        got: String(numbers.length),
      });
    let at = 0;
    for (const part of parts) {
      part.set(numbers.subarray(at, at + part.length));
      at += part.length;
    }
    const saved = plain as unknown as {
      readonly sigma: number;
      readonly generations: number;
      readonly decomposedAt: number;
      readonly stream: StreamState;
    };
    this.size = saved.sigma;
    this.generations = saved.generations;
    this.decomposedAt = saved.decomposedAt;
    this.stream = restoreStream(saved.stream);
    this.isOpen = false;
  }

  private kept(): Float64Array[] {
    return [this.mean, this.covariance, this.basis, this.axes, this.pathOfCovariance, this.pathOfSigma];
  }

  /** Moves the mean by the weighted step of the better half, and answers that step over sigma: [n]. */
  private recombine(order: readonly number[]): Float64Array {
    const { n, c, steps, mean, size } = this;
    const step = new Float64Array(n);
    for (let rank = 0; rank < c.parents; rank++) {
      const row = order[rank]! * n;
      for (let i = 0; i < n; i++) step[i]! += c.weights[rank]! * steps[row + i]!;
    }
    for (let i = 0; i < n; i++) mean[i]! += size * step[i]!;
    return step;
  }

  /** p_sigma: C^(-1/2) of the step is B times the weighted sum of the normals that it was made from. */
  private moveSigmaPath(order: readonly number[]): void {
    const { n, c, white, basis, turned, pathOfSigma } = this;
    turned.fill(0);
    for (let rank = 0; rank < c.parents; rank++) {
      const row = order[rank]! * n;
      for (let i = 0; i < n; i++) turned[i]! += c.weights[rank]! * white[row + i]!;
    }
    const share = Math.sqrt(c.sigmaRate * (2 - c.sigmaRate) * c.effective);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += basis[i * n + j]! * turned[j]!;
      pathOfSigma[i] = (1 - c.sigmaRate) * pathOfSigma[i]! + share * sum;
    }
  }

  /** Rank-one and rank-mu; a negative weight is scaled so that the covariance stays positive (tutorial, equation 46). */
  private adaptCovariance(order: readonly number[], isGrowing: boolean): void {
    const { n, c, steps, white, covariance, pathOfCovariance: path } = this;
    const held = isGrowing ? 0 : c.pathRate * (2 - c.pathRate);
    const decay = 1 + c.rankOne * held - c.rankOne - c.rankMu * c.weightSum;
    const weights = order.map((k, rank) => {
      const weight = c.weights[rank]!;
      return c.rankMu * (weight >= 0 ? weight : (weight * n) / squaredNorm(white, k * n, n));
    });
    for (let i = 0; i < n; i++) {
      const [to, ofPath] = [i * n, c.rankOne * path[i]!];
      for (let j = 0; j <= i; j++) covariance[to + j] = decay * covariance[to + j]! + ofPath * path[j]!;
      for (const [rank, k] of order.entries()) {
        const row = k * n;
        const factor = weights[rank]! * steps[row + i]!;
        for (let j = 0; j <= i; j++) covariance[to + j]! += factor * steps[row + j]!;
      }
    }
  }

  /** B and D follow C every 1 / (10 n (c1 + cmu)) generations (tutorial, section B.2). */
  private decomposeIfDue(): void {
    const { n, c, covariance, basis, axes } = this;
    const due = 1 / (10 * n * (c.rankOne + c.rankMu));
    if (this.generations === 0 || this.generations - this.decomposedAt < due) return;
    const { values, vectors } = symmetricEigen(covariance, n);
    if (!(values[0]! > 0))
      throw new LightbulbError('not_finite', 'the covariance of CMA-ES is not positive any more', {
        got: `an eigenvalue of ${values[0]}`,
        cure: 'Costs may be flat, or sigma too small for doubles',
      });
    basis.set(vectors);
    for (let i = 0; i < n; i++) axes[i] = Math.sqrt(values[i]!);
    this.decomposedAt = this.generations;
  }
}

function identity(n: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = 1;
  return matrix;
}

function norm(x: Float64Array): number {
  return Math.sqrt(squaredNorm(x, 0, x.length));
}

function squaredNorm(x: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += x[i]! * x[i]!;
  return sum;
}
