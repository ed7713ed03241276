import assert from 'node:assert/strict';
import type { LevelOutcome } from '../../agents/index.ts';
import { type Json, stream } from '../../core/index.ts';
import type { Curriculum } from '../../curricula/index.ts';
import type { LevelSpace } from '../../worlds/index.ts';

/** Four levels, a square, and a generator of whole numbers whose mutation adds a thousand. */
export const grid: LevelSpace = {
  grid: [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }],
  generate: (seed) => ({ n: seed % 4 }),
};
export const box: LevelSpace = {
  box: { x: [0, 10], y: [-1, 1] },
  generate: (seed) => {
    const random = stream(seed, 'level');
    return { x: random.between(0, 10), y: random.between(-1, 1) };
  },
};
export const generator: LevelSpace = {
  generate: (seed) => ({ n: seed % 100 }),
  mutate: (level) => ({ n: (level as { n: number }).n + 1000 }),
};

export const numberOf = (level: Json): number => (level as { n: number }).n;

export const outcome = (n: number, error: number, samples = 1): LevelOutcome => ({ level: { n }, samples, error });

/** How often each place came up in `draws` proposals. */
export function counted(
  curriculum: Curriculum,
  state: Json,
  space: LevelSpace,
  places: number,
  placeOf: (level: Json) => number = numberOf,
  draws = 100_000,
): number[] {
  const random = stream(11, 'draws');
  const counts = new Array<number>(places).fill(0);
  for (let i = 0; i < draws; i++) counts[placeOf(curriculum.propose(state, space, random))]!++;
  return counts;
}

/** Chi-squared of counts against chances; fails beyond 4 standard deviations (Wilson and Hilferty's approximation). */
export function requireDistribution(counts: readonly number[], chances: readonly number[]): void {
  const total = counts.reduce((sum, count) => sum + count, 0);
  assert.ok(Math.abs(chances.reduce((sum, chance) => sum + chance, 0) - 1) < 1e-9, 'the closed form sums to 1');
  let [chi, freedom] = [0, -1];
  for (const [i, count] of counts.entries()) {
    const wanted = total * chances[i]!;
    if (wanted === 0) {
      assert.equal(count, 0, `place ${i} is never drawn`);
    } else {
      chi += (count - wanted) ** 2 / wanted;
      freedom++;
    }
  }
  if (freedom === 0) return;
  const z = ((chi / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
  assert.ok(z < 4, `chi-squared ${chi} of ${freedom} degrees of freedom: ${counts} against ${chances}`);
}
