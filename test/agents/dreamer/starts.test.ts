import assert from 'node:assert/strict';
import { Starts } from '../../../agents/dreamer/starts.ts';
import { stream } from '../../../core/index.ts';
import { tf } from '../../../nn/index.ts';

describe('the rows that are imagined from', () => {
  it('are all of them, or a subset of which each is as likely as any other', () => {
    const [total, count, draws] = [5, 2, 6000];
    const random = stream(1, 'starts');
    const starts = new Starts(total, count);
    const pairs = new Map<string, number>();
    for (let i = 0; i < draws; i++) {
      starts.draw(random);
      const pair = [...starts.rows].sort().join();
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    assert.equal(pairs.size, 10);
    const expected = draws / 10;
    const chi = [...pairs.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    assert.ok(chi < 27.9, `chi-squared ${chi} with 9 degrees of freedom`);

    const all = new Starts(total, null);
    all.draw(random);
    assert.deepEqual([...all.rows], [0, 1, 2, 3, 4]);
    assert.equal(new Starts(total, 9).count, total);
  });

  it('are taken out of a batch in their order', () => {
    tf.tidy(() => {
      const rows = tf.tensor2d([0, 1, 10, 11, 20, 21], [3, 2]);
      const starts = new Starts(3, 2);
      starts.rows.set([2, 0]);
      assert.equal(starts.inputs.starts!.data, starts.rows);
      const taken = starts.of(rows, { starts: tf.tensor1d([...starts.rows], 'int32') });
      assert.deepEqual([...taken.dataSync()], [20, 21, 0, 1]);
      const all = new Starts(3, null);
      assert.deepEqual(all.inputs, {});
      assert.equal(all.of(rows, {}), rows);
    });
  });
});
