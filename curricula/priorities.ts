/**
 * How likely each level of a buffer is replayed (Jiang et al. 2021, arXiv 2010.03934): P = (1 - rho) P_S + rho P_C, by
 * score and by staleness. All answers sum to 1.
 */

/** How scores become chances. */
export interface PriorityOptions {
  /** `rank`: P_S in proportion to (1 / rank)^(1 / temperature), ranks from 1; `top`: the best `top` levels alike. */
  readonly priority: 'rank' | 'top';
  /** Beta, above 0; the smaller, the more the best level alone counts. For `rank`. */
  readonly temperature: number;
  /** For `top`. */
  readonly top: number;
  /** Rho, 0 to 1: how much staleness counts. */
  readonly staleness: number;
}

/** Places from the highest score down; equal scores in the order they stand in. */
export function byScore(scores: ArrayLike<number>): Int32Array {
  const places = new Int32Array(scores.length);
  for (let i = 0; i < places.length; i++) places[i] = i;
  return places.sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** P_S of each place. scores: [n], any size and sign; n at least 1. */
export function scoreChances(
  scores: ArrayLike<number>,
  { priority, temperature, top }: Pick<PriorityOptions, 'priority' | 'temperature' | 'top'>,
): Float64Array {
  const order = byScore(scores);
  const chances = new Float64Array(order.length);
  order.forEach((place, i) => {
    chances[place] = priority === 'top' ? (i < top ? 1 : 0) : (1 / (i + 1)) ** (1 / temperature);
  });
  return normalised(chances);
}

/** P_C of each place: in proportion to how long ago its level was last played; all alike where none waited. */
export function stalenessChances(seen: ArrayLike<number>, clock: number): Float64Array {
  const waited = new Float64Array(seen.length);
  let hasWaited = false;
  for (let i = 0; i < waited.length; i++) {
    waited[i] = clock - seen[i]!;
    hasWaited ||= waited[i]! > 0;
  }
  return normalised(hasWaited ? waited : waited.fill(1));
}

/** P of each place. */
export function replayChances(
  scores: ArrayLike<number>,
  seen: ArrayLike<number>,
  clock: number,
  options: PriorityOptions,
): Float64Array {
  const stale = stalenessChances(seen, clock);
  const chances = scoreChances(scores, options);
  const { staleness } = options;
  for (let i = 0; i < chances.length; i++) chances[i] = (1 - staleness) * chances[i]! + staleness * stale[i]!;
  return chances;
}

/** The same array, divided by its sum. */
function normalised(weights: Float64Array): Float64Array {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  for (let i = 0; i < weights.length; i++) weights[i]! /= total;
  return weights;
}
