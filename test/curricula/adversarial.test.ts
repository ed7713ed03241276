import { strict as assert } from 'node:assert';
import { createTraining, type PpoOptions, ppoDefaults, type Training, type TrainingSpec } from '../../agents/index.ts';
import { type Json, stream } from '../../core/index.ts';
import {
  accelDefaults,
  adversaryDefaults,
  createLevelRounds,
  minimaxDefaults,
  pairedDefaults,
  populationPairedDefaults,
  type RoundCurriculum,
  repairedDefaults,
  robustPlrDefaults,
  sflDefaults,
} from '../../curricula/index.ts';
import { type BatchedEnvironment, cartpole, dodge, maze } from '../../worlds/index.ts';

const COPIES = 4;
const OPTIONS = { size: 4, walls: 3, maximumSteps: 8, builderNoise: 2 };
const learner: PpoOptions = {
  ...ppoDefaults,
  network: { ...ppoDefaults.network, hidden: [4], lstm: 3 },
  rollout: 16,
  chunk: 8,
  epochs: 2,
  minibatches: 2,
  learningRate: 0.01,
};
const adversary = {
  ...adversaryDefaults,
  network: { ...adversaryDefaults.network, hidden: [8] },
  epochs: 2,
  learningRate: 0.01,
};
const buffer = { capacity: 6, fill: 0.5, replay: 0.5 };

/** Each with all of its parts at work within a few rounds. */
const curricula: Readonly<Record<string, RoundCurriculum>> = {
  'domain-randomisation': { name: 'domain-randomisation', every: 'round' },
  'robust-plr': { ...robustPlrDefaults, ...buffer },
  accel: { ...accelDefaults, ...buffer },
  sfl: { ...sflDefaults, search: 1, every: 2, keep: 4 },
  minimax: { ...minimaxDefaults, adversary },
  paired: { ...pairedDefaults, adversary },
  'population-paired': { ...populationPairedDefaults, adversary },
  repaired: { ...repairedDefaults, ...buffer, adversary },
};
/** Agents that play each round. */
const AGENTS: Readonly<Record<string, number>> = { paired: 2, repaired: 2, 'population-paired': 3 };

const mazes = (copies: number): BatchedEnvironment => maze(copies, OPTIONS);

function start(curriculum: RoundCurriculum, change: Partial<TrainingSpec> = {}): Promise<Training> {
  const make = change.make ?? mazes;
  const { levels } = make(1);
  return createTraining({
    seed: 1,
    steps: 4000,
    copies: COPIES,
    make,
    learner,
    executor: 'onnx',
    device: 'cpu',
    threads: 1,
    rounds: (learners) => createLevelRounds(curriculum, levels!, stream(1, 'curriculum'), learners),
    ...change,
  });
}

/** Environments that add up the steps that they are asked for. */
function counted(): { readonly make: (copies: number) => BatchedEnvironment; readonly steps: () => number } {
  let steps = 0;
  return {
    steps: () => steps,
    make(copies) {
      const inner = mazes(copies);
      return Object.assign(Object.create(inner) as BatchedEnvironment, {
        step(...given: Parameters<BatchedEnvironment['step']>) {
          steps += copies;
          inner.step(...given);
        },
      });
    },
  };
}

const weightsOf = (training: Training): number[] =>
  Array.from(training.save().tensors['agent/parameters/actor/head/weight']!.data as Float32Array);

