import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  bool,
  compile,
  eagerExecutor,
  float32,
  int32,
  type TensorFunction,
  tf,
  type Value,
  type Values,
} from '../../../nn/engine/index.ts';
import { trace } from '../../../nn/engine/trace.ts';
import { Draw } from './cases/case.ts';
import { distance } from './distance.ts';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A whole network: its parameters are differentiated, its data is not. */
interface Network {
  readonly name: string;
  readonly parameters: (draw: Draw) => Values;
  readonly data: (draw: Draw) => Values;
  readonly loss: (inputs: Tensors) => tf.Scalar;
}

/** Small random weights of a layer from `rows` to `columns`. */
const weights = (draw: Draw, ...shape: number[]): Value => draw.floats(shape, -0.5, 0.5);

const layerNorm = (x: tf.Tensor, gain: tf.Tensor, shift: tf.Tensor): tf.Tensor => {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), gain), shift);
};

const networks: Network[] = [
  {
    name: 'multilayer perceptron with a categorical head',
    parameters: (draw) => ({ w: weights(draw, 5, 8), b: weights(draw, 8), out: weights(draw, 8, 3) }),
    data: (draw) => ({ x: draw.floats([7, 5]), action: draw.ints([7], 0, 2), advantage: draw.floats([7]) }),
    loss: ({ x, w, b, out, action, advantage }) => {
      const logits = tf.matMul(tf.tanh(tf.add(tf.matMul(x!, w!), b!)), out!);
      const logProbabilities = tf.logSoftmax(logits);
      const chosen = tf.sum(tf.mul(tf.oneHot(action!, 3), logProbabilities), -1);
      const entropy = tf.neg(tf.sum(tf.mul(tf.exp(logProbabilities), logProbabilities), -1));
      return tf.neg(tf.mean(tf.add(tf.mul(chosen, advantage!), tf.mul(entropy, 0.01)))) as tf.Scalar;
    },
  },
  {
    name: 'GRU, unrolled',
    parameters: (draw) => ({ input: weights(draw, 3, 12), hidden: weights(draw, 4, 12), b: weights(draw, 12) }),
    data: (draw) => ({ x: draw.floats([5, 2, 3]), reset: bool([5, 2, 1], [0, 0, 1, 0, 0, 1, 0, 0, 0, 0]) }),
    loss: ({ x, reset, input, hidden, b }) => {
      let h: tf.Tensor = tf.zeros([2, 4]);
      const keeps = tf.unstack(tf.sub(1, tf.cast(reset!, 'float32')));
      for (const [t, step] of tf.unstack(x!).entries()) {
        h = tf.mul(h, keeps[t]!);
        const [rx, zx, nx] = tf.split(tf.add(tf.matMul(step, input!), b!), 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
        const [rh, zh, nh] = tf.split(tf.matMul(h, hidden!), 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
        const z = tf.sigmoid(tf.add(zx, zh));
        const n = tf.tanh(tf.add(nx, tf.mul(tf.sigmoid(tf.add(rx, rh)), nh)));
        h = tf.add(tf.mul(tf.sub(1, z), n), tf.mul(z, h));
      }
      return tf.mean(tf.square(h));
    },
  },
  {
    name: 'LSTM, unrolled',
    parameters: (draw) => ({ input: weights(draw, 3, 16), hidden: weights(draw, 4, 16), b: weights(draw, 16) }),
    data: (draw) => ({ x: draw.floats([5, 2, 3]) }),
    loss: ({ x, input, hidden, b }) => {
      let [h, c]: [tf.Tensor, tf.Tensor] = [tf.zeros([2, 4]), tf.zeros([2, 4])];
      const outputs: tf.Tensor[] = [];
      for (const step of tf.unstack(x!)) {
        const gates = tf.add(tf.add(tf.matMul(step, input!), tf.matMul(h, hidden!)), b!);
        const [i, f, g, o] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
        h = tf.mul(tf.sigmoid(o), tf.tanh(c));
        outputs.push(h);
      }
      return tf.mean(tf.square(tf.stack(outputs)));
    },
  },
  {
    name: 'convolutional network',
    parameters: (draw) => ({
      first: weights(draw, 3, 3, 3, 4),
      second: weights(draw, 3, 3, 4, 5),
      b: weights(draw, 4),
      out: weights(draw, 20, 2),
    }),
    data: (draw) => ({ x: draw.floats([3, 9, 9, 3]) }),
    loss: ({ x, first, second, b, out }) => {
      const convolved = tf.relu(tf.add(tf.conv2d(x as tf.Tensor4D, first as tf.Tensor4D, 2, 'same'), b!));
      const pooled = tf.maxPool(convolved as tf.Tensor4D, 2, 1, 'valid');
      const deep = tf.elu(tf.conv2d(pooled, second as tf.Tensor4D, 1, 'valid'));
      return tf.mean(tf.square(tf.matMul(tf.reshape(deep, [3, 20]), out!)));
    },
  },
  {
    name: 'transformer block with embeddings and a causal mask',
    parameters: (draw) => ({
      table: weights(draw, 11, 8),
      places: weights(draw, 6, 8),
      qkv: weights(draw, 8, 24),
      out: weights(draw, 8, 8),
      up: weights(draw, 8, 16),
      down: weights(draw, 16, 8),
      gain: draw.floats([8], 0.5, 1.5),
      shift: weights(draw, 8),
    }),
    data: (draw) => ({ tokens: draw.ints([2, 6], 0, 10), targets: draw.ints([2, 6], 0, 10) }),
    loss: ({ tokens, targets, table, places, qkv, out, up, down, gain, shift }) => {
      let x = tf.add(tf.gather(table!, tokens as tf.Tensor2D), places!);
      const rows = (y: tf.Tensor): tf.Tensor => tf.reshape(y, [12, -1]);
      const projected = tf.reshape(tf.matMul(rows(layerNorm(x, gain!, shift!)), qkv!), [2, 6, 3, 2, 4]);
      const [q, k, v] = tf.unstack(tf.transpose(projected, [2, 0, 3, 1, 4])) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const mask = tf.linalg.bandPart(tf.ones([6, 6]), -1, 0);
      const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 0.5), tf.mul(tf.sub(1, mask), -1e9));
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
      x = tf.add(x, tf.reshape(tf.matMul(rows(mixed), out!), [2, 6, 8]));
      const hidden = tf.mul(tf.matMul(rows(layerNorm(x, gain!, shift!)), up!), 1);
      const gelu = tf.mul(hidden, tf.mul(0.5, tf.add(1, tf.erf(tf.div(hidden, Math.SQRT2)))));
      x = tf.add(x, tf.reshape(tf.matMul(gelu, down!), [2, 6, 8]));
      const logProbabilities = tf.logSoftmax(tf.matMul(rows(x), table!, false, true));
      return tf.neg(
        tf.mean(tf.sum(tf.mul(tf.oneHot(tf.reshape(targets!, [12]), 11), logProbabilities), -1)),
      ) as tf.Scalar;
    },
  },
];

