import assert from 'node:assert/strict';
import { LightbulbError } from '../../../core/index.ts';
import {
  compile,
  compileScan,
  eagerExecutor,
  float32,
  int32,
  onnxExecutor,
  type ScanStep,
  tf,
  type Value,
  type Values,
} from '../../../nn/index.ts';
import { learn, problem } from './cases/learning.ts';
import { distance } from './distance.ts';

/** The same by hand: a program for one step, run M times. */
const byHand = (M: number, { carry, xs, constants }: ReturnType<typeof problem>): { carry: Values; ys: Value[][] } => {
  const keys = Object.keys(carry);
  const program = compile((inputs) => {
    const { carry: after, y } = learn(
      Object.fromEntries(keys.map((key) => [key, inputs[key]!])),
      { x: inputs.x!, y: inputs.y! },
      { rate: inputs.rate! },
    );
    return { ...after, loss: y.loss!, norm: y.norm! };
  });
  const ys: Value[][] = [];
  let held = carry;
  for (let m = 0; m < M; m++) {
    const row = ({ shape, data }: Value): Value => {
      const size = data.length / M;
      return float32(shape.slice(1), data.slice(m * size, (m + 1) * size) as Float32Array);
    };
    const { loss, norm, ...after } = program.run({ ...held, ...constants, x: row(xs.x!), y: row(xs.y!) });
    held = after;
    ys.push([loss!, norm!, held.parameters!]);
  }
  program.dispose();
  return { carry: held, ys };
};

describe('a scan', () => {
  for (const M of [1, 2, 7]) {
    it(`of ${M} steps of Adam is, bit for bit, a program run ${M} times`, () => {
      const given = problem(M);
      const wanted = byHand(M, given);
      const scan = compileScan(learn, { name: 'learn' });
      const { carry, ys } = scan.run(given);
      assert.deepEqual(carry, wanted.carry);
      for (const [i, key] of ['loss', 'norm', 'parameters'].entries()) {
        const rows = wanted.ys.map((y) => y[i]!);
        assert.deepEqual(ys[key]!.shape, [M, ...rows[0]!.shape]);
        assert.deepEqual(
          Array.from(ys[key]!.data),
          rows.flatMap(({ data }) => Array.from(data)),
        );
      }
      scan.dispose();
    });
  }

  it('does the same op by op in tfjs, and leaves nothing behind', () => {
    const given = problem(5);
    const compiled = compileScan(learn).run(given);
    const eager = compileScan(learn, { executor: eagerExecutor({ backend: 'cpu' }) });
    eager.run(given);
    const { numTensors } = tf.memory();
    const { carry, ys } = eager.run(given);
    assert.equal(tf.memory().numTensors, numTensors);
    for (const [key, value] of Object.entries(carry)) assert.ok(distance(value, compiled.carry[key]!) < 1e-4, key);
    for (const [key, value] of Object.entries(ys)) assert.ok(distance(value, compiled.ys[key]!) < 1e-4, key);
  });

  it('bound to arrays reads and writes them in place, so that two of them take turns', () => {
    const counting = compileScan(({ sum }, { x }, { by }) => {
      const next = tf.add(sum!, tf.mul(x!, by!));
      return { carry: { sum: next }, y: { sum: next } };
    });
    const [here, there] = [{ sum: float32([]) }, { sum: float32([]) }];
    const xs = { x: float32([3], [1, 2, 3]) };
    const constants = { by: float32([], [1]) };
    const ys = { sum: float32([3]) };
    const forth = counting.bind({ carry: here, xs, constants }, { carry: there, ys });
    const back = counting.bind({ carry: there, xs, constants }, { carry: here, ys });
    forth();
    assert.deepEqual([...ys.sum.data], [1, 3, 6]);
    constants.by.data[0] = 10;
    back();
    assert.deepEqual([...ys.sum.data], [16, 36, 66]);
    assert.deepEqual([here.sum.data[0], there.sum.data[0]], [66, 6]);
    assert.equal(counting.program.variants, 1);
  });

  it('carries integers and what it does not change, and may leave nothing behind', () => {
    const step: ScanStep = ({ count, same }, { x }) => ({
      carry: { count: tf.add(count!, x!), same: same! },
      y: { same: same! },
    });
    for (const executor of [onnxExecutor(), eagerExecutor({ backend: 'cpu' })]) {
      const scan = compileScan(step, { executor });
      const same = float32([2], [3, 4]);
      const { carry, ys } = scan.run({
        carry: { count: int32([], [5]), same },
        xs: { x: int32([4], [1, 2, 3, 4]) },
      });
      assert.deepEqual([carry.count!.data[0], [...carry.same!.data]], [15, [3, 4]]);
      assert.deepEqual(
        [ys.same!.shape, [...ys.same!.data]],
        [
          [4, 2],
          [3, 4, 3, 4, 3, 4, 3, 4],
        ],
      );
      const silent = compileScan(({ sum }, { x }) => ({ carry: { sum: tf.add(sum!, x!) }, y: {} }), { executor });
      assert.deepEqual(silent.run({ carry: { sum: float32([]) }, xs: { x: float32([2], [1, 2]) } }), {
        carry: { sum: float32([], [3]) },
        ys: {},
      });
    }
  });

  describe('says what is wrong', () => {
    const refuses = (step: ScanStep, message: RegExp, xs: Values = { x: float32([3]) }): void => {
      for (const executor of [onnxExecutor(), eagerExecutor({ backend: 'cpu' })]) {
        assert.throws(
          () => compileScan(step, { name: 'sums', executor }).run({ carry: { sum: float32([2]) }, xs }),
          (error: unknown) => {
            assert.ok(error instanceof LightbulbError, String(error));
            assert.equal(error.code, 'shape');
            assert.match(error.message, message);
            return true;
          },
        );
      }
    };
    const plain: ScanStep = ({ sum }, { x }) => ({ carry: { sum: tf.add(sum!, x!) }, y: {} });

    it('where the carry changes its shape', () => {
      refuses(
        ({ sum }) => ({ carry: { sum: tf.concat([sum!, sum!]) }, y: {} }),
        /carry sum of sums does not come out as it went in.*float32\[2\].*float32\[4\]/,
      );
    });
    it('where it changes its dtype', () => {
      refuses(({ sum }) => ({ carry: { sum: tf.cast(sum!, 'int32') }, y: {} }), /float32\[2\].*int32\[2\]/);
    });
    it('where a part of it is lost, or appears', () => {
      refuses(() => ({ carry: {}, y: {} }), /carry sum.*nothing/);
      refuses(({ sum }) => ({ carry: { sum: sum!, more: sum! }, y: {} }), /carry more.*nothing/);
    });
    it('where there is nothing to go through, or not as much of one as of another', () => {
      refuses(plain, /do not agree on its steps.*none/, {});
      refuses(plain, /x\[3\], z\[4\]/, { x: float32([3]), z: float32([4]) });
      refuses(plain, /x\[\]/, { x: float32([]) });
    });
    it('where a row is asked for that was not given', () => {
      refuses(({ sum }, { w }) => ({ carry: { sum: tf.add(sum!, w!) }, y: {} }), /input w of sums is missing/);
    });
  });
});
