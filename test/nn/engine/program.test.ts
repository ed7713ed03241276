import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type ErrorCode, LightbulbError } from '../../../core/index.ts';
import {
  bool,
  compile,
  eagerExecutor,
  float32,
  int32,
  onnxExecutor,
  type TensorFunction,
  tf,
  type Value,
  type Values,
} from '../../../nn/engine/index.ts';

/** `body` throws our error with this code, and says all of this. */
function refuses(body: () => unknown, code: ErrorCode, ...says: readonly RegExp[]): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof LightbulbError, String(error));
    assert.equal(error.code, code, error.message);
    for (const text of says) assert.match(error.message, text);
    return true;
  });
}

const x = float32([2], [1, 2]);
const run = (fn: TensorFunction, inputs: Values = { x }): Values => compile(fn, { name: 'policy' }).run(inputs);

describe('what a compiled function may not do', () => {
  it('reads no values, and the error names the op that did', () => {
    refuses(() => run(({ x: a }) => ({ y: tf.mul(a!, a!.dataSync()[0]!) })), 'trace', /read while tracing, in policy/);
    refuses(() => run(({ x: a }) => ({ y: tf.whereAsync(a!) as unknown as tf.Tensor })), 'trace');
    refuses(() => run(({ x: a }) => ({ y: tf.booleanMaskAsync(a!, a!) as unknown as tf.Tensor })), 'trace');
    refuses(
      () => run(({ x: a }) => ({ y: tf.setdiff1dAsync(a!, a!) as unknown as tf.Tensor })),
      'trace',
      /is not a tensor|read/,
    );
  });

  it('draws no random numbers: they would freeze', () => {
    for (const draw of [
      () => tf.randomUniform([2]),
      () => tf.randomNormal([2]),
      () => tf.truncatedNormal([2]),
      () => tf.dropout(tf.ones([2]), 0.5),
      () => tf.multinomial(tf.zeros([2]) as tf.Tensor1D, 1),
    ]) {
      refuses(
        () => run(({ x: a }) => ({ y: tf.add(a!, draw()) })),
        'trace',
        /would freeze into a constant/,
        /noise as an input/,
      );
    }
  });

  it('captures no tensors', () => {
    const outside = tf.tensor1d([1, 2]);
    refuses(
      () => run(({ x: a }) => ({ y: tf.add(a!, outside) })),
      'trace',
      /from outside was captured in tf\.add of policy/,
      /named input/,
    );
    outside.dispose();
  });

  it('uses no op without a lowering', () => {
    refuses(() => run(({ x: a }) => ({ y: tf.real(tf.fft(tf.complex(a!, a!))) })), 'trace', /no lowering/);
    refuses(
      () => run(({ x: a }) => ({ y: tf.unique(a!).values })),
      'trace',
      /Unique in tf\.unique of policy has no lowering/,
    );
    refuses(() => run(() => ({ y: tf.tensor1d(['a', 'b']) })), 'trace', /string/);
  });

  it('does no arithmetic on bools', () => {
    refuses(
      () => run(({ x: a }) => ({ y: tf.add(a!, a!) }), { x: bool([1], [1]) }),
      'trace',
      /arithmetic on a bool/,
      /Cast it/,
    );
    refuses(() => run(({ x: a }) => ({ y: tf.neg(a!) }), { x: bool([1], [1]) }), 'trace', /tf\.neg/);
  });

  it('is synchronous and returns named tensors', () => {
    const wrong: [unknown, RegExp][] = [
      [Promise.reject(new Error('late')), /promise/],
      [undefined, /undefined/],
      [{ y: 3 }, /output y of policy is not a tensor.*number/],
      [{ y: [] }, /an array/],
    ];
    for (const executor of [onnxExecutor(), eagerExecutor()]) {
      for (const [returned, says] of wrong) {
        const fn = (() => returned) as unknown as TensorFunction;
        refuses(() => compile(fn, { name: 'policy', executor }).run({ x }), 'trace', says);
      }
      const bare = (({ x: a }: { x: tf.Tensor }) => a) as unknown as TensorFunction;
      refuses(() => compile(bare, { name: 'policy', executor }).run({ x }), 'trace', /returned a tensor/, /\{ y \}/);
    }
  });

  it('leaves tfjs as it was after an error', () => {
    const before = tf.getBackend();
    refuses(() => run(() => ({ y: tf.randomUniform([2]) })), 'trace');
    assert.equal(tf.getBackend(), before);
    assert.deepEqual(run(({ x: a }) => ({ y: tf.neg(a!) })).y!.data, Float32Array.of(-1, -2));
  });

  it('says which op does not fit its operands', () => {
    refuses(
      () => run(({ x: a }) => ({ y: tf.matMul(a!, tf.ones([3, 3])) })),
      'shape',
      /tf\.matMul in policy/,
      /Error in matMul/,
    );
  });
});

