import { strict as assert } from 'node:assert';
import type { Json } from '../../../core/index.ts';
import { stream } from '../../../core/index.ts';
import { float32, onnxExecutor, type Tree, tf, type Value } from '../../../nn/index.ts';
import { type BatchedEnvironment, checkBatched, createOutputs, dodge } from '../../../worlds/index.ts';
import {
  Dream,
  type DreamOptions,
  Seen,
  VaeRnn,
  vaeRnnDefaults,
  type WorldModel,
} from '../../../worlds/models/index.ts';

const real = dodge(1, { size: 8, cell: 2 });
const { observation, action } = real.groups[0]!;
const sizes = { ...vaeRnnDefaults, latent: 4, channels: [4], units: 6, mixtures: 2 };
const model = new VaeRnn(observation, action, sizes);
const parameters = model.initialise(stream(1, 'model')) as Tree<Value>;
const starts = float32([3, model.stateSize]);
stream(2, 'starts').fillNormal(starts.data as Float32Array);

const dream = (copies: number, options: Partial<DreamOptions> = {}): Dream =>
  new Dream({
    model,
    parameters: () => parameters,
    executor: onnxExecutor(),
    real,
    starts,
    copies,
    horizon: 12,
    ...options,
  });

/** What copy b sees, is paid and told over some steps of made-up actions. */
function story(environment: BatchedEnvironment, steps: number, b: number, seed: number | null): number[] {
  const out = createOutputs(environment.groups, environment.batchSize);
  const [first] = out;
  const D = first!.observation.length / environment.batchSize;
  const told: number[] = [];
  if (seed !== null) environment.reset(seed, out);
  for (let t = 0; t < steps; t++) {
    environment.step([new Int32Array(environment.batchSize).map((_, i) => (t * 7 + i) % 3)], out);
    const { observation: seen, reward, terminated, truncated } = first!;
    told.push(...seen.slice(b * D, (b + 1) * D), reward[b]!, terminated[b]!, truncated[b]!);
  }
  return told;
}

/** A model whose only number counts steps, and whose ending has a probability of its own: what a dream does is then known. */
function counter(terminalLogit: number): WorldModel {
  return {
    name: 'counter',
    observationSize: 64,
    actionSize: 3,
    stateSize: 1,
    featureSize: 1,
    observeNoise: {},
    imagineNoise: { z: { kind: 'normal', size: 1 } },
    initialise: () => ({ unused: float32([1]) }),
    start: (rows) => tf.zeros([rows, 1]),
    observe: () => assert.fail(),
    imagine: (_, state, given, noise, temperature = 1) => ({
      state: tf.add(tf.add(state, 1), tf.mul(tf.mul(noise.z!, 0), temperature)),
      reward: tf.sum(tf.mul(given, tf.tensor1d([1, 10, 100])), 1),
      terminalLogit: tf.add(tf.mul(tf.sum(state, 1), 0), terminalLogit),
    }),
    features: (state) => state,
    decode: () => assert.fail(),
    losses: () => assert.fail(),
  };
}

