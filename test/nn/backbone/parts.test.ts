/** The parts of a backbone against closed forms. */
import assert from 'node:assert/strict';
import { LightbulbError, stream } from '../../../core/index.ts';
import { sequenceMask } from '../../../nn/backbone/masks.ts';
import { patchTable, rotated, rotationOf } from '../../../nn/backbone/positions.ts';
import {
  Backbone,
  type BackboneOf,
  type BackboneOptions,
  backboneConfig,
  type FeedForward,
  feedForwards,
  type Mixer,
  mapTree,
  nextTokenLoss,
  softmaxOffByOne,
  tf,
  uniformNoise,
  type Value,
} from '../../../nn/index.ts';
import { assertClose, assertGradient, wave } from '../close.ts';
import { TINY, tiny, VOCABULARY } from './tiny.ts';

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

const upload = (tree: BackboneOf<Value>): BackboneOf<tf.Tensor> =>
  mapTree(tree, ({ data, shape }: Value) => tf.tensor(data, [...shape])) as BackboneOf<tf.Tensor>;

const refused = (options: object, code: string, message: RegExp): void =>
  assert.throws(
    () => new Backbone({ ...TINY, ...options } as BackboneOptions),
    (error: unknown) => error instanceof LightbulbError && error.code === code && message.test(error.message),
  );