describe('curricula in rounds', () => {
  for (const [name, curriculum] of Object.entries(curricula)) {
    it(`count every step that an environment takes, and resume exactly: ${name}`, async () => {
      const { make, steps } = counted();
      const whole = await start(curriculum, { make });
      const resumed = await start(curriculum);
      try {
        for (let i = 0; i < 3; i++) await whole.advance();
        assert.equal(whole.step, steps());
        assert.equal(whole.step, 3 * COPIES * learner.rollout * (AGENTS[name] ?? 1));
        const saved = whole.save();
        resumed.load({ tensors: saved.tensors, state: JSON.parse(JSON.stringify(saved.state)) as Json });
        assert.equal(resumed.step, whole.step);
        for (let i = 0; i < 4; i++) {
          const iteration = await whole.advance();
          assert.deepEqual(await resumed.advance(), iteration);
          const { metrics } = iteration;
          assert.ok(Object.values(metrics).every(Number.isFinite), JSON.stringify(metrics));
          assert.ok(metrics['curriculum/level/solvable']! >= 0 && metrics['curriculum/level/solvable']! <= 1);
          assert.ok(metrics['curriculum/regret/exact']! >= 0);
        }
      } finally {
        await whole.close();
        await resumed.close();
      }
    });
  }

  it('tell how well scores follow exact regret, antagonists among them', async () => {
    const training = await start(curricula.paired!);
    try {
      const seen = new Set<string>();
      for (let i = 0; i < 6; i++) {
        for (const [name, value] of Object.entries((await training.advance()).metrics)) {
          if (!name.startsWith('curriculum/correlation/')) continue;
          seen.add(name.slice('curriculum/correlation/'.length));
          assert.ok(Math.abs(value) <= 1 + 1e-9);
        }
      }
      for (const score of ['maxMonteCarlo', 'positiveValueLoss', 'l1ValueLoss', 'pairedRegret']) {
        assert.ok(seen.has(score), `${score} is not among ${[...seen]}`);
      }
    } finally {
      await training.close();
    }
  });
});

describe('adversaries that build levels', () => {
  it('learn in every round of PAIRED, and so do agent and antagonist', async () => {
    const training = await start(curricula.paired!);
    try {
      const before = weightsOf(training);
      const { metrics } = await training.advance();
      assert.notDeepEqual(weightsOf(training), before);
      for (const name of ['loss/policy', 'curriculum/adversary/loss/policy', 'curriculum/antagonist/loss/policy']) {
        assert.ok(name in metrics, name);
      }
      assert.equal(metrics['curriculum/steps/antagonist'], COPIES * learner.rollout);
      // Goal, agent and three walls.
      assert.equal(metrics['curriculum/steps/adversary'], COPIES * 5);
      assert.ok(metrics['curriculum/regret']! >= 0, 'clipped');
    } finally {
      await training.close();
    }
  });

  it('learn, in REPAIRED, in rounds that they built, and agents in replayed rounds alone', async () => {
    const training = await start(curricula.repaired!);
    try {
      const seen = { built: 0, replayed: 0 };
      let replayed = 0;
      for (let i = 0; i < 12; i++) {
        const before = weightsOf(training);
        const { metrics } = await training.advance();
        const now = Math.round(metrics['curriculum/replayed']! * (i + 1));
        const isReplayed = now > replayed;
        replayed = now;
        seen[isReplayed ? 'replayed' : 'built']++;
        assert.equal('loss/policy' in metrics, isReplayed);
        assert.equal('curriculum/antagonist/loss/policy' in metrics, isReplayed);
        assert.equal('curriculum/adversary/loss/policy' in metrics, !isReplayed);
        if (isReplayed) assert.notDeepEqual(weightsOf(training), before);
        else assert.deepEqual(weightsOf(training), before);
      }
      assert.ok(seen.built > 2 && seen.replayed > 2, JSON.stringify(seen));
    } finally {
      await training.close();
    }
  });

  it('choose the parameters of a cart as well', async () => {
    const training = await start(
      { ...pairedDefaults, adversary },
      { make: (copies) => cartpole(copies), learner: { ...learner, network: { ...learner.network, lstm: null } } },
    );
    try {
      const { metrics } = await training.advance();
      assert.ok(Number.isFinite(metrics['curriculum/level/poleHalfLength']));
      assert.equal('curriculum/regret/exact' in metrics, false, 'nobody knows the optimum of a cart');
    } finally {
      await training.close();
    }
  });

  it('need levels that can be built, and options that fit, and say so', async () => {
    const perfect = (copies: number) => maze(copies, { ...OPTIONS, size: 5, layout: 'perfect' });
    await assert.rejects(start(curricula.paired!, { make: perfect }), /\/curriculum\/name: .*cannot be built/);
    const odd = { ...minimaxDefaults, adversary: { ...adversary, minibatches: 7 } };
    await assert.rejects(start(odd), /^LightbulbError: \/curriculum\/adversary\/minibatches: .* do not divide/);
    await assert.rejects(
      start({ ...repairedDefaults, score: 'regret', adversary }, { make: (copies) => dodge(copies) }),
      /\/curriculum\/score: .*optimum/,
    );
  });
});