describe('a dream', () => {
  it('keeps the contract of environments', async () => {
    for (const options of [{}, { sees: 'observation', ending: 'drawn', temperature: 1.3 }] as const) {
      const report = await checkBatched((copies) => dream(copies, options), { enduranceSteps: 0, repeatSteps: 60 });
      assert.ok(report.passed, JSON.stringify(report.checks.filter(({ outcome }) => outcome === 'fail')));
    }
  }).timeout(120_000);

  it('is the same in a batch of any size, and goes on exactly from a snapshot', () => {
    const [many, alone] = [dream(40), dream(1)];
    assert.deepEqual(story(many, 15, 0, 5), story(alone, 15, 0, 5));
    const saved = JSON.parse(JSON.stringify(many.snapshot())) as Json;
    const other = dream(40);
    other.restore(saved);
    assert.deepEqual(story(other, 15, 33, null), story(many, 15, 33, null));
    assert.throws(() => dream(2).restore(saved), /another dream/);
  });

  it('begins where its level says, and elsewhere otherwise', () => {
    const world = dream(2);
    assert.deepEqual(world.levels.grid, [{ start: 0 }, { start: 1 }, { start: 2 }]);
    world.setLevel(1, { start: 2 });
    for (let seed = 0; seed < 5; seed++) {
      world.reset(seed, createOutputs(world.groups, 2));
      const S = model.stateSize;
      assert.deepEqual(Array.from(world.states.slice(S)), Array.from((starts.data as Float32Array).slice(2 * S)));
    }
    assert.throws(() => world.setLevel(0, { start: 3 }), /not usable/);
    assert.throws(() => world.setLevel(0, { start: 0.5 }), /row/);
  });

  it('pays what is predicted, cuts endings at even odds or draws them, and is truncated at its horizon', () => {
    const play = (logit: number, ending: 'threshold' | 'drawn') => {
      const counting = counter(logit);
      const world = dream(64, {
        model: counting,
        parameters: () => counting.initialise(stream(0, 'x')),
        starts: float32([1, 1]),
        ending,
        horizon: 5,
      });
      const [out] = createOutputs(world.groups, 64);
      world.reset(1, [out!]);
      const ends: number[] = [];
      for (let t = 0; t < 5; t++) {
        world.step([new Int32Array(64).fill(2)], [out!]);
        assert.ok(out!.reward.every((each) => each === 100));
        ends.push(out!.terminated.reduce((sum, each) => sum + each, 0));
      }
      return { ends, late: out!.truncated.reduce((sum, each) => sum + each, 0), last: out!.finalObservation[0]! };
    };
    assert.deepEqual(play(-0.01, 'threshold'), { ends: [0, 0, 0, 0, 0], late: 64, last: 5 });
    assert.deepEqual(play(0.01, 'threshold').ends, [64, 64, 64, 64, 64]);
    const drawn = play(Math.log(0.25 / 0.75), 'drawn').ends.reduce((sum, each) => sum + each, 0);
    // 320 draws of probability 1/4: mean 80, standard deviation 7.7.
    assert.ok(drawn > 50 && drawn < 110, String(drawn));
  });

  it('keeps to the model that it began with until it is refreshed', () => {
    const changing = float32([1]);
    const counting: WorldModel = {
      ...counter(-1),
      imagine: (given, state, a, noise, heat) => ({
        ...counter(-1).imagine(given, state, a, noise, heat),
        reward: tf.add(tf.mul(tf.sum(state, 1), 0), (given as { unused: tf.Tensor }).unused),
      }),
    };
    const world = dream(1, { model: counting, parameters: () => ({ unused: changing }), starts: float32([1, 1]) });
    const [out] = createOutputs(world.groups, 1);
    world.reset(1, [out!]);
    changing.data[0] = 3;
    world.step([new Int32Array(1)], [out!]);
    assert.equal(out!.reward[0], 0);
    world.refresh();
    world.step([new Int32Array(1)], [out!]);
    assert.equal(out!.reward[0], 3);
  });

  it('refuses what it cannot dream of', () => {
    assert.throws(() => dream(1, { temperature: 0 }), /temperature/);
    assert.throws(() => dream(1, { starts: float32([1, 2]) }), /no states/);
    const other = { groups: [{ ...real.groups[0]!, agents: ['a', 'b'] }] };
    assert.throws(() => dream(1, { real: other }), /one agent/);
  });
});

describe('a world seen through a model', () => {
  const seen = (copies: number): Seen =>
    new Seen({
      model,
      parameters: () => parameters,
      executor: onnxExecutor(),
      environment: dodge(copies, { size: 8, cell: 2, maximumSteps: 20, rate: 0.3 }),
    });

  it('keeps the contract of environments, and has the spaces of the dream', async () => {
    const report = await checkBatched(seen, { enduranceSteps: 0, repeatSteps: 60 });
    assert.ok(report.passed, JSON.stringify(report.checks.filter(({ outcome }) => outcome === 'fail')));
    const { observation: dreamt, action: done } = dream(1).groups[0];
    assert.deepEqual(seen(1).groups[0]?.observation, dreamt);
    assert.deepEqual(seen(1).groups[0]?.action, done);
  }).timeout(120_000);

  it('pays and ends as the real one does', () => {
    const plain = dodge(3, { size: 8, cell: 2, maximumSteps: 20, rate: 0.3 });
    const told = (environment: BatchedEnvironment) => {
      const out = createOutputs(environment.groups, 3);
      environment.reset(4, out);
      const all: number[] = [];
      for (let t = 0; t < 40; t++) {
        environment.step([Int32Array.of(t % 3, 0, 2)], out);
        all.push(...out[0]!.reward, ...out[0]!.terminated, ...out[0]!.truncated);
      }
      return all;
    };
    assert.deepEqual(told(seen(3)), told(plain));
  });
});