/** The loss and its gradient by every parameter. */
function gradients({ loss }: Network, names: readonly string[]): TensorFunction {
  return (inputs) => {
    const of = (...chosen: tf.Tensor[]): tf.Scalar =>
      loss({ ...inputs, ...Object.fromEntries(names.map((name, i) => [name, chosen[i]!])) });
    const { value, grads } = tf.valueAndGrads(of)(names.map((name) => inputs[name]!));
    return { loss: value, ...Object.fromEntries(names.map((name, i) => [name, grads[i]!])) };
  };
}

describe('whole networks compile to what tfjs computes op by op', () => {
  for (const network of networks) {
    it(network.name, () => {
      for (const seed of [1, 2, 3]) {
        const draw = new Draw(seed);
        const parameters = network.parameters(draw);
        const inputs = { ...parameters, ...network.data(draw) };
        const fn = gradients(network, Object.keys(parameters));
        const compiled = compile(fn).run(inputs);
        const eager = compile(fn, { executor: eagerExecutor() }).run(inputs);
        for (const [name, value] of Object.entries(eager)) {
          // Some ten layers of float32 sums, each right to about 1e-6.
          assert.ok(distance(compiled[name]!, value) < 2e-5, `${name}: ${distance(compiled[name]!, value)}`);
          assert.ok(
            value.data.some((element) => element !== 0),
            `${name} has a gradient`,
          );
        }
      }
    });
  }
});