describe('what a program is given', () => {
  const add = compile(({ x: a, y: b }) => ({ z: tf.add(a!, b!) }), { name: 'sum' });
  const of = (parts: Partial<Record<keyof Value, unknown>>): Value => ({ ...x, ...parts }) as Value;

  it('misses an input', () => {
    for (const executor of [onnxExecutor(), eagerExecutor()]) {
      const sum = compile(({ x: a, y: b }) => ({ z: tf.add(a!, b!) }), { name: 'sum', executor });
      refuses(() => sum.run({ x }), 'shape', /input y of sum is missing/, /got x/);
      refuses(() => sum.run({}), 'shape', /no inputs/);
    }
  });

  it('may probe for an input that is not there', () => {
    const fn: TensorFunction = ({ x: a, mask }) => ({ y: mask === undefined ? tf.neg(a!) : tf.mul(a!, mask) });
    assert.deepEqual(run(fn).y!.data, Float32Array.of(-1, -2));
  });

  it('has data that does not fit', () => {
    refuses(
      () => add.run({ x, y: of({ data: new Float32Array(3) }) }),
      'shape',
      /input y of sum/,
      /2 elements/,
      /of 3/,
    );
    refuses(() => add.run({ x, y: of({ data: new Int32Array(2) }) }), 'shape', /Float32Array/, /Int32Array/);
    refuses(() => add.run({ x, y: of({ data: [1, 2] }) }), 'shape', /input y/);
    refuses(() => add.run({ x, y: of({ dtype: 'float64' }) }), 'shape', /input y/, /float64/);
    refuses(() => add.run({ x, y: of({ shape: [-2] }) }), 'shape', /input y/);
    refuses(() => add.run({ x, y: undefined as unknown as Value }), 'shape', /nothing/);
  });

  it('has a tensor without elements', () => {
    refuses(() => add.run({ x, y: float32([2, 0]) }), 'shape', /axes of length 1 or more/, /float32\[2,0\]/);
  });

  it('has outputs that do not fit', () => {
    refuses(() => add.run({ x, y: x }, {}), 'shape', /output z of sum/, /nothing/);
    refuses(() => add.run({ x, y: x }, { z: float32([3]) }), 'shape', /float32\[3\]/);
    refuses(() => add.bind({ x, y: x }, { z: int32([2]) }), 'shape', /int32\[2\]/);
    refuses(() => add.bind({ x, y: x }, { z: of({ data: new Float32Array(1) }) }), 'shape', /output z/);
  });

  it('has an output in the memory of an input or of another output', () => {
    const arena = new Float32Array(6);
    const at = (from: number): Value => float32([2], arena.subarray(from, from + 2));
    refuses(
      () => add.bind({ x: at(0), y: at(2) }, { z: at(1) }),
      'shape',
      /output z of sum lies in the memory of its input/,
    );
    add.bind({ x: at(0), y: at(2) }, { z: at(4) })();
    const two = compile(({ x: a }) => ({ y: tf.neg(a!), z: tf.abs(a!) }), { name: 'two' });
    refuses(() => two.bind({ x }, { y: at(0), z: at(1) }), 'shape', /its output y/);
  });

  it('holds an index outside of its batch', () => {
    const fn: TensorFunction = ({ table, at }) => ({ y: tf.gather(table!, at as tf.Tensor1D, -1, 1) });
    for (const table of [float32([2, 3]), float32([2, 4, 3])]) {
      refuses(() => run(fn, { table, at: int32([2, 1], [4, 0]) }), 'shape', /policy failed while running/);
    }
    const rows: TensorFunction = ({ table, at }) => ({ y: tf.gather(table!, at as tf.Tensor1D, 1, 1) });
    refuses(() => run(rows, { table: float32([2, 3, 2]), at: int32([2, 1], [4, 0]) }), 'shape', /failed while running/);
  });

  it('holds an index outside of the table', () => {
    const fn: TensorFunction = ({ table, at }) => ({ y: tf.gather(table!, at as tf.Tensor1D) });
    refuses(
      () => run(fn, { table: float32([3, 2]), at: int32([1], [7]) }),
      'shape',
      /policy failed while running/,
      /7/,
    );
  });

  it('comes after the end', () => {
    const program = compile(({ x: a }) => ({ y: tf.neg(a!) }));
    program.dispose();
    refuses(() => program.run({ x }), 'internal', /disposed/);
  });
});

