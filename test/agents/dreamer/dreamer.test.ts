import assert from 'node:assert/strict';
import { dreamerActions } from '../../../agents/dreamer/actions.ts';
import { ActorCritic } from '../../../agents/dreamer/actor-critic.ts';
import {
  checkDreamer,
  createDreamer,
  dreamerDefaults,
  dreamerEnsembleDefaults,
} from '../../../agents/dreamer/index.ts';
import type { DreamerOptions } from '../../../agents/dreamer/options.ts';
import type { LevelFeed, LevelOutcome } from '../../../agents/index.ts';
import { type Json, stream } from '../../../core/index.ts';
import { mapTree, onnxExecutor, type Tree, tf, type Value } from '../../../nn/index.ts';
import { cartpole, counting, simpleSpread } from '../../../worlds/index.ts';
import {
  createRssm,
  fillNoise,
  noiseValues,
  rssmDefaults,
  type TrunkOf,
  transformerDefaults,
} from '../../../worlds/models/index.ts';
import { assertClose } from '../../nn/close.ts';

const RSSM = { ...rssmDefaults, deterministic: 8, groups: 2, classes: 4, units: 8, rewardBins: 15 };
const TINY: DreamerOptions = {
  ...dreamerDefaults,
  model: { name: 'rssm', ...RSSM },
  behaviour: { units: 8, layers: 1, bins: 15 },
  rollout: 8,
  replay: 400,
  batch: 4,
  length: 6,
  ratio: 6,
  prefill: 16,
  horizon: 3,
};
const upload = ({ data, shape }: Value): tf.Tensor => tf.tensor(data, [...shape]);
const executor = onnxExecutor();

const training = (options: Partial<DreamerOptions> = {}, curriculum?: LevelFeed) =>
  createDreamer({
    seed: 3,
    copies: 2,
    make: (copies) => cartpole(copies),
    options: { ...TINY, ...options },
    executor,
    curriculum,
  });

