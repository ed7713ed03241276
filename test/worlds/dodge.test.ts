import { strict as assert } from 'node:assert';
import { type BatchedEnvironment, dodge, dodgeBlocks, type ScriptedPolicy } from '../../worlds/index.ts';
import { outputsFor } from './play.ts';

/** How many of 32 copies are hit within an episode. */
function hits(environment: BatchedEnvironment, choose: ScriptedPolicy): number {
  const out = outputsFor(environment);
  const actions = new Int32Array(32);
  const struck = new Uint8Array(32);
  environment.reset(6, out);
  const pixels = out[0]!.observation.length / 32;
  for (let t = 0; t < 200; t++) {
    for (let b = 0; b < 32; b++) actions[b] = choose(out[0]!.observation, b * pixels, 0, 0);
    environment.step([actions], out);
    out[0]!.terminated.forEach((flag, b) => {
      struck[b]! |= flag;
    });
  }
  return struck.reduce((sum, flag) => sum + flag, 0);
}

describe('dodge', () => {
  it('draws blocks of 255 and a player of 128, each a cell wide, on a grey picture of the size asked for', () => {
    const environment = dodge(1, { size: 32, cell: 4, rate: 1 });
    const out = outputsFor(environment);
    environment.reset(1, out);
    assert.deepEqual(environment.groups[0]!.observation, {
      type: 'box',
      shape: [32, 32, 1],
      low: 0,
      high: 255,
      dtype: 'uint8',
    });
    const picture = out[0]!.observation;
    const count = (value: number): number => picture.filter((each) => each === value).length;
    assert.equal(count(128), 16);
    assert.equal(count(255), 0, 'nothing falls yet');
    for (let y = 28; y < 32; y++) assert.deepEqual([...picture.slice(y * 32 + 16, y * 32 + 20)], [128, 128, 128, 128]);
    environment.step([Int32Array.of(0)], out);
    assert.equal(picture[28 * 32 + 12], 128, 'one cell to the left');
    assert.equal(count(255), 7 * 16, 'a full row, but for one column');
  });

  it('pays 1 a step, and 0 for the step that ends in a hit', () => {
    const environment = dodge(1, { rate: 1 });
    const out = outputsFor(environment);
    environment.reset(1, out);
    // The first row needs 7 steps down a grid of 8 after it appeared; the left wall is far from the free column.
    for (let t = 1; t <= 8; t++) {
      environment.step([Int32Array.of(0)], out);
      assert.deepEqual([out[0]!.reward[0], out[0]!.terminated[0]], t < 8 ? [1, 0] : [0, 1], `step ${t}`);
    }
  });

  it('can always be survived, even where blocks fill all of a row but one column', () => {
    for (const rate of [0.2, 1]) {
      assert.equal(hits(dodge(32, { rate, size: 24, cell: 3 }), dodgeBlocks(24, 3)), 0, `rate ${rate}`);
      assert.equal(
        hits(dodge(32, { rate, size: 24, cell: 3 }), () => 1),
        32,
        'standing still is fatal',
      );
    }
  });

  it('takes the rate of a level', () => {
    const environment = dodge(32);
    for (let b = 0; b < 32; b++) environment.setLevel!(b, { rate: 0 });
    assert.equal(
      hits(environment, () => 1),
      0,
    );
  });
});