/** One step of Adam on a regression; parameters, moments and the step's number are inputs and outputs. */
const NAMES = ['w0', 'b0', 'w1', 'b1'];
const adam: TensorFunction = (inputs) => {
  const { x, y, time } = inputs;
  const loss = (w0: tf.Tensor, b0: tf.Tensor, w1: tf.Tensor, b1: tf.Tensor): tf.Scalar =>
    tf.mean(tf.square(tf.sub(tf.add(tf.matMul(tf.tanh(tf.add(tf.matMul(x!, w0), b0)), w1), b1), y!)));
  const { value, grads } = tf.valueAndGrads(loss as (...args: tf.Tensor[]) => tf.Scalar)(
    NAMES.map((name) => inputs[name]!),
  );
  const next = tf.add(time!, 1);
  const outputs: Record<string, tf.Tensor> = { loss: value, time: next };
  for (const [i, name] of NAMES.entries()) {
    const m = tf.add(tf.mul(inputs[`m/${name}`]!, 0.9), tf.mul(grads[i]!, 0.1));
    const v = tf.add(tf.mul(inputs[`v/${name}`]!, 0.999), tf.mul(tf.square(grads[i]!), 0.001));
    const [mean, square] = [tf.div(m, tf.sub(1, tf.pow(0.9, next))), tf.div(v, tf.sub(1, tf.pow(0.999, next)))];
    outputs[`m/${name}`] = m;
    outputs[`v/${name}`] = v;
    outputs[name] = tf.sub(inputs[name]!, tf.mul(tf.div(mean, tf.add(tf.sqrt(square), 1e-8)), 0.01));
  }
  return outputs;
};

function regression(): { data: Values; state: Record<string, Value> } {
  const draw = new Draw(7);
  const parameters: Record<string, Value> = {
    w0: weights(draw, 3, 16),
    b0: float32([16]),
    w1: weights(draw, 16, 2),
    b1: float32([2]),
  };
  const moments = NAMES.flatMap((name): [string, Value][] => [
    [`m/${name}`, float32(parameters[name]!.shape)],
    [`v/${name}`, float32(parameters[name]!.shape)],
  ]);
  return {
    data: { x: draw.floats([32, 3]), y: draw.floats([32, 2], -1, 1) },
    state: { ...parameters, ...Object.fromEntries(moments), time: float32([]) },
  };
}

/** Two bound steps, from one set of arrays to the other and back, and where each writes its loss. */
function pingPong(): { step: () => number } {
  const { data, state } = regression();
  const other = Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, float32(shape)]));
  const loss = float32([]);
  const program = compile(adam, { name: 'adam' });
  const turns = [
    program.bind({ ...data, ...state }, { ...other, loss }),
    program.bind({ ...data, ...other }, { ...state, loss }),
  ];
  let turn = 0;
  return {
    step: () => {
      turns[turn++ % 2]!();
      return loss.data[0]!;
    },
  };
}

