import assert from 'node:assert/strict';
import {
  createTraining,
  iqlDefaults,
  type LearnerOptions,
  type PpoOptions,
  ppoDefaults,
  qmixDefaults,
  type TrainingSpec,
  vdnDefaults,
} from '../../agents/index.ts';
import { builtin, cartpole, dodge, newsTopics, simpleSpread, simpleTag } from '../../worlds/index.ts';
import { network, plain } from './probes.ts';

const spec: TrainingSpec = {
  seed: 1,
  steps: 1000,
  copies: 4,
  make: (copies) => cartpole(copies),
  learner: plain,
  executor: 'onnx',
  device: 'auto',
  threads: 1,
};

const refused = (change: Partial<TrainingSpec>, code: string, where: string): Promise<void> =>
  assert.rejects(
    async () => {
      const made = await createTraining({ ...spec, ...change });
      await made.close();
    },
    (error: { code?: string; parts?: { where?: string; got?: string } }) => {
      assert.deepEqual([error.code, error.parts?.where], [code, where]);
      return true;
    },
  );

const withPpo = (change: Partial<PpoOptions>): Partial<TrainingSpec> => ({ learner: { ...plain, ...change } });

describe('createTraining', () => {
  it('makes every learner there is', async () => {
    const learners: LearnerOptions[] = [plain, { name: 'random' }, { name: 'scripted' }];
    for (const learner of learners) {
      const made = await createTraining({ ...spec, learner, scripted: () => 0 });
      const { step, metrics } = await made.advance();
      assert.ok(step > 0);
      assert.ok(Object.values(metrics).every(Number.isFinite));
      await made.close();
    }
  });

  it('refuses numbers out of range, saying which', async () => {
    const wrong: [Partial<PpoOptions>, string][] = [
      [{ rollout: 0 }, '/learner/rollout'],
      [{ rollout: 2.5 }, '/learner/rollout'],
      [{ epochs: 0 }, '/learner/epochs'],
      [{ minibatches: -1 }, '/learner/minibatches'],
      [{ chunk: 0 }, '/learner/chunk'],
      [{ learningRate: 0 }, '/learner/learningRate'],
      [{ learningRate: Number.NaN }, '/learner/learningRate'],
      [{ adamEpsilon: 0 }, '/learner/adamEpsilon'],
      [{ weightDecay: -1 }, '/learner/weightDecay'],
      [{ maximumGradientNorm: 0 }, '/learner/maximumGradientNorm'],
      [{ discount: 1.01 }, '/learner/discount'],
      [{ gaeLambda: -0.1 }, '/learner/gaeLambda'],
      [{ clip: 0 }, '/learner/clip'],
      [{ clip: 1 }, '/learner/clip'],
      [{ valueClip: 0 }, '/learner/valueClip'],
      [{ huberDelta: 0 }, '/learner/huberDelta'],
      [{ valueCoefficient: -1 }, '/learner/valueCoefficient'],
      [{ entropyCoefficient: Number.POSITIVE_INFINITY }, '/learner/entropyCoefficient'],
      [{ targetKl: -1 }, '/learner/targetKl'],
      [{ network: network({ hidden: [4, 0] }) }, '/learner/network/hidden/1'],
      [{ network: network({ gru: 1.5 }) }, '/learner/network/gru'],
      [{ network: network({ heads: [0] }) }, '/learner/network/heads/0'],
      [
        { network: network({ convolution: [{ filters: 1, size: 0, stride: 1 }] }) },
        '/learner/network/convolution/0/size',
      ],
    ];
    for (const [change, where] of wrong) await refused(withPpo(change), 'invalid_input', where);
  });

  it('refuses rollouts that do not divide', async () => {
    await refused(withPpo({ rollout: 8, minibatches: 5 }), 'invalid_input', '/learner/minibatches');
    const gru = network({ gru: 4 });
    await refused(withPpo({ network: gru, rollout: 8, chunk: 3 }), 'invalid_input', '/learner/chunk');
    // 2 chunks of 4 copies: 8, though there are 32 samples
    await refused(
      withPpo({ network: gru, rollout: 8, chunk: 4, minibatches: 16 }),
      'invalid_input',
      '/learner/minibatches',
    );
  });

  it('lets the chunk be what it likes where nothing remembers', async () => {
    const made = await createTraining({ ...spec, ...withPpo({ rollout: 8, chunk: 3 }) });
    await made.close();
  });

  it('refuses a trunk that is shared with a critic who sees something else', async () => {
    const central = withPpo({ critic: 'central', network: network({ sharedTrunk: true }) });
    await refused(central, 'unsupported', '/learner/network/sharedTrunk');
  });

  it('refuses to share one network among different agents', async () => {
    const make = (copies: number) => simpleTag(copies);
    await refused({ make, ...withPpo({ sharing: 'all' }) }, 'unsupported', '/learner/sharing');
  });

  it('refuses what pictures do not go with', async () => {
    const convolution = network({ convolution: [{ filters: 2, size: 3, stride: 1 }] });
    await refused(withPpo({ network: convolution }), 'unsupported', '/learner/network/convolution');
    const make = (copies: number) => dodge(copies, { size: 8 });
    for (const given of [network(), convolution]) {
      const both = (change: Partial<PpoOptions>) => ({ make, ...withPpo({ network: given, ...change }) });
      await refused(both({ normaliseObservations: true }), 'unsupported', '/learner/normaliseObservations');
      await refused(both({ critic: 'central' }), 'unsupported', '/learner/critic');
      const made = await createTraining({ ...spec, ...both({ agentIndex: true }) });
      await made.close(); // one agent: nothing is appended
    }
    const layers = [
      { filters: 2, size: 4, stride: 2 },
      { filters: 2, size: 4, stride: 1 },
    ];
    await refused(
      { make, ...withPpo({ network: network({ convolution: layers }) }) },
      'invalid_input',
      '/learner/network/convolution/1/size',
    );
  });

  it('refuses text to learners of numbers, and leaves it to the others', async () => {
    const make = (copies: number) => newsTopics(copies);
    const learners: LearnerOptions[] = [plain, iqlDefaults, vdnDefaults, qmixDefaults];
    for (const learner of learners) {
      await refused({ make, learner }, 'unsupported', '/learner/name');
      await assert.rejects(
        () => createTraining({ ...spec, make, learner }),
        /agent sees text.*Text\(0 to 400\).*"gato"/,
      );
    }
    for (const [name, least, most] of [
      ['random', 0.1, 0.4],
      ['scripted', 1, 1],
    ] as const) {
      const made = await createTraining({
        ...spec,
        make,
        learner: { name },
        scripted: builtin('news_topics').scripted(),
      });
      await made.advance();
      const { return: returns } = await made.evaluate({ episodes: 100, deterministic: true, seed: 3 });
      assert.ok(returns.mean >= least && returns.mean <= most, `${name}: ${returns.mean}`);
      await made.close();
    }
  });

  it('refuses the scripted baseline where there is no controller, or where it gives too few numbers', async () => {
    await refused({ learner: { name: 'scripted' } }, 'unsupported', '/learner/name');
  });

  it('refuses a learner that does not exist', async () => {
    await refused({ learner: { name: 'q' } as unknown as LearnerOptions }, 'invalid_input', '/learner/name');
  });

  it('refuses devices that an executor does not have', async () => {
    await refused({ device: 'tensorflow' }, 'unsupported', '/device');
    await refused({ device: 'abacus' }, 'unsupported', '/device');
    await refused({ executor: 'eager', device: 'cuda' }, 'unsupported', '/device');
    await assert.rejects(() => createTraining({ ...spec, device: 'tensorflow' }), /"executor": "eager"/);
  });

  it('closes the copy it looked at', async () => {
    let open = 0;
    const make = (copies: number) => {
      open++;
      return Object.assign(Object.create(simpleSpread(copies)) as ReturnType<typeof simpleSpread>, {
        close: () => {
          open--;
        },
      });
    };
    const made = await createTraining({ ...spec, make });
    assert.equal(open, 1);
    await made.evaluate({ episodes: 1, seed: 1, deterministic: true });
    assert.equal(open, 1);
    await made.close();
    assert.equal(open, 0);
    await refused({ make, ...withPpo({ clip: 3 }) }, 'invalid_input', '/learner/clip');
    assert.equal(open, 0);
  });

  it('has defaults that can be trained', async () => {
    const made = await createTraining({ ...spec, learner: ppoDefaults });
    await made.close();
  });

  it('computes the same kernel by kernel as compiled, but for rounding', async () => {
    const run = async (executor: 'onnx' | 'eager'): Promise<number[]> => {
      const made = await createTraining({
        ...spec,
        executor,
        device: 'cpu',
        learner: { ...plain, network: network() },
      });
      const { metrics } = await made.advance();
      await made.close();
      return ['loss/value', 'loss/entropy', 'gradientNorm'].map((name) => metrics[name]!);
    };
    const [compiled, eager] = [await run('onnx'), await run('eager')];
    for (const [i, value] of compiled.entries()) assert.ok(Math.abs(value - eager[i]!) < 1e-3 * Math.abs(value));
  });
});