describe('programs', () => {
  it('are compiled once for each set of shapes', () => {
    let traces = 0;
    const program = compile(({ x: a, y: b }) => {
      traces++;
      return { z: tf.add(a!, b!) };
    });
    for (let i = 0; i < 3; i++) {
      program.run({ x, y: x });
      program.run({ y: x, x });
      program.run({ x: float32([1, 2]), y: x });
    }
    assert.deepEqual([traces, program.variants], [2, 2]);
    assert.deepEqual(program.outputsFor({ x, y: x }), { z: { dtype: 'float32', shape: [2] } });
    program.run({ x: int32([2]), y: int32([2]) });
    assert.equal(program.variants, 3);
  });

  it('hand inputs, constants and doubles through as outputs', () => {
    const { same, twice, one, count, wide } = run(({ x: a }) => {
      const sum = tf.add(a!, a!);
      return {
        same: a!,
        twice: sum,
        again: sum,
        one: tf.ones([2, 2]),
        count: tf.range(0, 3, 1, 'int32'),
        wide: tf.broadcastTo(a!, [2, 2]),
      };
    });
    assert.deepEqual([...same!.data, ...twice!.data], [1, 2, 2, 4]);
    assert.deepEqual([...one!.data, ...count!.data, ...wide!.data], [1, 1, 1, 1, 0, 1, 2, 1, 2, 1, 2]);
  });

  it('keep every dtype', () => {
    const inputs = { f: float32([1], [2]), i: int32([1], [3]), b: bool([1], [true]) };
    const outputs = run(({ f, i, b }) => ({ f: tf.neg(f!), i: tf.neg(i!), b: tf.logicalNot(b!) }), inputs);
    assert.deepEqual(outputs, { f: float32([1], [-2]), i: int32([1], [-3]), b: bool([1], [false]) });
  });

  it('write into the arrays that they are bound to, and nowhere else', () => {
    const program = compile(({ x: a }) => ({ y: tf.mul(a!, 2) }));
    const [input, output] = [float32([2], [1, 2]), float32([2])];
    const { data } = output;
    const step = program.bind({ x: input }, { y: output });
    step();
    assert.deepEqual(data, Float32Array.of(2, 4));
    input.data[0] = 5;
    step();
    assert.equal(output.data, data);
    assert.deepEqual(data, Float32Array.of(10, 4));
    assert.equal(program.run({ x: input }, { y: output }).y, output);
  });

  it('save a file that ONNX Runtime loads by its public door', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'engine-'));
    try {
      const path = join(folder, 'double.onnx');
      compile(({ x: a }) => ({ y: tf.mul(a!, 2) })).save(path, { x });
      const session = await InferenceSession.create(path);
      const results = await session.run({ x: new Tensor('float32', Float32Array.of(3, 4), [2]) });
      assert.deepEqual(results['out/y']!.data, Float32Array.of(6, 8));
      refuses(() => compile(({ x: a }) => ({ y: a! }), { executor: eagerExecutor() }).save(path, { x }), 'unsupported');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('fuse a bias into its product, unless somebody reads the product', () => {
    const operators = (fn: TensorFunction): string[] => {
      const bytes = compile(fn).model({ x: float32([2, 3]), w: float32([3, 4]), b: float32([4]) })!;
      const text = Buffer.from(bytes).toString('latin1');
      return ['Gemm', 'Add', 'Expand', 'Identity'].filter(
        (name) =>
          text.includes(`\x04${name}`) ||
          text.includes(`\x03${name}`) ||
          text.includes(`\x06${name}`) ||
          text.includes(`\x08${name}`),
      );
    };
    assert.deepEqual(
      operators(({ x: a, w, b }) => ({ y: tf.add(tf.matMul(a!, w!), b!) })),
      ['Gemm'],
    );
    assert.deepEqual(
      operators(({ x: a, w, b }) => {
        const product = tf.matMul(a!, w!);
        return { y: tf.add(product, b!), product };
      }),
      ['Gemm', 'Add'],
    );
  });
});
