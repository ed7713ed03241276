import assert from 'node:assert/strict';
import { stream } from '../../../core/index.ts';
import { createJointLearner, type SharedValueOptions } from '../../../mas/value/index.ts';
import { planObservation } from '../../../mas/value/observation-plan.ts';
import { rolesOf } from '../../../mas/value/role.ts';
import { Round } from '../../../mas/value/round.ts';
import { textReader } from '../../../mas/value/text-reader.ts';
import { type WordCredit, wordCreditOf } from '../../../mas/value/word-credit.ts';
import { onnxExecutor } from '../../../nn/index.ts';
import { box, dict, flatten, type Group, multiDiscrete, text } from '../../../worlds/index.ts';
import { assertClose } from '../../nn/close.ts';
import { act, emptyRound, plain } from './rig.ts';

const WORDS = 6;
const CHOICES = 3;

const groups: Group[] = [
  {
    name: 'summariser',
    agents: ['summariser'],
    observation: dict({ article: text(40), paid: box([CHOICES, 2], -9, 9) }),
    action: multiDiscrete(new Array<number>(CHOICES).fill(1 + WORDS), { first: 1, to: 'article' }),
    masked: false,
  },
];
const [group] = groups as [Group];
const [role] = rolesOf(groups);
const SIZE = 40 + 2 * CHOICES;

const reading: SharedValueOptions = {
  ...plain,
  encoder: {
    kind: 'backbone',
    width: 16,
    layers: 1,
    heads: 2,
    vocabulary: 64,
    words: 128,
    wordDropout: 0,
    dropout: 0,
  },
  wordCredit: 'paid',
};

/** A round of so many steps of one copy in which every step ends an episode, unless `goesOn` says other. */
function heard(
  T: number,
  options: Partial<SharedValueOptions>,
  tell: (experience: ReturnType<typeof emptyRound>) => void,
): { words: WordCredit; reward: Float32Array } {
  const reader = textReader(planObservation(role!, { words: 128, wordCredit: 'paid' }), 64);
  const round = new Round([role!], [reader], [], T, 1);
  const experience = emptyRound(groups, T, 1);
  experience.groups[0]!.terminated.fill(1);
  tell(experience);
  round.read(experience);
  const words = wordCreditOf(role!, round, { ...reading, ...options })!;
  const reward = new Float32Array(T).fill(1);
  words.begin(new Uint8Array(T).fill(1), reward);
  return { words, reward };
}

/** Pay by choice: own, team; at the end of an observation. */
const pay = (seen: Float32Array, step: number, paid: readonly (readonly [number, number])[]): void => {
  for (const [i, [own, team]] of paid.entries()) seen.set([own, team], step * SIZE + 40 + 2 * i);
};

