import { strict as assert } from 'node:assert';
import {
  episodeReturns,
  l1ValueLoss,
  learnability,
  maxMonteCarlo,
  pairedRegret,
  positiveValueLoss,
} from '../../curricula/scores.ts';

// Four steps of three copies. The first ends episodes of 1 and 0.5, the second one of 0 with the last step, the third none.
const rollout = {
  T: 4,
  K: 3,
  reward: [0, 0, 0, 1, 0, 0.25, 0, 0, 0, 0.5, 0, 0],
  value: [0.5, 0.1, 0, 0.7, 0.1, 0, 0.2, 0.1, 0, 0.2, 0.1, 0],
  advantage: [0.4, -0.2, 0, 0.2, -0.2, 0, -0.1, 0.1, 0, -0.1, -0.1, 0],
  done: [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0],
};

const close = (got: Float64Array, wanted: readonly number[]): void => {
  assert.equal(got.length, wanted.length);
  got.forEach((each, i) => {
    assert.ok(Math.abs(each - wanted[i]!) < 1e-9 || (Number.isNaN(each) && Number.isNaN(wanted[i])), `${got}`);
  });
};

describe('scores of levels', () => {
  it('count the episodes that ended', () => {
    const { episodes, mean, best, solved } = episodeReturns(rollout);
    assert.deepEqual([...episodes], [2, 1, 0]);
    close(mean, [0.75, 0, Number.NaN]);
    close(best, [1, 0, Number.NaN]);
    close(solved, [1, 0, Number.NaN]);
  });

  it('are means over steps of what advantages and values say, as by hand', () => {
    close(positiveValueLoss(rollout), [0.6 / 4, 0.1 / 4, 0]);
    close(l1ValueLoss(rollout), [0.8 / 4, 0.6 / 4, 0]);
    // 1 - mean(0.5, 0.7, 0.2, 0.2); 0 - 0.1, negative; no episode yet: 0 - 0.
    close(maxMonteCarlo(rollout, episodeReturns(rollout).best), [0.6, -0.1, 0]);
    // A return from an earlier round counts.
    close(maxMonteCarlo(rollout, [1.5, 0.3, 0.2]), [1.1, 0.2, 0.2]);
  });

  it('are highest for what is solved half of the time', () => {
    close(learnability({ solved: Float64Array.of(0, 0.25, 0.5, 1, Number.NaN) }), [0, 0.1875, 0.25, 0, 0]);
  });

  it('compare an antagonist at its best with the protagonist in the mean, clipped or not', () => {
    const antagonist = { best: Float64Array.of(0.9, 0.2, Number.NaN) };
    const protagonist = { mean: Float64Array.of(0.5, 0.6, 0.1) };
    close(pairedRegret(antagonist, protagonist, { clipped: false }), [0.4, -0.4, 0]);
    close(pairedRegret(antagonist, protagonist, { clipped: true }), [0.4, 0, 0]);
    assert.throws(() => pairedRegret({ best: Float64Array.of(1) }, protagonist, { clipped: true }), /other levels/);
  });
});
