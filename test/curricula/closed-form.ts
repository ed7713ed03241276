import type { BufferOptions } from '../../curricula/level-buffer.ts';

/** Chances of replay by the papers' formula, worked out apart from the code under test. */
export function wantedChances(
  scores: readonly number[],
  seen: readonly number[],
  clock: number,
  { priority, top, temperature, staleness }: BufferOptions,
): number[] {
  const rank = scores.map((score, i) => 1 + scores.filter((s, j) => s > score || (s === score && j < i)).length);
  const weight = rank.map((r) => (priority === 'top' ? Number(r <= top) : (1 / r) ** (1 / temperature)));
  const waited = seen.map((time) => clock - time);
  return scores.map((_, i) => ((1 - staleness) * weight[i]!) / sum(weight) + (staleness * waited[i]!) / sum(waited));
}

/** Pearson's statistic of drawn places against their chances; infinite where something was drawn that has none. */
export function chiSquared(places: ArrayLike<number>, wanted: readonly number[]): number {
  const counts = new Int32Array(wanted.length);
  for (let i = 0; i < places.length; i++) counts[places[i]!]!++;
  let statistic = 0;
  wanted.forEach((chance, i) => {
    if (chance > 0) statistic += (counts[i]! - places.length * chance) ** 2 / (places.length * chance);
    else if (counts[i]! > 0) statistic = Number.POSITIVE_INFINITY;
  });
  return statistic;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