describe('credit of words', () => {
  it('is what each choice was paid and what follows, less what is usual, and leaves the rest to the values', () => {
    const { words, reward } = heard(2, { ownReward: 0.5, wordDiscount: 0.5 }, ({ groups: [given] }) => {
      given!.action.set([1, 2, 3, 4, 0, 5]);
      pay(given!.finalObservation, 0, [
        [2, 1],
        [0, 4],
        [0, -2],
      ]);
      pay(given!.finalObservation, 1, [[0, 6]]);
    });
    // 2 = 1 + 0.5 2, 4, -2: all of it 4; then 6.
    assertClose(reward, [1 - 4, 1 - 6], 1e-6);
    // 2 + 0.5 (4 - 1) = 3.5, 4 - 1 = 3, -2; then 6, and the stop. Means: 4.75, 1.5, -2.
    assertClose(words.advantage, [-1.25, 1.5, 0, 1.25, -1.5, 0], 1e-6);
    assert.deepEqual(Array.from(words.isChosen), [1, 1, 1, 1, 1, 0]);
    words.judge(new Uint8Array(2).fill(1), Float32Array.of(10, 20));
    assertClose(words.advantage, [8.75, 11.5, 10, 21.25, 18.5, 0], 1e-6);
  });

  it('is of the own reward alone where the credit is', () => {
    const { words, reward } = heard(1, { credit: 'individual', ownReward: 0.5 }, ({ groups: [given] }) => {
      given!.action.set([1, 0, 0]);
      pay(given!.finalObservation, 0, [[2, 7]]);
    });
    assertClose(reward, [-1], 1e-6);
    assertClose(words.advantage, [0, 0, 0], 1e-6);
  });

  it('hears later steps, up to the next decision or the end of the episode', () => {
    const told = (ended: readonly number[], decides: readonly number[]): Float32Array => {
      const reader = textReader(planObservation(role!, { words: 128, wordCredit: 'paid' }), 64);
      const round = new Round([role!], [reader], [], 3, 1);
      const experience = emptyRound(groups, 3, 1);
      const [given] = experience.groups;
      given!.terminated.set(ended);
      given!.action.fill(1);
      for (const step of [1, 2, 3]) pay(given!.observation, step, [[0, 10 ** step]]);
      for (const step of [0, 1, 2]) pay(given!.finalObservation, step, [[0, 10 ** (step + 1)]]);
      round.read(experience);
      const words = wordCreditOf(role!, round, reading)!;
      words.begin(Uint8Array.from(decides), new Float32Array(3));
      return words.advantage.filter((_, i) => i % CHOICES === 0);
    };
    // One decision is its own mean: what another one heard shows in the difference.
    assertClose(told([0, 0, 0], [1, 0, 1]), [(110 - 1000) / 2, 0, (1000 - 110) / 2], 1e-3);
    assertClose(told([0, 1, 0], [1, 0, 1]), [(110 - 1000) / 2, 0, (1000 - 110) / 2], 1e-3);
    assertClose(told([1, 0, 0], [1, 0, 1]), [(10 - 1000) / 2, 0, (1000 - 10) / 2], 1e-3);
    assertClose(told([0, 0, 0], [1, 1, 0]), [(10 - 1100) / 2, (1100 - 10) / 2, 0], 1e-3);
  });

  it('is not for agents who are told nothing, and wants a box that fits', () => {
    const without = { ...group, observation: dict({ article: text(40) }) };
    const [other] = rolesOf([without]);
    const reader = textReader(planObservation(other!, { words: 128, wordCredit: 'paid' }), 64);
    assert.equal(wordCreditOf(other!, new Round([other!], [reader], [], 1, 1), reading), null);
    const small = { ...group, observation: dict({ article: text(40), paid: box([2, 2], -9, 9) }) };
    assert.throws(() => planObservation(rolesOf([small])[0]!, { words: 128, wordCredit: 'paid' }), {
      code: 'contract',
      message: /\[3, 2\] called "paid"/,
    });
  });

  it('moves the same way as credit of the whole where nothing is told', async () => {
    const B = 8;
    const after = await Promise.all(
      [null, 'paid'].map(async (wordCredit) => {
        const seen = { ...group, observation: wordCredit === null ? dict({ article: text(40) }) : group.observation };
        const learner = learnerOf([seen], B, { wordCredit, normaliseAdvantages: false });
        const random = stream(1, 'round');
        const round = emptyRound([seen], 1, B);
        const [given] = round.groups;
        given!.terminated.fill(1);
        const size = given!.observation.length / (2 * B);
        for (let b = 0; b < B; b++) {
          const article = Array.from({ length: WORDS }, () => (random.integer(2) === 0 ? 'Oil' : 'rain')).join(' ');
          const paid = new Float32Array(2 * CHOICES);
          flatten(
            seen.observation,
            wordCredit === null ? { article } : { article, paid },
            given!.observation,
            b * size,
          );
          round.teamReward[b] = random.normal();
        }
        act([seen], round, [learner.policy.actor(0, B)], learner.parameters, stream(1, 'noise'));
        await learner.learn(round, 0);
        const parameters = learner.parameters.slice();
        learner.close();
        return parameters;
      }),
    );
    // Adam makes steps of 0.01 of gradients that are nothing but rounding.
    assertClose(after[1]!, after[0]!, 5e-4);
  });

  it('teaches which words to point at', async () => {
    const B = 64;
    const learner = learnerOf(groups, B, {});
    const actor = learner.policy.actor(0, B);
    const random = stream(1, 'test');
    let hits = 0;
    for (let update = 0; update < 12; update++) {
      const round = emptyRound(groups, 1, B);
      const [given] = round.groups;
      given!.terminated.fill(1);
      const articles = Array.from({ length: B }, () =>
        Array.from({ length: WORDS }, () => (random.integer(2) === 0 ? 'Oil' : 'rain')),
      );
      for (const [b, words] of articles.entries()) {
        const shown = { article: words.join(' '), paid: new Float32Array(2 * CHOICES) };
        flatten(group.observation, shown, given!.observation, b * SIZE);
      }
      act(groups, round, [actor], learner.parameters, random);
      hits = 0;
      for (const [b, words] of articles.entries()) {
        const chosen = Array.from(given!.action.subarray(b * CHOICES, (b + 1) * CHOICES));
        const stop = chosen.indexOf(0);
        const worth = chosen.map((choice, i) => {
          if (choice === 0 || (stop >= 0 && i > stop)) return 0;
          return words[choice - 1] === 'Oil' ? 1 : -1;
        });
        const said = worth.map((one) => [0, one] as const);
        pay(given!.finalObservation, b, said);
        round.teamReward[b] = worth.reduce<number>((sum, one) => sum + one, 0);
        hits += round.teamReward[b]! / B;
      }
      await learner.learn(round, 0);
    }
    // By chance about 0; three of six words are right on average, so 2.7 can be had.
    assert.ok(hits > 1.8, String(hits));
    learner.close();
  });
});

function learnerOf(of: readonly Group[], copies: number, options: Partial<SharedValueOptions>) {
  return createJointLearner({
    groups: of,
    feedbackKinds: [],
    copies,
    options: {
      ...reading,
      rollout: 1,
      epochs: 2,
      minibatches: 2,
      learningRate: 0.01,
      clip: 0.1,
      ratio: 'perWord',
      ...options,
    },
    executor: onnxExecutor(),
    seed: 1,
  });
}
