import { strict as assert } from 'node:assert';
import { stream } from '../../core/index.ts';
import type { BufferOptions } from '../../curricula/level-buffer.ts';
import { byScore, replayChances, stalenessChances } from '../../curricula/priorities.ts';
import { chiSquared, wantedChances } from './closed-form.ts';

const options: BufferOptions = {
  capacity: 8,
  fill: 0.5,
  admits: 'atLeast',
  priority: 'rank',
  temperature: 0.3,
  top: 2,
  staleness: 0.3,
};
const scores = [0.3, 0.1, 0.9, 0.7, 0.2, 0.5];
const seen = [9, 1, 8, 4, 9, 2];
const clock = 9;
const DRAWS = 100_000;
/** Passed once in a thousand times at 5 degrees of freedom. */
const LIMIT = 20.5;

/** 100,000 places drawn by chances. */
function drawn(chances: ArrayLike<number>): Int32Array {
  const random = stream(3, 'historic bugs');
  return Int32Array.from({ length: DRAWS }, () => {
    let left = random.uniform();
    for (let i = 0; i < chances.length - 1; i++) {
      left -= chances[i]!;
      if (left < 0) return i;
    }
    return chances.length - 1;
  });
}

/** Replay as it should be, but for the weights of scores. */
function withWeights(weights: readonly number[]): number[] {
  const total = weights.reduce((a, b) => a + b, 0);
  const stale = stalenessChances(seen, clock);
  const { staleness } = options;
  return weights.map((weight, i) => ((1 - staleness) * weight) / total + staleness * stale[i]!);
}

const rankOf = (values: readonly number[]): number[] => {
  const ranks = new Array<number>(values.length);
  byScore(values).forEach((place, i) => {
    ranks[place] = i + 1;
  });
  return ranks;
};
const sharpened = (rank: number): number => (1 / rank) ** (1 / options.temperature);

/** Samplers as other implementations shipped them; see section 5 of the notes and the issues that they name. */
const bugs: Readonly<Record<string, readonly number[]>> = {
  // minimax #7: a comparison where ranks were meant.
  'ranks that are only 1 or 0': withWeights(scores.map((score) => Number(score > 0.4))),
  // minimax #7: buffer of whole numbers: every score is 0, ranks are the order of arrival.
  'a buffer of whole numbers': withWeights(rankOf(scores.map(Math.trunc)).map(sharpened)),
  // minimax #7: divided by, not raised to the power of its reciprocal, so that it cancels.
  'a temperature that is a divisor': withWeights(rankOf(scores).map((rank) => 1 / rank / options.temperature)),
  // The places that an argsort answers, taken for ranks.
  'places in order of score for ranks': withWeights([...byScore(scores)].map((place) => sharpened(place + 1))),
  // dcd: the lowest of an ascending argsort under a comment that says top.
  'the lowest scores for the highest': withWeights(rankOf(scores.map((score) => -score)).map(sharpened)),
  'no staleness': scores.map(
    (_, i) =>
      sharpened(rankOf(scores)[i]!) /
      rankOf(scores)
        .map(sharpened)
        .reduce((a, b) => a + b),
  ),
};

describe('what other implementations drew by', () => {
  const wanted = wantedChances(scores, seen, clock, options);

  it('is not what is drawn by here', () => {
    assert.ok(chiSquared(drawn(replayChances(scores, seen, clock, options)), wanted) < LIMIT);
  });

  for (const [bug, chances] of Object.entries(bugs))
    it(`would be found out: ${bug}`, () => {
      assert.ok(Math.abs(chances.reduce((a, b) => a + b, 0) - 1) < 1e-9, 'these are chances');
      const statistic = chiSquared(drawn(chances), wanted);
      assert.ok(statistic > 10 * LIMIT, String(statistic));
    });
});
