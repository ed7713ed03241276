import assert from 'node:assert/strict';
import type { PpoOptions, Training } from '../../agents/index.ts';
import { createPpo } from '../../agents/ppo.ts';
import { LightbulbError } from '../../core/index.ts';
import { type Executor, eagerExecutor, onnxExecutor } from '../../nn/index.ts';
import { distance } from '../nn/engine/distance.ts';
import { network, plain, type Story, setParameters, tell, throughFile } from './probes.ts';

const story: Story = {
  agents: ['agent_0', 'agent_1'],
  width: 3,
  see: (t, agent) => [Math.sin(t + agent), Math.cos(2 * t), agent - 0.5],
  pay: (t, agent, action) => 20 + 5 * ((Number(action) === t % 2 ? 1 : -0.3) + 0.2 * agent),
  end: (t, agent) => (t === 5 ? 'truncated' : agent === 1 && t === 2 ? 'terminated' : null),
};
const nobodyDies: Story = { ...story, end: (t) => (t === 5 ? 'truncated' : null) };
const masked: Story = { ...story, legal: (t, agent) => ((t + agent) % 3 === 0 ? [1, 0] : [1, 1]) };

const learner = (
  updates: 'steps' | 'scan',
  told: Story,
  change: Partial<PpoOptions>,
  executor: Executor = onnxExecutor(),
): Training =>
  createPpo({
    seed: 2,
    steps: 1e6,
    copies: 4,
    make: tell(told),
    executor,
    updates,
    options: {
      ...plain,
      network: network({ hidden: [8] }),
      rollout: 12,
      epochs: 3,
      minibatches: 2,
      valueClip: 0.2,
      normaliseAdvantages: 'minibatch',
      learningRate: 0.01,
      ...change,
    },
  });

/** The largest distance between the metrics and the saved arrays of two trainings after `iterations`. */
async function apart(one: Training, other: Training, iterations: number): Promise<number> {
  let most = 0;
  for (let i = 0; i < iterations; i++) {
    const [{ metrics: a }, { metrics: b }] = [await one.advance(), await other.advance()];
    assert.deepEqual(Object.keys(a), Object.keys(b));
    for (const [key, value] of Object.entries(a)) {
      const difference = Math.abs(value - b[key]!) / (1 + Math.abs(value));
      if (!Number.isNaN(value)) most = Math.max(most, difference);
    }
  }
  const [{ tensors: a, state }, { tensors: b, state: otherState }] = [one.save(), other.save()];
  // Random streams and the order of samples; scales follow the numbers.
  const plainly = (json: unknown): string => JSON.stringify(json, (key, value) => (key === 'scale' ? null : value));
  assert.equal(plainly(state), plainly(otherState));
  for (const [name, value] of Object.entries(a)) most = Math.max(most, distance(value, b[name]!));
  await one.close();
  await other.close();
  return most;
}

describe('all updates of a rollout in one call', () => {
  const settings: [string, Story, Partial<PpoOptions>][] = [
    ['where nobody dies', nobodyDies, {}],
    ['where some agents are dead at times', story, {}],
    ['with masks', masked, {}],
    ['with ValueNorm', story, { valueNormalisation: 'valueNorm' }],
    ['with running observation statistics', story, { normaliseObservations: true }],
    ['with a central critic', story, { critic: 'central' }],
    ['with memory', nobodyDies, { chunk: 4, network: network({ hidden: [8], gru: 4 }) }],
    ['on one trunk', story, { network: network({ hidden: [8], heads: [4], sharedTrunk: true }) }],
    [
      'on one trunk with memory',
      nobodyDies,
      { chunk: 4, network: network({ hidden: [8], lstm: 4, heads: [4], sharedTrunk: true }) },
    ],
    ['with an early stop after some epochs', story, { targetKl: 0.002, learningRate: 0.02 }],
    ['with weight decay and a schedule', story, { weightDecay: 0.1, schedule: 'linear' }],
  ];
  for (const [name, told, change] of settings) {
    it(`learn the same bit for bit as one call each: ${name}`, async () => {
      assert.equal(await apart(learner('steps', told, change), learner('scan', told, change), 4), 0);
    });
  }

  it('stop early by the same rule', async () => {
    const stopping = learner('scan', story, { targetKl: 0.002, learningRate: 0.02 });
    const going = learner('scan', story, { learningRate: 0.02 });
    assert.ok((await apart(stopping, going, 1).catch(() => 1)) > 0, 'the early stop never came');
  });

  it('learn the same with PopArt but for rounding: the head is put into its new scale on the device', async () => {
    for (const valueClip of [0.2, null]) {
      const change: Partial<PpoOptions> = { valueNormalisation: 'popArt', valueClip };
      const difference = await apart(learner('steps', story, change), learner('scan', story, change), 4);
      assert.ok(difference < 1e-4, String(difference));
    }
  });

  it('learn the same op by op in tfjs but for rounding', async () => {
    const change: Partial<PpoOptions> = { adamEpsilon: 1e-3 };
    const eager = eagerExecutor({ backend: 'cpu' });
    const difference = await apart(learner('steps', story, change), learner('scan', story, change, eager), 2);
    assert.ok(difference < 1e-3, String(difference));
  });

  it('go on after a checkpoint as if there had been none', async () => {
    const [whole, first] = [learner('scan', story, {}), learner('scan', story, {})];
    for (let i = 0; i < 4; i++) await whole.advance();
    for (let i = 0; i < 2; i++) await first.advance();
    const second = learner('scan', story, {});
    second.load(throughFile(first.save()));
    await first.close();
    for (let i = 0; i < 2; i++) await second.advance();
    assert.deepEqual(second.save(), whole.save());
    await second.close();
    await whole.close();
  });

  it('keep the state from before the rollout where a number is not finite', async () => {
    const training = learner('scan', story, { learningRate: 1e30 });
    // Its metrics are finite at the first of the six steps, and not at a later one.
    const before = training.save().tensors;
    await assert.rejects(training.advance(), (error: unknown) => {
      assert.ok(error instanceof LightbulbError);
      assert.equal(error.code, 'not_finite');
      return true;
    });
    assert.deepEqual(training.save().tensors, before);
    await training.close();
    // Nor does a network that starts from nonsense change.
    const broken = learner('scan', story, {});
    setParameters(broken, 'agent', (path) => (path === 'critic/head/bias' ? Number.NaN : undefined));
    await assert.rejects(broken.advance(), /agent is no finite number/);
    await broken.close();
  });
});
