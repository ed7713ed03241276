import { strict as assert } from 'node:assert';
import {
  type Checkpoint,
  controllerDefaults,
  evaluatePlayer,
  type Training,
  type WorldModelsOptions,
  worldModelsDefaults,
} from '../../../agents/index.ts';
import { checkWorldModels, createWorldModels } from '../../../agents/world-models/index.ts';
import { workOf } from '../../../agents/world-models/options.ts';
import { stream } from '../../../core/index.ts';
import { onnxExecutor } from '../../../nn/index.ts';
import { type BatchedEnvironment, cartpole, dodge, pendulum } from '../../../worlds/index.ts';

const tiny: WorldModelsOptions = {
  ...worldModelsDefaults,
  model: { ...worldModelsDefaults.model, latent: 4, channels: [4], hidden: [8], units: 6, mixtures: 2 },
  collect: { steps: 96, rollout: 8 },
  vision: { ...worldModelsDefaults.vision, updates: 60, batch: 8 },
  memory: { ...worldModelsDefaults.memory, updates: 30, batch: 4, length: 6 },
  starts: 4,
  controllers: {
    dream: { ...controllerDefaults, population: 4, rollouts: 2, generations: 3, temperature: 1.2 },
    reality: {
      ...controllerDefaults,
      population: 4,
      rollouts: 2,
      generations: 2,
      trainedIn: 'reality',
      memory: 'untrained',
    },
  },
  baselines: { random: 'random', stay: 1 },
};

const smallDodge = (copies: number): BatchedEnvironment => dodge(copies, { size: 8, maximumSteps: 15, rate: 0.2 });

const trainingOf = (options: WorldModelsOptions = tiny, make = smallDodge): Training =>
  createWorldModels({ seed: 5, copies: 4, make, options, executor: onnxExecutor() });

/** Through text, as a checkpoint on a disk. */
function written({ tensors, state }: Checkpoint): Checkpoint {
  const copied = Object.entries(tensors).map(([name, { data, ...rest }]) => [name, { ...rest, data: data.slice() }]);
  return { tensors: Object.fromEntries(copied), state: JSON.parse(JSON.stringify(state)) };
}

describe('world models', () => {
  it('does its work in order, counts it, and says how everybody plays and how good the model is', async () => {
    const training = trainingOf();
    const seen: string[] = [];
    let [step, last] = [0, {} as Readonly<Record<string, number>>];
    while (training.step < workOf(tiny)) {
      const { metrics, step: now } = await training.advance();
      assert.ok(now > step && now === training.step);
      step = now;
      last = metrics;
      const kind = Object.keys(metrics)[0]!.split('/').slice(0, 2).join('/');
      if (seen.at(-1) !== kind) seen.push(kind);
      for (const [name, value] of Object.entries(metrics)) assert.ok(Number.isFinite(value), name);
    }
    assert.equal(step, 96 + 60 + 30 + 3 + 2);
    assert.deepEqual(seen.slice(-4), [
      'vision/reconstruction',
      'memory/latent',
      'controller/dream',
      'controller/reality',
    ]);
    // Each generation takes as many steps of its eight copies as its longest episode.
    assert.ok(last.dreamSteps! > 0 && last.dreamSteps! <= 3 * 8 * 15 && last.dreamSteps! % 8 === 0);
    assert.ok(last.environmentSteps! > 96 && last.environmentSteps! <= 96 + 2 * 8 * 15);
    const idle = await training.advance();
    assert.equal(idle.step, step);

    const before = JSON.stringify(training.save().state);
    const found = await training.evaluate({ episodes: 5, seed: 9, deterministic: true });
    assert.equal(JSON.stringify(training.save().state), before);
    assert.deepEqual(await training.evaluate({ episodes: 5, seed: 9, deterministic: true }), found);
    assert.equal(found.episodes, 5);
    assert.equal(found.return.mean, found.scores!['dream/real']);
    const names = ['dream/real', 'dream/dream', 'reality/real', 'random/real', 'stay/real'];
    assert.deepEqual(
      Object.keys(found.scores!),
      names.flatMap((name) => [name, `${name}-std`]),
    );
    assert.ok(found.model!.terminal.cases > 0 && found.model!.openLoop['1']!.cases > 0);
    await training.close();
  });

  it('plays the real environment for whoever records it', async () => {
    const training = trainingOf();
    while (training.step < workOf(tiny)) await training.advance();
    const found = await evaluatePlayer(smallDodge, 24, 9, (collector) =>
      training.player!(collector, { deterministic: true, noise: stream(1, 'noise') }),
    );
    const usual = await training.evaluate({ episodes: 24, seed: 9, deterministic: true });
    // The same controller sees the same kind of features: only the draws of latents differ.
    const spread = usual.return.std + found.return.std;
    assert.ok(Math.abs(found.return.mean - usual.return.mean) <= spread, `${found.return.mean}, ${usual.return.mean}`);
    await training.close();
  });

  it('goes on exactly where it was saved, whatever it was doing', async () => {
    const straight = trainingOf();
    const saves: Checkpoint[] = [];
    while (straight.step < workOf(tiny)) {
      saves.push(written(straight.save()));
      await straight.advance();
    }
    const end = straight.save();
    assert.ok(saves.length >= 10);
    for (const saved of saves.filter((_, i) => i % 3 === 1 || i >= saves.length - 4)) {
      const resumed = trainingOf();
      resumed.load(saved);
      while (resumed.step < workOf(tiny)) await resumed.advance();
      assert.deepEqual(resumed.save(), end);
      await resumed.close();
    }
    await straight.close();
  }).timeout(120_000);

  it('takes vectors, and numbers as actions', async () => {
    for (const make of [(n: number) => cartpole(n), (n: number) => pendulum(n, { maximumSteps: 12 })]) {
      const controllers = { dream: { ...tiny.controllers.dream!, generations: 1 } };
      const options = { ...tiny, controllers, baselines: {}, horizon: 10 };
      const training = trainingOf(options, make);
      while (training.step < workOf(options)) await training.advance();
      const found = await training.evaluate({ episodes: 2, seed: 1, deterministic: true });
      assert.ok(Number.isFinite(found.return.mean));
      await training.close();
    }
  });

  it('refuses options that make no sense, saying where', () => {
    const probe = smallDodge(1);
    const check = (change: Partial<WorldModelsOptions>, steps = 100): void =>
      checkWorldModels({ ...tiny, ...change }, probe, 4, steps);
    check({});
    assert.throws(() => check({}, 192), /\/steps/);
    assert.throws(() => check({ collect: { steps: 100, rollout: 8 } }), /multiple of rollout/);
    assert.throws(() => check({ plays: 'nobody' }), /none of the controllers/);
    assert.throws(() => check({ baselines: { up: 3 } }), /baselines\/up/);
    assert.throws(() => check({ memory: { ...tiny.memory, length: 200 } }), /memory\/length/);
    const dreamt = { ...tiny.controllers.dream!, memory: 'untrained' as const };
    assert.throws(() => check({ controllers: { dream: dreamt } }), /has no dreams/);
  });
});
