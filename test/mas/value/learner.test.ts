import assert from 'node:assert/strict';
import type { Checkpoint } from '../../../agents/index.ts';
import { LightbulbError, stream } from '../../../core/index.ts';
import {
  createJointLearner,
  createJointPolicy,
  type Experience,
  type JointLearner,
  type SharedValueOptions,
} from '../../../mas/value/index.ts';
import { onnxExecutor } from '../../../nn/index.ts';
import { box, dict, discrete, type Group, text } from '../../../worlds/index.ts';
import { assertClose } from '../../nn/close.ts';
import { B, desk, eventful, kinds, pick, reading, T } from './desk.ts';
import { act, emptyRound, plain } from './rig.ts';

function learnerOf(
  options: SharedValueOptions = reading,
  { groups = desk, shards = 1 }: { groups?: readonly Group[]; shards?: number } = {},
): JointLearner {
  return createJointLearner({
    groups,
    feedbackKinds: groups === desk ? kinds : [],
    copies: B,
    options,
    executor: onnxExecutor(),
    seed: 1,
    shards,
  });
}

/** A round number as the learner's policy plays it, and what was learned. */
async function learn(
  learner: JointLearner,
  number: number,
  groups: readonly Group[] = desk,
  change: (round: Experience) => void = () => {},
): Promise<Readonly<Record<string, number>>> {
  const round = eventful(groups, groups === desk ? kinds : [], number);
  const actors = groups.map((_, g) => learner.policy.actor(g, B));
  act(groups, round, actors, learner.parameters, stream(number, 'noise'));
  change(round);
  return learner.learn(round, 0.1 * number);
}

const moved = (checkpoint: Checkpoint): Checkpoint =>
  ({
    tensors: Object.fromEntries(
      Object.entries(checkpoint.tensors).map(([name, value]) => [name, { ...value, data: value.data.slice() }]),
    ),
    state: JSON.parse(JSON.stringify(checkpoint.state)),
  }) as Checkpoint;

