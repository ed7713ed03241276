import assert from 'node:assert/strict';
import { stream } from '../../../../core/index.ts';
import {
  Backbone,
  type BackboneOf,
  float32,
  type Memory,
  mapTree,
  sizeOf,
  type Tree,
  tf,
  type Value,
} from '../../../../nn/index.ts';
import { box, discrete } from '../../../../worlds/index.ts';
import {
  actionWidth,
  createTransformer,
  type TransformerOptions,
  transformerDefaults,
} from '../../../../worlds/models/index.ts';
import { Context } from '../../../../worlds/models/transformer/context.ts';
import { type Cells, windowedAttention } from '../../../../worlds/models/transformer/windowed-attention.ts';
import { assertClose } from '../../../nn/close.ts';
import { asked, rowsOf } from '../asked.ts';
import { playLadder } from '../ladder.ts';
import { rejects } from '../rejects.ts';

const SMALL: TransformerOptions = {
  ...transformerDefaults,
  width: 16,
  heads: 2,
  window: 3,
  groups: 4,
  classes: 3,
  units: 8,
  channels: 4,
  rewardBins: 15,
};
const upload = (tree: Tree<Value>): Tree<tf.Tensor> =>
  mapTree(tree, ({ data, shape }: Value) => tf.tensor(data, [...shape])) as Tree<tf.Tensor>;
const random = (name: string, shape: number[]): tf.Tensor => {
  const data = new Float32Array(sizeOf(shape));
  stream(5, name).fillNormal(data);
  return tf.tensor(data, shape);
};
const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};
const withReach = (reach: number): Backbone =>
  new Backbone(
    {
      vocabulary: 1,
      width: 8,
      layers: 2,
      heads: 2,
      length: 12,
      mixer: 'windowed',
      options: { windowed: { reach } },
      positions: [],
      deviation: 0.5,
    },
    { mixers: { windowed: windowedAttention } },
  );

describe('windowed attention', () => {
  before(() => tf.setBackend('cpu'));

  it(
    "is the backbone's own attention where all is in reach and distances mean nothing",
    inTidy(() => {
      const backbone = withReach(12);
      const parameters = upload(backbone.init(stream(1, 'backbone')) as Tree<Value>) as BackboneOf<tf.Tensor>;
      const plain = mapTree(parameters, (leaf: tf.Tensor, path) =>
        path.endsWith('distance/table') ? tf.zerosLike(leaf) : leaf,
      ) as BackboneOf<tf.Tensor>;
      const { mixer: _windowed, options: _reach, ...axes } = backbone.config;
      const x = random('x', [2, 9, 8]);
      const wanted = new Backbone({ ...axes, mixer: 'attention' }).trunk(plain, x).hidden;
      assertClose(backbone.trunk(plain, x).hidden.dataSync(), wanted.dataSync(), 1e-5);
      // Begun with slopes, distances mean something.
      const sloped = backbone.trunk(parameters, x).hidden.dataSync();
      assert.ok(sloped.some((value, i) => Math.abs(value - wanted.dataSync()[i]!) > 1e-2));
    }),
  );

  it(
    'gives token by token, from what it keeps, what it gives of a whole episode longer than its reach',
    inTidy(() => {
      const reach = 4;
      const backbone = withReach(reach);
      const parameters = upload(backbone.init(stream(1, 'backbone')) as Tree<Value>) as BackboneOf<tf.Tensor>;
      const x = random('x', [2, 12, 8]);
      const whole = backbone.trunk(parameters, x).hidden;
      // What is kept begins with another episode's cells: places tell that these are not for us.
      let memory: Memory<tf.Tensor> = mapTree(backbone.memory(2), ({ shape }: Value, path) => random(path, [...shape]));
      for (let place = 0; place < 12; place++) {
        const order = tf.fill([2, 1], place, 'int32');
        const next = backbone.advance(parameters, tf.slice(x, [0, place, 0], [2, 1, 8]), memory, {
          order,
          length: reach,
        });
        assertClose(next.hidden.dataSync(), tf.slice(whole, [0, place, 0], [2, 1, 8]).dataSync(), 1e-4);
        memory = mapTree(next.memory, (cells: tf.Tensor) => tf.slice(cells, [0, 0, 1, 0], [-1, -1, reach, -1]));
        assert.deepEqual((memory['1'] as Cells<tf.Tensor>).keys.shape, [2, 2, reach, 4]);
      }
      // Two layers reach twice as far: what lies beyond that is forgotten, what lies within is not.
      const changed = (at: number): tf.Tensor =>
        tf.add(x, tf.mul(tf.reshape(tf.oneHot(tf.tensor1d([at], 'int32'), 12), [1, 12, 1]), 3));
      const last = (of: tf.Tensor): ArrayLike<number> =>
        tf.slice(backbone.trunk(parameters, of).hidden, [0, 11, 0], [2, 1, 8]).dataSync();
      assertClose(last(changed(2)), last(x), 1e-6);
      assert.notDeepEqual(last(changed(3)), last(x));
    }),
  );
});

