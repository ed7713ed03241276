import assert from 'node:assert/strict';
import { stream } from '../../../../core/index.ts';
import {
  adam,
  applyUpdates,
  compile,
  float32,
  fromLeaves,
  layoutOf,
  leaves,
  mapTree,
  pack,
  type Tree,
  tf,
  unpackTensors,
  type Value,
  type Values,
} from '../../../../nn/index.ts';
import type { Space } from '../../../../worlds/index.ts';
import {
  createRssm,
  fillNoise,
  type ModelSequence,
  noiseValues,
  rssmDefaults,
  type WorldModel,
} from '../../../../worlds/models/index.ts';
import { assertClose } from '../../../nn/close.ts';

const SMALL = { ...rssmDefaults, deterministic: 8, groups: 3, classes: 4, units: 12, rewardBins: 31 };
const VECTOR: Space = { type: 'box', shape: [2], low: -10, high: 10 };
const upload = ({ data, shape }: Value): tf.Tensor => tf.tensor(data, [...shape]);

/** Random sequences; an episode begins in the middle of the last one. */
function sequenceOf(model: WorldModel, L: number, B: number): ModelSequence<Value> {
  const random = stream(4, 'sequence');
  const filled = (shape: number[], next: () => number): Value => {
    const value = float32(shape);
    for (let i = 0; i < value.data.length; i++) value.data[i] = next();
    return value;
  };
  const first = float32([L, B]);
  first.data.fill(1, 0, B);
  if (L > 2) first.data[2 * B + B - 1] = 1;
  return {
    observation: filled([L, B, model.observationSize], () => random.uniform()),
    action: filled([L, B, model.actionSize], () => random.uniform()),
    reward: filled([L, B], () => random.normal()),
    first,
    terminal: filled([L, B], () => (random.uniform() < 0.2 ? 1 : 0)),
  };
}

const uploaded = (sequence: ModelSequence<Value>): ModelSequence =>
  Object.fromEntries(
    Object.entries(sequence).map(([name, value]) => [name, upload(value)]),
  ) as unknown as ModelSequence;

function setUp(model: WorldModel, L: number, B: number) {
  const parameters = mapTree(model.initialise(stream(1, 'rssm')), upload) as unknown as Tree<tf.Tensor>;
  const noise = noiseValues(model.observeNoise, [L, B]);
  fillNoise(stream(2, 'rssm'), model.observeNoise, noise);
  return { parameters, sequence: uploaded(sequenceOf(model, L, B)), noise: { latent: upload(noise.latent!) } };
}

const inTidy = (f: () => void) => (): void => {
  tf.tidy(f);
};