describe('the joint learner', () => {
  it('acts, learns and tells of roles of all kinds, those without a choice left alone', async () => {
    const learner = learnerOf();
    const before = learner.parameters.slice();
    const metrics = await learn(learner, 1, desk, ({ groups: [summariser] }) => {
      const M = 2 * pick;
      for (let cell = 0; cell < T * B; cell++) {
        const mask = summariser!.actionMask.subarray(cell * M, (cell + 1) * M);
        if (mask.reduce<number>((sum, legal) => sum + legal, 0) > 2) continue;
        assert.equal(summariser!.logProbability[cell], 0);
        assert.deepEqual([...summariser!.action.subarray(2 * cell, 2 * cell + 2)], [0, 0]);
      }
    });
    assert.notDeepEqual(learner.parameters, before);
    for (const role of ['summariser', 'analyst', 'printer'])
      for (const name of ['loss/policy', 'loss/value', 'loss/entropy', 'approximateKl', 'clipFraction'])
        assert.ok(Number.isFinite(metrics[`${role}/${name}`]), `${role}/${name}`);
    for (const name of ['loss/team', 'gradientNorm', 'learningRate', 'value/explained', 'credit/second'])
      assert.ok(Number.isFinite(metrics[name]), name);
    learner.close();
  });

  it('finds in training the log-probabilities that acting told: the first update begins at a KL of 0', async () => {
    const learner = learnerOf({ ...reading, epochs: 1 });
    const metrics = await learn(learner, 1);
    for (const role of ['summariser', 'analyst', 'printer']) {
      assert.ok(Math.abs(metrics[`${role}/approximateKl`]!) < 1e-6, role);
      assert.equal(metrics[`${role}/clipFraction`], 0);
    }
    learner.close();
  });

  it('learns nothing from what those did who had nothing to decide', async () => {
    const after = await Promise.all(
      [false, true].map(async (isOdd) => {
        const learner = learnerOf();
        await learn(learner, 1, desk, ({ groups: [, analyst] }) => {
          if (!isOdd) return;
          const { alive, logProbability, action, actionMask } = analyst!;
          for (let cell = 0; cell < logProbability.length; cell++) {
            const mask = actionMask.subarray(3 * cell, 3 * cell + 3);
            if (alive[cell] === 1 && mask[1] === 1) continue;
            logProbability[cell] = -7;
            action[cell] = 2;
          }
        });
        const parameters = learner.parameters.slice();
        learner.close();
        return parameters;
      }),
    );
    assert.deepEqual(after[0], after[1]);
  });

  const savings: [string, Partial<SharedValueOptions>][] = [
    [
      'with dropout, by words and in blocks',
      { encoder: { ...reading.encoder, wordDropout: 0.2, dropout: 0.1 } as never },
    ],
    ['with PopArt and minibatches', { valueNormalisation: 'popArt', minibatches: 2 }],
    ['with roles by themselves', { value: 'separate', policy: 'separate', credit: 'individual' }],
  ];
  for (const [name, change] of savings) {
    it(`goes on bit for bit where it was saved, ${name}`, async () => {
      const options = { ...reading, ...change };
      const whole = learnerOf(options);
      const expected = [await learn(whole, 1), await learn(whole, 2), await learn(whole, 3)];
      const first = learnerOf(options);
      await learn(first, 1);
      await learn(first, 2);
      const second = learnerOf({ ...options });
      second.load(moved(first.save()));
      assert.deepEqual(await learn(second, 3), expected[2]);
      assert.deepEqual(second.parameters, whole.parameters);
      assert.deepEqual(second.save(), whole.save());
      for (const learner of [whole, first, second]) learner.close();
    });
  }

  it('refuses a checkpoint of another network, and stays as it is', () => {
    const learner = learnerOf();
    const before = learner.parameters.slice();
    const other = learnerOf({ ...reading, attention: { width: 8, layers: 2, heads: 2 } });
    assert.throws(
      () => learner.load(other.save()),
      (error) => error instanceof LightbulbError && error.code === 'mismatch',
    );
    assert.deepEqual(learner.parameters, before);
    for (const each of [learner, other]) each.close();
  });

  it('learns the same in two parts at once', async () => {
    const options = { ...reading, epochs: 1 };
    const [one, two] = [learnerOf(options), learnerOf(options, { shards: 2 })];
    const metrics = [await learn(one, 1), await learn(two, 1)];
    assertClose(Object.values(metrics[1]!), Object.values(metrics[0]!), 1e-4);
    for (const learner of [one, two]) learner.close();
  });

  it('makes likelier what was paid, and less likely what was not', async () => {
    const groups: Group[] = [
      { name: 'one', agents: ['one'], observation: box([1], 0, 1), action: discrete(2), masked: false },
    ];
    const learner = learnerOf({ ...plain, rollout: 1, minibatches: 1, learningRate: 0.01 }, { groups });
    const actor = learner.policy.actor(0, B);
    const round = emptyRound(groups, 1, B);
    const [only] = round.groups;
    act(groups, round, [actor], learner.parameters, null);
    const favourite = only!.action[0]!;
    // Half of the copies do what is paid.
    for (let b = 0; b < B; b++) {
      only!.action[b] = b % 2 === 0 ? favourite : 1 - favourite;
      only!.logProbability[b] = Math.log(0.5);
      round.teamReward[b] = b % 2 === 0 ? -1 : 1;
    }
    only!.terminated.fill(1);
    for (let update = 0; update < 3; update++) await learner.learn(round, 0);
    act(groups, round, [actor], learner.parameters, null);
    assert.equal(only!.action[0], 1 - favourite);
    assert.ok(only!.logProbability[0]! > Math.log(0.5));
    learner.close();
  });

  it('names the loss and the role where a number is none, with the parameters of before', async () => {
    const learner = learnerOf({ ...reading, normaliseAdvantages: false, valueNormalisation: 'none' });
    const before = learner.parameters.slice();
    await assert.rejects(
      learn(learner, 1, desk, ({ teamReward }) => teamReward.fill(Number.NaN)),
      (error) => error instanceof LightbulbError && error.code === 'not_finite' && /summariser/.test(error.message),
    );
    assert.deepEqual(learner.parameters, before);
    learner.close();
  });

  it('stops the epochs of a round once the policy has gone far enough', async () => {
    const far = { ...reading, epochs: 6, learningRate: 0.05 };
    const [free, held] = [learnerOf(far), learnerOf({ ...far, targetKl: 1e-4 })];
    await learn(free, 1);
    await learn(held, 1);
    const steps = (learner: JointLearner): number =>
      // Adam's correction of its mean is 1 - 0.9^steps.
      Math.round(
        Math.log(1 - learner.save().tensors['optimiser/1_scaleByAdam/correction/mean']!.data[0]!) / Math.log(0.9),
      );
    assert.equal(steps(free), 6);
    assert.ok(steps(held) < 4, `${steps(held)}`);
    for (const learner of [free, held]) learner.close();
  });
});

describe('options of a shared value', () => {
  const wrong: [string, string, Partial<SharedValueOptions>, (readonly Group[])?][] = [
    ['text without a backbone', '/learner/encoder/kind', { encoder: plain.encoder }],
    ['heads that do not divide', '/learner/encoder/heads', { encoder: { ...reading.encoder, heads: 3 } as never }],
    ['heads of the attention', '/learner/attention/heads', { attention: { width: 16, layers: 1, heads: 5 } }],
    ['copies in parts', '/learner/minibatches', { minibatches: 3 }],
    [
      'a share of words that is all',
      '/learner/encoder/wordDropout',
      { encoder: { ...reading.encoder, wordDropout: 1 } as never },
    ],
    ['no epochs', '/learner/epochs', { epochs: 0 }],
    ['clipping at 1', '/learner/clip', { clip: 1 }],
    ['coma with utterances', '/learner/credit', { credit: 'coma' }],
    ['coma without attention', '/learner/credit', { credit: 'coma', value: 'separate' }, [desk[1]!]],
    [
      'a layer of no width',
      '/learner/encoder/hidden/0',
      { encoder: { kind: 'plain', hidden: [0], activation: 'relu' } },
      [desk[2]!],
    ],
  ];
  for (const [name, where, change, groups] of wrong) {
    it(`refuse ${name}, and say where`, () => {
      assert.throws(
        () => learnerOf({ ...reading, ...change }, { groups: groups ?? desk }),
        (error) => error instanceof LightbulbError && error.isInput && error.parts.where === where,
      );
    });
  }

  it('refuse an action that points at what is not seen', () => {
    const blind: Group[] = [{ ...desk[0]!, observation: dict({ other: text(9) }) }];
    assert.throws(
      () => createJointPolicy(blind, reading, onnxExecutor()),
      (error) => error instanceof LightbulbError && error.code === 'contract' && error.parts.where === 'summariser',
    );
  });
});
