import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type CodebookOf,
  type CodebookStep,
  followed,
  initCodebook,
  nearest,
  perplexity,
} from '../../../agents/image-codes/codebook.ts';
import { stream } from '../../../core/index.ts';
import { compile, float32, int32, type tf, type Value, type Values } from '../../../nn/index.ts';
import { assertClose } from '../../nn/close.ts';

const codebookOf = (vectors: number[][], counts: number[], sums: number[][]): CodebookOf<Value> => ({
  vectors: float32([vectors.length, vectors[0]!.length], vectors.flat()),
  counts: float32([counts.length], counts),
  sums: float32([sums.length, sums[0]!.length], sums.flat()),
});

interface Batch extends Pick<CodebookStep, 'decay' | 'revive'> {
  readonly z: number[][];
  readonly ids: number[];
  readonly revival?: number[];
}

/** One step of the codebook, compiled. */
function step(codebook: CodebookOf<Value>, { z, ids, revival, decay, revive }: Batch): Record<string, number[]> {
  const program = compile(({ z: rows, ids: chosen, revival: drawn, ...held }) => {
    const draws = { z: rows!, ids: chosen as tf.Tensor1D, revival: drawn!, decay, revive };
    const after = followed(held as CodebookOf<tf.Tensor>, draws);
    return { ...after.codebook, revived: after.revived };
  });
  const K = codebook.counts.data.length;
  const results = program.run({
    ...(codebook as Values),
    z: float32([z.length, z[0]!.length], z.flat()),
    ids: int32([ids.length], ids),
    revival: int32([K], revival ?? new Array<number>(K).fill(0)),
  });
  program.dispose();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]));
}