describe('the context of a transformer', () => {
  before(() => tf.setBackend('cpu'));

  it(
    'counts the steps of an episode up to its window, from whatever came before',
    inTidy(() => {
      const context = new Context({ layers: 1, heads: 1, width: 2, window: 3, tokens: 2 });
      const first = tf.tensor2d(
        [
          [0, 0, 1],
          [0, 1, 0],
          [1, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ],
        [5, 3],
      );
      const steps = context.stepsBefore(first, tf.tensor1d([1, 3, 2]));
      assert.deepEqual(steps.arraySync(), [
        [1, 3, 0],
        [2, 0, 1],
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 3],
      ]);
      assert.deepEqual(tf.slice(context.places(steps), [2, 0], [1, 10]).arraySync(), [[0, 1, 2, 3, 4, 5, 6, 7, 6, 7]]);
    }),
  );
});

describe('transformer as world model', () => {
  before(() => tf.setBackend('cpu'));

  for (const tokens of [1, 5])
    it(`expects in imagination what it expects of a real sequence, beyond its window (${tokens} tokens)`, () => {
      const model = createTransformer(box([4], 0, 1), 2, { ...SMALL, tokens });
      const ask = asked(model, model.initialise(stream(1, 'parameters')));
      const [L, B] = [9, 2];
      const sequence = playLadder(stream(2, 'ladder'), L, B);
      const states = ask.observe(sequence, ask.start(B), ask.noise('observe', [L, B]));
      const latents = SMALL.groups * SMALL.classes;
      // What the backbone made of a step lies behind the latents, which are drawn.
      const expected = (row: Value, b: number): ArrayLike<number> =>
        row.data.subarray(b * model.stateSize + latents, b * model.stateSize + latents + SMALL.width);
      for (let row = 0; row + 1 < L; row++) {
        const [state, action] = [rowsOf(states, row, row + 1), rowsOf(sequence.action, row + 1, row + 2)].map(
          ({ shape, data }) => float32(shape.slice(1), data as Float32Array),
        ) as [Value, Value];
        const imagined = ask.imagine(state, action, ask.noise('imagine', [B])).state!;
        for (let b = 0; b < B; b++)
          if (sequence.first.data[(row + 1) * B + b] === 0)
            assertClose(expected(imagined, b), expected(rowsOf(states, row + 1, row + 2), b), 1e-4);
      }
      ask.dispose();
    });

  it('draws the likeliest latents where it is cold, and others where it is hot', () => {
    const model = createTransformer(box([4], 0, 1), 2, { ...SMALL, uniformMix: 0 });
    const ask = asked(model, model.initialise(stream(1, 'parameters')));
    const draws = (temperature: number): number => {
      const [state, action] = [ask.start(64), float32([64, 2])];
      const { features } = ask.look(ask.imagine(state, action, ask.noise('imagine', [64]), temperature).state!);
      const width = SMALL.groups * SMALL.classes;
      const rows = Array.from({ length: 64 }, (_, i) =>
        features!.data.slice(i * model.featureSize, i * model.featureSize + width).join(),
      );
      return new Set(rows).size;
    };
    assert.equal(draws(1e-3), 1);
    assert.ok(draws(1) > 4);
    ask.dispose();
  });

  it('codes pictures as it codes vectors: one draw, one token', () => {
    const space = box([8, 8, 3], 0, 255, 'uint8');
    const model = createTransformer(space, actionWidth(discrete(2)), SMALL);
    const ask = asked(model, model.initialise(stream(1, 'parameters')));
    const sequence = { ...playLadder(stream(1, 'ladder'), 3, 2), observation: float32([3, 2, 192]) };
    for (let i = 0; i < 1152; i++) sequence.observation.data[i] = (i % 7) / 7;
    const { loss, states } = ask.losses(sequence, ask.start(2), ask.noise('observe', [3, 2]));
    assert.ok(Number.isFinite(loss!.data[0]));
    const { observation } = ask.look(states!);
    assert.deepEqual(observation!.shape, [3, 2, 192]);
    assert.ok(observation!.data.every((pixel) => pixel >= 0 && pixel <= 1));
    ask.dispose();
  });

  it('refuses sizes that cannot be', () => {
    const make = (options: Partial<TransformerOptions>) => () =>
      createTransformer(box([4], 0, 1), 2, { ...SMALL, ...options });
    rejects(make({ heads: 3 }), 'invalid_input', '/heads');
    rejects(make({ tokens: 7 }), 'invalid_input', '/tokens');
    rejects(make({ tokens: 4 }), 'invalid_input', '/tokens');
    rejects(make({ window: 0 }), 'invalid_input', '/window');
    rejects(make({ classes: 1 }), 'invalid_input', '/classes');
    rejects(make({ uniformMix: 1 }), 'invalid_input', '/uniformMix');
    rejects(make({ freeNats: -1 }), 'invalid_input', '/freeNats');
  });
});