describe('dreamer', () => {
  it('dreams what its steps give one by one, and learns nothing from what lies behind an end', () => {
    tf.tidy(() => {
      const actions = dreamerActions({ type: 'discrete', n: 2 });
      const model = createRssm({ type: 'box', shape: [4], low: -1, high: 1 }, 2, RSSM);
      const parameters = mapTree(model.initialise(stream(1, 'model')), upload) as unknown as Tree<tf.Tensor>;
      const networks = new ActorCritic(actions, model.featureSize, TINY.behaviour, TINY);
      const { actor, critic } = mapTree(
        networks.initialise(stream(1, 'behaviour')) as unknown as Tree<Value>,
        upload,
      ) as unknown as { actor: TrunkOf<tf.Tensor>; critic: TrunkOf<tf.Tensor> };
      const noise = [0, 1, 2].map((step) => {
        const values = noiseValues(model.imagineNoise, [2]);
        fillNoise(stream(step, 'noise'), model.imagineNoise, values);
        return { latent: upload(values.latent!) };
      });
      const draws = [0, 1, 2].map((step) => tf.mul(tf.sin(tf.range(step, step + 4)), 3).reshape([2, 2]));
      const start = { state: tf.sin(tf.range(0, 2 * model.stateSize)).reshape([2, -1]), goesOn: tf.tensor1d([1, 0]) };
      const dream = networks.dream(
        (features) => networks.act(actor, features),
        start,
        (state) => model.features(state),
        (state, action, step) => model.imagine(parameters, state, action, noise[step]!),
        draws,
      );
      let { state } = start;
      for (let step = 0; step < 3; step++) {
        const action = actions.draw(networks.act(actor, model.features(state)), draws[step]!);
        assert.deepEqual(action.dataSync(), dream.actions[step]!.dataSync());
        const next = model.imagine(parameters, state, action, noise[step]!);
        assertClose(dream.features[step + 1]!.dataSync(), model.features(next.state).dataSync(), 1e-6);
        assertClose(dream.rewards[step]!.dataSync(), next.reward.dataSync(), 1e-6);
        state = next.state;
      }
      const replayed = {
        features: tf.zeros([4, model.featureSize]),
        reward: tf.zeros([2, 2]),
        first: tf.zeros([2, 2]),
        terminal: tf.zeros([2, 2]),
      };
      const { targets } = networks.targets(critic, critic, dream, replayed, tf.zeros([2]), false);
      const weights = targets.weights.dataSync();
      // Endings are as likely as not at first, and the second start is an end itself.
      assertClose(weights, [1, 0, (0.5 * 332) / 333, 0, ((0.5 * 332) / 333) ** 2, 0], 1e-5);
    });
  });

  it('learns in a transformer as well, and stores no states for it', async () => {
    const one = training({
      model: {
        ...transformerDefaults,
        name: 'transformer',
        width: 8,
        heads: 2,
        window: 3,
        groups: 2,
        classes: 4,
        units: 8,
        rewardBins: 15,
      },
      storedStates: false,
    });
    const measured = [];
    for (let i = 0; i < 4; i++) measured.push((await one.advance()).metrics);
    const last = measured.at(-1)!;
    assert.ok('model/loss' in last && 'task/return' in last, Object.keys(last).join());
    assert.ok(Object.values(last).every((value) => Number.isFinite(value)));
    const { tensors } = one.save();
    assert.ok(Object.keys(tensors).every((name) => !/replay\/state/.test(name)));
    const { model } = await one.evaluate({ episodes: 4, seed: 1, deterministic: true });
    assert.ok(model !== undefined && model.terminal.cases > 0);
    await one.close();
  });

  it('goes on exactly where it was saved', async () => {
    const ensemble = { ...dreamerEnsembleDefaults, members: 2, units: 8, layers: 1 };
    const options = { explore: 'plan2explore', ensemble } as const;
    const [one, two] = [training(options), training(options)];
    for (let i = 0; i < 4; i++) await one.advance();
    const { tensors, state } = one.save();
    two.load({ tensors, state: JSON.parse(JSON.stringify(state)) as Json });
    const after = [await one.advance(), await two.advance()];
    assert.deepEqual(after[0], after[1]);
    assert.ok('explorer/actor' in after[0]!.metrics && 'model/loss' in after[0]!.metrics);
    const saved = [one.save(), two.save()];
    assert.deepEqual(saved[0]!.state, saved[1]!.state);
    for (const [name, value] of Object.entries(saved[0]!.tensors))
      assert.deepEqual(saved[1]!.tensors[name]!.data, value.data, name);
    await one.close();
    await two.close();
  });

  it('tells a curriculum how wrong the model may be, level by level, and evaluates what it learned', async () => {
    const outcomes: LevelOutcome[] = [];
    let asked = 0;
    const feed: LevelFeed = {
      next: () => ({ massPole: asked++ % 2 === 0 ? 0.1 : 0.2 }),
      report: (given) => outcomes.push(...given),
      metrics: () => ({ 'levels/asked': asked }),
      save: () => asked,
      load: (saved) => {
        asked = saved as number;
      },
    };
    const ensemble = { ...dreamerEnsembleDefaults, members: 2, units: 8, layers: 1 };
    const run = training({ explore: 'random', ensemble }, feed);
    let metrics: Readonly<Record<string, number>> = {};
    for (let i = 0; i < 6; i++) ({ metrics } = await run.advance());
    assert.ok(metrics['levels/asked']! > 4);
    const errors = outcomes.filter(({ error }) => error !== undefined);
    const levels = new Set(errors.map(({ level }) => (level as { massPole: number }).massPole));
    assert.deepEqual([...levels].sort(), [0.1, 0.2]);
    for (const { error, samples } of errors) assert.ok(error! > 0 && samples > 0);
    const { model, episodes } = await run.evaluate({ episodes: 3, seed: 1, deterministic: true });
    assert.equal(episodes, 3);
    assert.ok(model !== undefined && model.openLoop['1']!.cases > 0);
    await run.close();
  });

  it('learns the world that counts: the loss falls below a half, and what is not owed is not learned', async () => {
    const run = createDreamer({
      seed: 1,
      copies: 2,
      make: (copies) => counting(copies),
      options: { ...TINY, starts: 8, learningRate: 0.01, behaviourLearningRate: 0.003, ratio: 24 },
      executor,
    });
    const losses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { metrics } = await run.advance();
      if (metrics['model/loss'] !== undefined) losses.push(metrics['model/loss']);
    }
    await run.close();
    assert.equal(losses.length, 11);
    assert.ok(losses.at(-1)! - 1.1 < (losses[0]! - 1.1) / 2, `${losses[0]} became ${losses.at(-1)}`);
  });

  it('says what it cannot do', () => {
    const check = (
      options: Partial<DreamerOptions>,
      make = cartpole as (copies: number) => ReturnType<typeof cartpole>,
    ) => checkDreamer({ ...TINY, ...options }, make(1), 2);
    check({});
    assert.throws(() => check({}, (copies) => simpleSpread(copies)), /one agent/);
    assert.throws(() => check({ explore: 'plan2explore' }), /ensemble/);
    assert.throws(() => check({ length: 1 }), /length/);
    assert.throws(() => check({ starts: 25 }), /24 rows/);
    assert.throws(() => training({ model: { ...TINY.model, classes: 1 } }), /classes/);
  });
});
