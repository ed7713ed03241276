import assert from 'node:assert/strict';
import type { Result } from '../../batch/index.ts';
import { resultsText } from '../../cli/batch-text.ts';

describe('the table of a batch', () => {
  const result = (key: string, mean: number, scores?: Readonly<Record<string, number>>): Result => {
    const evaluation = { episodes: 2, return: { mean, std: 0, min: mean, max: mean }, length: 1, agents: {} };
    const [arm = ''] = key.split('-s');
    return {
      ...({ key, arm, seed: 1, settings: {}, state: 'finished', steps: 10, metrics: null, code: null } as const),
      evaluation: scores === undefined ? evaluation : { ...evaluation, scores },
    } as unknown as Result;
  };

  it('has scores over levels where evaluations played some', () => {
    const scores = { 'levels/mean': 0.25, 'levels/cvar10': 0.5, 'levels/cvar1': 0, rouge: 3 };
    const text = resultsText([
      result('a-s1', 1, scores),
      result('a-s2', 3, { ...scores, 'levels/mean': 0.75 }),
      result('b-s1', 4),
    ]);
    assert.deepEqual(
      text.split('\n').map((line) => line.split(/ {2,}/)),
      [
        ['arm', 'finished', 'final return', 'levels/mean', 'levels/cvar10', 'levels/cvar1'],
        ['a', '2 of 2', '2 +- 1.41', '0.5 +- 0.354', '0.5 +- 0', '0 +- 0'],
        ['b', '1 of 1', '4', '-', '-', '-'],
      ],
    );
  });
});