describe('parts of a backbone', () => {
  before(() => tf.setBackend('cpu'));

  describe('softmax off by one', () => {
    it(
      'is e^x / (1 + sum e^x)',
      inTidy(() => {
        const x = [-2, 0.5, 3];
        const whole = 1 + x.reduce((sum, each) => sum + Math.exp(each), 0);
        assertClose(
          softmaxOffByOne(tf.tensor1d(x)).dataSync(),
          x.map((each) => Math.exp(each) / whole),
          1e-6,
        );
        assertGradient((y) => tf.sum(tf.mul(softmaxOffByOne(y), wave([2, 3], 0.7))), wave([2, 3], 1.3));
      }),
    );

    it(
      'overflows nowhere, and attends to nothing where every score is low',
      inTidy(() => {
        assertClose(softmaxOffByOne(tf.tensor1d([1000, 1000])).dataSync(), [0.5, 0.5], 1e-6);
        assert.deepEqual([...softmaxOffByOne(tf.tensor1d([-1e9, -1000])).dataSync()], [0, 0]);
      }),
    );
  });

  describe('feed-forwards', () => {
    const apply = (name: string, x: tf.Tensor, weights: object): tf.Tensor =>
      feedForwards[name]!.apply(weights as Parameters<FeedForward['apply']>[0], x, backboneConfig(TINY)).output;
    const one = { output: { weight: tf.tensor2d([[1]]) } };

    it(
      'agree with PyTorch',
      inTidy(() => {
        // torch.nn.functional.gelu(x, approximate='tanh') of [-3, -1, -0.1, 0, 0.5, 2]
        const x = tf.tensor2d([-3, -1, -0.1, 0, 0.5, 2], [6, 1]);
        const plain = { input: { weight: tf.tensor2d([[1]]) }, ...one };
        const wanted = [-0.0036374, -0.1588079, -0.0460171, 0, 0.345714, 1.9545977];
        assertClose(apply('gelu-tanh', x, plain).dataSync(), wanted, 1e-6);
        assert.deepEqual([...apply('relu', x, plain).dataSync()], [0, 0, 0, 0, 0.5, 2]);
      }),
    );

    it(
      'multiply by the gate, whose columns come first',
      inTidy(() => {
        // gate 2 x, value 3 x: silu(2) * 3 and gelu(2) * 3
        const gated = { input: { weight: tf.tensor2d([[2, 3]]) }, ...one };
        assertClose(apply('swiglu', tf.ones([1, 1]), gated).dataSync(), [1.7615942 * 3], 1e-6);
        assertClose(apply('geglu', tf.ones([1, 1]), gated).dataSync(), [1.9544997 * 3], 1e-5);
      }),
    );
  });

  describe('the loss', () => {
    const logits = (): tf.Tensor => wave([2, 3, 4], 1.3);
    const ids = (): tf.Tensor =>
      tf.tensor2d(
        [
          [0, 3, 1],
          [2, 2, 0],
        ],
        [2, 3],
        'int32',
      );
    /** By hand, of the places of row and column that count. */
    const expected = (places: readonly (readonly [number, number])[]): [number, number] => {
      const [values, tokens] = [logits().arraySync() as number[][][], ids().arraySync() as number[][]];
      let [loss, square] = [0, 0];
      for (const [row, at] of places) {
        const here = values[row]![at]!;
        const logSum = Math.log(here.reduce((sum, x) => sum + Math.exp(x), 0));
        loss += (logSum - here[tokens[row]![at + 1]!]!) / places.length;
        square += logSum ** 2 / places.length;
      }
      return [loss, square];
    };

    it(
      'is of the next token, the last place left out',
      inTidy(() => {
        const { crossEntropy, squaredLogSum } = nextTokenLoss(logits(), ids());
        const wanted = expected([
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ]);
        assertClose([crossEntropy.dataSync()[0]!, squaredLogSum.dataSync()[0]!], wanted, 1e-6);
      }),
    );

    it(
      'counts targets by the weight of the token that is told, the z-loss too',
      inTidy(() => {
        // The weight of a first token is nobody's; the tokens 3 at (0, 1) and 0 at (1, 2) count.
        const weights = tf.tensor2d([
          [1, 1, 0],
          [1, 0, 1],
        ]);
        const { crossEntropy, squaredLogSum } = nextTokenLoss(logits(), ids(), weights);
        const wanted = expected([
          [0, 0],
          [1, 1],
        ]);
        assertClose([crossEntropy.dataSync()[0]!, squaredLogSum.dataSync()[0]!], wanted, 1e-6);
        assert.equal(nextTokenLoss(logits(), ids(), tf.zeros([2, 3])).crossEntropy.dataSync()[0], 0);
      }),
    );

    it(
      'adds the z-loss by its weight',
      inTidy(() => {
        const { model, parameters } = tiny({ zLoss: 0.25 });
        const { loss, crossEntropy, squaredLogSum } = model.loss(upload(parameters), { ids: ids() });
        const [whole, entropy, square] = [loss, crossEntropy, squaredLogSum].map((x) => x.dataSync()[0]!);
        assertClose([whole!], [entropy! + 0.25 * square!], 1e-6);
        assert.ok(square! > 5, 'about (ln V)^2');
      }),
    );
  });

  describe('positions', () => {
    it(
      'rotary scores depend on the distance alone, and turn by the place',
      inTidy(() => {
        const config = backboneConfig({ ...TINY, positions: [{ kind: 'rotary' }] });
        const { cosine, sine } = rotationOf(config, 8)!;
        assertClose(cosine.dataSync().slice(2, 4), [Math.cos(1), Math.cos(0.01)], 1e-6);
        const turned = (x: tf.Tensor): number[][] =>
          (rotated(tf.add(tf.zeros([1, 1, 8, 4]), x), { cosine, sine }).arraySync() as number[][][][])[0]![0]!;
        const [q, k] = [turned(wave([4], 1.3)), turned(wave([4], 0.7))];
        const score = (i: number, j: number): number => q[i]!.reduce((sum, x, n) => sum + x * k[j]![n]!, 0);
        for (const distance of [0, 1, 3]) assertClose([score(7, 7 - distance)], [score(4, 4 - distance)], 1e-5);
        assert.ok(Math.abs(score(5, 4) - score(5, 2)) > 1e-3);
        // The first pair of place 1 is turned by one radian: elements 0 and 2 of 4.
        const at = wave([4], 1.3).dataSync();
        assertClose([q[1]![0]!], [at[0]! * Math.cos(1) - at[2]! * Math.sin(1)], 1e-6);
      }),
    );

    it('sines of patches tell rows and columns apart', () => {
      const [rows, columns, width] = [2, 3, 8];
      const table = patchTable({ rows, columns }, width);
      const of = (row: number, column: number): Float32Array =>
        table.subarray((row * columns + column) * width, (row * columns + column + 1) * width);
      // DETR's formula at row 1 of 2, column 0 of 3: angles 2 pi and 2 pi / 3, wavelengths 1 and 10000^(1/2)
      const angles = [2 * Math.PI, (2 * Math.PI) / 100, (2 * Math.PI) / 3, (2 * Math.PI) / 300];
      assertClose(
        of(1, 0),
        angles.flatMap((angle) => [Math.sin(angle), Math.cos(angle)]),
        1e-6,
      );
      assert.deepEqual(of(0, 1).subarray(0, 4), of(0, 2).subarray(0, 4));
      assert.deepEqual(of(0, 1).subarray(4), of(1, 1).subarray(4));
    });

    it(
      'local and patch positions are added where a token has one',
      inTidy(() => {
        const { model, parameters } = tiny({
          positions: [
            { kind: 'local', entries: 3 },
            { kind: 'patches', rows: 1, columns: 2 },
          ],
        });
        const x = tf.zeros([1, 3, TINY.width]);
        const places = (row: number[]): tf.Tensor => tf.tensor2d([row], [1, 3], 'int32');
        const y = model.placed(upload(parameters), x, { local: places([2, -1, 0]), patch: places([-1, 1, -1]) });
        const table = [...parameters.local!.table.data];
        const sines = patchTable({ rows: 1, columns: 2 }, TINY.width);
        assertClose(y.dataSync(), [...table.slice(16, 24), ...sines.subarray(8), ...table.slice(0, 8)], 1e-6);
        assert.throws(() => model.placed(upload(parameters), x, {}), /local: .*places of its tokens/);
      }),
    );
  });

  it(
    'a prefix is seen by all, what comes after it by what comes later',
    inTidy(() => {
      const config = backboneConfig({ ...TINY, mask: 'prefix' });
      const mask = sequenceMask(config, 3, { prefix: tf.tensor1d([2, 0], 'int32') })!;
      const isSeen = (mask.arraySync() as number[][][][]).map(([rows]) => rows!.map((row) => row.map((x) => x === 0)));
      assert.deepEqual(isSeen, [
        [
          [true, true, false],
          [true, true, false],
          [true, true, true],
        ],
        [
          [true, false, false],
          [true, true, false],
          [true, true, true],
        ],
      ]);
      assert.throws(() => sequenceMask(config, 3), /needs to know the prefixes/);
    }),
  );

  it(
    'dropout drops by its noise, keeps the mean, and wants all of its noise',
    inTidy(() => {
      const { model, parameters } = tiny({ dropout: { embedding: 0.5 } });
      assert.deepEqual(model.noiseShapes(2, 3), { embedding: [2, 3, 8] });
      const x = tf.ones([1, 2, 8]);
      const noise = (value: number): Record<string, tf.Tensor> => ({ embedding: tf.fill([1, 2, 8], value) });
      const none = model.trunk(upload(parameters), tf.zeros([1, 2, 8])).hidden.dataSync();
      assertClose(model.trunk(upload(parameters), x, { noise: noise(0.49) }).hidden.dataSync(), none, 1e-6);
      const twice = model.trunk(upload(parameters), tf.mul(x, 2)).hidden.dataSync();
      assertClose(model.trunk(upload(parameters), x, { noise: noise(0.5) }).hidden.dataSync(), twice, 1e-6);
      assert.throws(() => model.trunk(upload(parameters), x, { noise: {} }), /embedding: dropout has no noise/);
      const drawn = uniformNoise({ a: [1000] }, stream(1, 'noise')).a!.data as Float32Array;
      const mean = drawn.reduce((sum, u) => sum + u, 0) / 1000;
      assert.ok(Math.abs(mean - 0.5) < 0.05 && drawn.every((u) => u >= 0 && u < 1), `mean ${mean}`);
      const all = tiny({ layers: 2, dropout: 0.1 }).model.noiseShapes(1, 2);
      assert.deepEqual(Object.keys(all).sort(), [
        ...['0/feedForward', '0/mixer', '0/weights', '1/feedForward', '1/mixer', '1/weights', 'embedding'],
      ]);
    }),
  );

  it(
    'suppressed ids are never predicted',
    inTidy(() => {
      const { model, parameters } = tiny({ suppressed: [1, 4] });
      const logits = model.head(upload(parameters), tf.ones([1, 8])).dataSync();
      assert.deepEqual([logits[1], logits[4]], [-1e9, -1e9]);
      assert.equal(logits.filter((x) => Math.abs(x) < 1).length, VOCABULARY - 2);
    }),
  );

  it(
    'further mixers and feed-forwards plug in by name, with settings and a loss of their own',
    inTidy(() => {
      /** The mean of all tokens so far. */
      const means: Mixer = {
        init: () => ({}),
        apply: (_, x) => {
          const length = x.shape[1]!;
          const counts = tf.range(1, length + 1).reshape([1, length, 1]);
          return tf.div(tf.cumsum(x, 1), counts);
        },
      };
      const routed: FeedForward = {
        init: () => ({ gate: { dtype: 'float32', shape: [1], data: Float32Array.of(3) } }),
        apply: ({ gate }, x, { options }) => ({
          output: tf.mul(x, (options.routed as { factor: number }).factor),
          loss: tf.sum(gate as tf.Tensor),
        }),
      };
      const { model, parameters } = tiny(
        { mixer: 'means', feedForward: 'routed', layers: 2, options: { routed: { factor: 0 } } },
        { mixers: { means }, feedForwards: { routed } },
      );
      const ids = tf.tensor2d([[1, 2, 3]], [1, 3], 'int32');
      const { loss, crossEntropy } = model.loss(upload(parameters), { ids });
      assertClose([loss.dataSync()[0]! - crossEntropy.dataSync()[0]!], [6], 1e-5);
      assert.throws(() => model.memory(1), /cannot decode token by token; got the mixer means/);
    }),
  );

  it('mistakes in a configuration are told by their place', () => {
    refused({ heads: 3 }, 'invalid_input', /^\/heads: .*wanted a divisor of the width, 8, got 3$/);
    refused({ layers: 0 }, 'invalid_input', /^\/layers: .*whole number from 1, got 0$/);
    refused({ norm: 'swin' }, 'invalid_input', /^\/norm: .*wanted pre, post, reordered, got swin$/);
    refused({ feedForward: 'swigl' }, 'invalid_input', /^\/feedForward: .*Did you mean "swiglu"\?$/);
    refused({ mixer: 'mamba' }, 'invalid_input', /^\/mixer: .*Known: attention$/);
    refused({ dropout: 1 }, 'invalid_input', /^\/dropout\/embedding: .*\[0, 1\), got 1$/);
    refused({ suppressed: [3, 11] }, 'invalid_input', /^\/suppressed\/1: .*id below 11, got 11$/);
    refused({ positions: [{ kind: 'alibi' }] }, 'invalid_input', /^\/positions\/0\/kind: /);
    refused({ positions: [{ kind: 'rotary' }, { kind: 'rotary' }] }, 'invalid_input', /^\/positions\/0|1: /);
    refused({ heads: 8, positions: [{ kind: 'rotary' }] }, 'invalid_input', /even width of a head/);
    refused({ qknorm: true }, 'unknown_key', /^\/qknorm: .*Did you mean "qkNorm"\?$/);
  });

  it(
    'a sequence longer than the backbone is an error',
    inTidy(() => {
      const { model, parameters } = tiny();
      const ids = tf.zeros([1, 9], 'int32');
      assert.throws(() => model.logits(upload(parameters), { ids }), LightbulbError);
      assert.throws(() => model.memory(1, 9), /at most 8 tokens, got 9/);
    }),
  );
});