describe('an RSSM', () => {
  it(
    'observes a sequence as it observes its rows one by one, and forgets where an episode begins',
    inTidy(() => {
      const model = createRssm(VECTOR, 3, SMALL);
      const [L, B] = [4, 2];
      const { parameters, sequence, noise } = setUp(model, L, B);
      const whole = model.observe(parameters, sequence, model.start(B), noise).states;
      let state = model.start(B);
      for (let t = 0; t < L; t++) {
        const row = (x: tf.Tensor): tf.Tensor => tf.slice(x, [t], [1]);
        const one = mapTree({ ...sequence } as Record<string, tf.Tensor>, row) as unknown as ModelSequence;
        state = tf.reshape(model.observe(parameters, one, state, { latent: row(noise.latent) }).states, state.shape);
        assertClose(state.dataSync(), tf.reshape(row(whole), state.shape).dataSync(), 1e-5);
      }
      // The last sequence begins anew at row 2: what stood before must not matter from there on.
      const other = model.observe(parameters, sequence, tf.ones([B, model.stateSize]), noise).states;
      const at = (states: tf.Tensor): tf.Tensor => tf.slice(states, [2, B - 1, 0], [2, 1, model.stateSize]);
      assert.deepEqual(at(other).dataSync(), at(whole).dataSync());
    }),
  );

  it(
    'predicts nothing at first: reward exactly 0, ends as likely as not; imagined latents are one-hot',
    inTidy(() => {
      const model = createRssm(VECTOR, 3, SMALL);
      const { parameters } = setUp(model, 1, 5);
      const noise = { latent: tf.fill([5, 3], 0.4) };
      const { state, reward, terminalLogit } = model.imagine(parameters, model.start(5), tf.ones([5, 3]), noise);
      assert.deepEqual([...reward.dataSync()], [0, 0, 0, 0, 0]);
      assert.deepEqual([...terminalLogit.dataSync()], [0, 0, 0, 0, 0]);
      const latents = tf.reshape(tf.slice(state, [0, 8], [5, 12]), [15, 4]);
      assert.deepEqual([...tf.sum(latents, 1).dataSync()], Array(15).fill(1));
    }),
  );

  it(
    'pays for 1 nat of divergence at least, and then learns nothing from it; beyond, dynamics and representation count 1.0 and 0.1',
    inTidy(() => {
      const { parameters, sequence, noise } = setUp(createRssm(VECTOR, 3, SMALL), 3, 2);
      const lossesWith = (options: Partial<typeof SMALL>) => {
        const model = createRssm(VECTOR, 3, { ...SMALL, ...options });
        return (given: Tree<tf.Tensor>) => model.losses(given, sequence, model.start(2), noise);
      };
      const free = lossesWith({ freeNats: 1e3 })(parameters);
      assertClose(free.parts.dynamics!.dataSync(), [1e3], 1e-6);
      const prior = (parameters as { prior: Record<string, { weight: tf.Tensor }> }).prior['0']!.weight;
      const gradientOf = (options: Partial<typeof SMALL>): Float32Array =>
        tf
          .grad((weight: tf.Tensor) => {
            const own = parameters as Record<string, Tree<tf.Tensor>> & { prior: Record<string, object> };
            const tree = { ...own, prior: { ...own.prior, 0: { ...own.prior['0'], weight } } };
            return lossesWith(options)(tree as unknown as Tree<tf.Tensor>).loss;
          })(prior)
          .dataSync() as Float32Array;
      assert.ok(gradientOf({ freeNats: 1e3 }).every((number) => number === 0));
      // Only the dynamics loss reaches the prior: it scales with its weight, and not with the other's.
      const plain = gradientOf({ freeNats: 0 });
      assert.ok(plain.some((number) => Math.abs(number) > 1e-4));
      assertClose(gradientOf({ freeNats: 0, representationScale: 7 }), plain, 1e-6);
      assertClose(
        gradientOf({ freeNats: 0, dynamicsScale: 2 }),
        plain.map((number) => 2 * number),
        1e-6,
      );
      const { loss, parts } = lossesWith({ freeNats: 0 })(parameters);
      const value = (name: string): number => parts[name]!.dataSync()[0]!;
      const sum = value('reconstruction') + value('reward') + value('terminal') + value('dynamics');
      assertClose(loss.dataSync(), [sum + 0.1 * value('representation')], 1e-5);
    }),
  );

  it(
    'sees and draws pictures of odd sizes',
    inTidy(() => {
      const space: Space = { type: 'box', shape: [9, 11, 3], low: 0, high: 255, dtype: 'uint8' };
      const model = createRssm(space, 2, { ...SMALL, channels: 2 });
      const { parameters, sequence, noise } = setUp(model, 2, 2);
      const { loss, states } = model.losses(parameters, sequence, model.start(2), noise);
      assert.ok(Number.isFinite(loss.dataSync()[0]));
      const drawn = model.decode(parameters, states);
      assert.deepEqual(drawn.shape, [2, 2, 9 * 11 * 3]);
      assert.ok([...drawn.dataSync()].every((number) => number > 0 && number < 1));
    }),
  );

  it('learns a world of one moving number: the loss falls below a third', () => {
    const model = createRssm({ type: 'box', shape: [1], low: -1, high: 1 }, 2, SMALL);
    const [L, B] = [8, 8];
    const layout = layoutOf(model.initialise(stream(1, 'rssm')));
    const flat = pack(model.initialise(stream(1, 'rssm')));
    const optimiser = adam({ learningRate: 0.01 });
    const step = compile(({ parameters, latent, ...rest }) => {
      const [sequence, state] = [rest as unknown as ModelSequence, model.start(B)];
      const loss = (packed: tf.Tensor): tf.Scalar =>
        model.losses(unpackTensors(packed as tf.Tensor1D, layout) as Tree<tf.Tensor>, sequence, state, {
          latent: latent!,
        }).loss as tf.Scalar;
      const { value, grad } = tf.valueAndGrad(loss)(parameters!);
      const moments = Object.entries(rest).filter(([name]) => name.startsWith('m/'));
      const before = fromLeaves(moments.map(([name, leaf]) => [name.slice(2), leaf] as const));
      const { updates, state: after } = optimiser.update(grad, before as never, parameters!);
      return {
        parameters: applyUpdates(parameters!, updates) as tf.Tensor,
        loss: value,
        ...Object.fromEntries(leaves<tf.Tensor>(after).map(([path, leaf]) => [`m/${path}`, leaf])),
      };
    });
    // x goes a step of 0.1 left or right; reward is x.
    const random = stream(5, 'world');
    const sequence = sequenceOf(model, L, B);
    const noise = noiseValues(model.observeNoise, [L, B]);
    let state: Values = {
      parameters: flat,
      ...Object.fromEntries(leaves<Value>(optimiser.init(flat)).map(([path, leaf]) => [`m/${path}`, leaf])),
    };
    const losses: number[] = [];
    for (let i = 0; i < 120; i++) {
      sequence.action.data.fill(0);
      sequence.terminal.data.fill(0);
      sequence.first.data.fill(0).fill(1, 0, B);
      for (let b = 0; b < B; b++) {
        let x = 0.1 * (random.integer(11) - 5);
        for (let t = 0; t < L; t++) {
          const right = random.integer(2);
          if (t > 0) {
            x += right === 1 ? 0.1 : -0.1;
            sequence.action.data[(t * B + b) * 2 + right] = 1;
          }
          sequence.observation.data[t * B + b] = x;
          sequence.reward.data[t * B + b] = t === 0 ? 0 : x;
        }
      }
      fillNoise(random, model.observeNoise, noise);
      const { loss, ...next } = step.run({ ...state, ...sequence, latent: noise.latent! });
      losses.push(loss!.data[0]!);
      state = next;
    }
    step.dispose();
    const late = losses.slice(-10).reduce((sum, loss) => sum + loss) / 10;
    // 1.1 of what is left are the free nats.
    assert.ok(late - 1.1 < (losses[0]! - 1.1) / 3, `${losses[0]} became ${late}`);
  });
});