/** Runs the garbage collector, so that memory is compared without what happens to be left of other tests. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('training in place', () => {
  it('gives the losses of tfjs op by op', () => {
    const { data, state } = regression();
    const eager = compile(adam, { executor: eagerExecutor() });
    const { step } = pingPong();
    let held: Values = state;
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) {
      const { loss, ...next } = eager.run({ ...data, ...held });
      held = next;
      losses.push(loss!.data[0]!);
      const compiled = step();
      // Rounding differs by 1e-7 a step; Adam divides it by small square roots, and 60 steps add up.
      assert.ok(Math.abs(compiled - losses[i]!) < 1e-3 * losses[i]!, `step ${i}: ${compiled} instead of ${losses[i]}`);
    }
    assert.ok(losses.at(-1)! < 0.7 * losses[0]!, 'it learns');
  });

  it('gives the same losses bit for bit when it is run again', () => {
    const [a, b] = [pingPong(), pingPong()];
    for (let i = 0; i < 200; i++) assert.equal(a.step(), b.step());
  });

  it('takes no more memory after 10,000 steps', () => {
    const { step } = pingPong();
    for (let i = 0; i < 2000; i++) step();
    collect();
    const { numTensors } = tf.memory();
    const before = process.memoryUsage();
    for (let i = 0; i < 10_000; i++) step();
    collect();
    const after = process.memoryUsage();
    assert.equal(tf.memory().numTensors, numTensors);
    // A leak of one parameter set (1 kB and more) a step would be 10 MB and more; what moves without one is the
    // garbage collector's young generation (16 MB in the resident set, and a few MB of it in use between collections).
    assert.ok(after.rss - before.rss < 20e6, `resident memory grew by ${after.rss - before.rss} bytes`);
    assert.ok(after.heapUsed - before.heapUsed < 15e6, `the heap grew by ${after.heapUsed - before.heapUsed} bytes`);
    assert.ok(after.arrayBuffers - before.arrayBuffers < 1e6, 'no buffers were made');
  });

  it('takes no more memory for programs that are made and disposed of', () => {
    const make = (): void => {
      const program = compile(({ x }) => ({ y: tf.gather(x!, tf.tensor1d([0, 1], 'int32')) }));
      program.run({ x: float32([2, 3]) });
      program.run({ x: float32([3, 3]) });
      program.dispose();
    };
    for (let i = 0; i < 50; i++) make();
    collect();
    const { numTensors, numDataBuffers } = tf.memory();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 200; i++) make();
    assert.deepEqual([tf.memory().numTensors, tf.memory().numDataBuffers], [numTensors, numDataBuffers]);
    collect();
    // A session that was kept would hold some 100 kB: 400 of them 40 MB.
    assert.ok(process.memoryUsage().rss - before < 25e6, `grew by ${process.memoryUsage().rss - before} bytes`);
  });
});

describe('gradients of lookups', () => {
  it('scatter once, whatever the size of the table', () => {
    const fn: TensorFunction = ({ table, at }) => ({
      d: tf.grad((rows: tf.Tensor) => tf.sum(tf.square(tf.gather(rows, at as tf.Tensor1D))))(table!),
    });
    const inputs = {
      table: float32([50_257, 32]),
      at: int32(
        [256],
        Array.from({ length: 256 }, (_, i) => (i * 7) % 50),
      ),
    };
    inputs.table.data.fill(1);
    const program = compile(fn);
    program.outputsFor(inputs);
    const start = performance.now();
    const { d } = program.run(inputs);
    // tfjs's CPU kernel visits every row of the table: 49 s for this one.
    assert.ok(performance.now() - start < 1000);
    // By hand: row 0 was taken at i = 0, 50, 100, 150, 200, 250, each time with gradient 2.
    assert.equal(d!.data[0], 12);
    assert.equal(d!.data[50 * 32], 0);
  });

  it('in batches are right along any axis, and their size does not depend on the batch', () => {
    const fn: TensorFunction = ({ x, at }) => {
      const picked = (values: tf.Tensor): tf.Tensor => tf.gather(values, at as tf.Tensor2D, -1, 1);
      // The same by a product with one-hot rows, which tfjs differentiates rightly.
      const product = (values: tf.Tensor): tf.Tensor =>
        tf.matMul(values, tf.oneHot(at!, 4, 1, 0, 'float32'), false, true);
      const [d, wanted] = [picked, product].map((of) =>
        tf.grad((values: tf.Tensor) => tf.sum(tf.square(of(values))))(x!),
      );
      return { d: d!, wanted: wanted! };
    };
    const draw = new Draw(3);
    const inputs = (batch: number): Values => ({ x: draw.floats([batch, 3, 4]), at: draw.ints([batch, 5], 0, 3) });
    const { d, wanted } = compile(fn).run(inputs(2));
    assert.ok(distance(d!, wanted!) < 1e-5);
    const nodes = [2, 64].map((batch) => trace(fn, inputs(batch), 'gather').nodes.length);
    assert.equal(nodes[0], nodes[1]);
  });
});
