import assert from 'node:assert/strict';
import { Endurance } from '../../worlds/contract/resources.ts';

/** Keeps 1,000 bytes for each of the first so many steps. */
function keeper(steps: number): () => number {
  const kept: Uint8Array[] = [];
  return () => {
    if (kept.length < steps) kept.push(new Uint8Array(1000));
    return 1;
  };
}

describe('endurance', () => {
  it('takes memory that is kept for ever for a leak', () => {
    const verdict = new Endurance(600).judgeMemory(keeper(Number.POSITIVE_INFINITY));
    assert.equal(verdict.outcome, 'fail');
  });

  it('takes growth that comes to an end for none, however many stretches it lasted', () => {
    // One stretch to begin with and five that are looked at, 100 steps each, all grow; of the next five none does.
    const verdict = new Endurance(600).judgeMemory(keeper(600));
    assert.equal(verdict.outcome, 'pass');
  });
});