describe('the codebook of image codes', () => {
  it('moves as worked out by hand', () => {
    // N = (2, 1), m = (2, 4); the first two of z = 1, 3, 5 chose entry 0. With gamma = 1/2:
    // N' = (2 + 2, 1 + 1) / 2 = (2, 1); m' = (2 + 4, 4 + 5) / 2 = (3, 4.5); e' = (1.5, 4.5).
    const before = codebookOf([[1], [4]], [2, 1], [[2], [4]]);
    const after = step(before, { z: [[1], [3], [5]], ids: [0, 0, 1], decay: 0.5, revive: 0 });
    assert.deepEqual(after.counts, [2, 1]);
    assert.deepEqual(after.sums, [3, 4.5]);
    // Smoothing moves a part of 1e-5 of a count from the larger to the smaller.
    assertClose(after.vectors!, [1.5, 4.5], 1e-5);
    assert.deepEqual(after.revived, [0]);
  });

  it('moves as the formulas of the paper, for any batch', () => {
    const small = fc.float({ min: -3, max: 3, noNaN: true });
    const row = fc.array(small, { minLength: 2, maxLength: 2 });
    const arbitrary = fc.record({
      vectors: fc.array(row, { minLength: 3, maxLength: 3 }),
      counts: fc.array(fc.float({ min: 0.5, max: 9, noNaN: true }), { minLength: 3, maxLength: 3 }),
      sums: fc.array(row, { minLength: 3, maxLength: 3 }),
      batch: fc.array(fc.record({ z: row, id: fc.integer({ min: 0, max: 2 }) }), { minLength: 4, maxLength: 4 }),
      decay: fc.double({ min: 0, max: 0.99, noNaN: true }),
    });
    const check = fc.property(arbitrary, ({ vectors, counts, sums, batch, decay }) => {
      const z = batch.map((one) => one.z);
      const ids = batch.map(({ id }) => id);
      const after = step(codebookOf(vectors, counts, sums), { z, ids, decay, revive: 0 });
      const N = counts.map((n, k) => decay * n + (1 - decay) * ids.filter((id) => id === k).length);
      const m = sums.map((sum, k) =>
        sum.map((s, d) => decay * s + (1 - decay) * z.reduce((t, x, j) => t + (ids[j] === k ? x[d]! : 0), 0)),
      );
      const n = N.reduce((a, b) => a + b);
      const e = m.map((sum, k) => sum.map((s) => s / (((N[k]! + 1e-5) / (n + 3e-5)) * n)));
      assertClose(after.counts!, N, 1e-5);
      assertClose(after.sums!, m.flat(), 1e-5);
      for (const [k, entry] of e.entries()) {
        const isChosen = N[k]! > 1e-30;
        assertClose(after.vectors!.slice(2 * k, 2 * k + 2), isChosen ? entry : vectors[k]!, 1e-4);
      }
    });
    fc.assert(check, { seed: 7, numRuns: 40 });
  });

  it('leaves entries alone that were never chosen', () => {
    const before = codebookOf([[1], [-7]], [0, 0], [[0], [0]]);
    const after = step(before, { z: [[3], [5]], ids: [0, 0], decay: 0.9, revive: 0 });
    assertClose(after.vectors!, [4, -7], 1e-3);
  });

  it('lets dead entries begin anew as vectors of the batch', () => {
    // 4 vectors, 2 entries: all used alike, each would count 2, so below 0.25 * 2 = 0.5 an entry is dead.
    // Entry 1: 0.6 * 0.5 = 0.3 is; entry 0: 2 * 0.5 + 4 * 0.5 = 3 is not.
    const before = codebookOf([[1], [9]], [2, 0.6], [[2], [5.4]]);
    const batch: Batch = { z: [[1], [2], [3], [4]], ids: [0, 0, 0, 0], revival: [0, 2], decay: 0.5, revive: 0.25 };
    const after = step(before, batch);
    assert.deepEqual(after.revived, [1]);
    assert.equal(after.vectors![1], 3);
    assert.deepEqual(after.counts, [3, 0.5]);
    assertClose(after.sums!, [0.5 * 2 + 0.5 * 10, 0.5 * 3], 1e-6);
    assertClose(after.vectors!.slice(0, 1), [2], 1e-4);
    // One that is chosen often enough is not dead, though its count was as low.
    const chosen = step(before, { ...batch, ids: [0, 0, 0, 1] });
    assert.deepEqual(chosen.revived, [0]);
    assertClose(chosen.vectors!.slice(1), [(0.5 * 5.4 + 0.5 * 4) / 0.8], 1e-4);
  });

  it('begins as vectors of the first batch', () => {
    const z = Array.from({ length: 8 }, (_, i) => [i + 1, -i]);
    const revival = [5, 1, 7, 2];
    const before = initCodebook(stream(1, 'codebook'), 4, 2);
    const after = step(before, { z, ids: [0, 1, 2, 3, 0, 1, 2, 3], revival, decay: 0.99, revive: 0.03 });
    assert.deepEqual(after.revived, [4]);
    assert.deepEqual(
      after.vectors,
      revival.flatMap((row) => z[row]!),
    );
  });

  it('chooses the nearest entry, the first of several', () => {
    const program = compile(({ z, vectors }) => ({ ids: nearest(z!, vectors!) }));
    const vectors = float32([4, 2], [1, 0, 0, 1, 1, 0, -2, -2]);
    const { ids } = program.run({ z: float32([4, 2], [0.9, 0.2, 0.1, 0.7, -5, -1, 0.5, 0.5]), vectors });
    assert.deepEqual([...ids!.data], [0, 1, 3, 0]);
    program.dispose();
  });

  it('measures how many codes are in use', () => {
    const program = compile(({ ids }) => ({ perplexity: perplexity(ids as tf.Tensor1D, 8) }));
    const of = (...ids: number[]): number => program.run({ ids: int32([ids.length], ids) }).perplexity!.data[0]!;
    assertClose([of(3, 3, 3, 3), of(0, 1, 2), of(0, 0, 1, 1, 7, 7)], [1, 3, 3], 1e-5);
    // Shares 3/4 and 1/4: exp(H) = 4 / 3^(3/4).
    assertClose([of(0, 0, 0, 1)], [4 / 3 ** 0.75], 1e-5);
    program.dispose();
  });
});
