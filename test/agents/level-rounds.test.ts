import { strict as assert } from 'node:assert';
import type { LevelRound, LevelRounds, RoundOutcome } from '../../agents/index.ts';
import type { Json } from '../../core/index.ts';
import { cartpole, maze, simpleSpread } from '../../worlds/index.ts';
import { network, plain, training } from './probes.ts';

/** Mazes of three cells in a row: the goal is one or two steps ahead. */
const NEAR = ['>G.', '###', '###'];
const FAR = ['>.G', '###', '###'];

/** Plays what it is told, and keeps copies of what came out. */
function told(rounds: readonly Omit<LevelRound, 'seed'>[]): LevelRounds & { readonly outcomes: RoundOutcome[] } {
  let at = 0;
  const outcomes: RoundOutcome[] = [];
  return {
    outcomes,
    next: () => ({ ...rounds[at++ % rounds.length]!, seed: at }),
    report({ T, K, reward, value, advantage, done }) {
      outcomes.push({
        T,
        K,
        reward: reward.slice(),
        value: value.slice(),
        advantage: advantage.slice(),
        done: done.slice(),
      });
    },
    metrics: () => ({ 'curriculum/at': at }),
    save: () => ({ tensors: {}, state: at }),
    load({ state }) {
      at = state as number;
    },
  };
}

const learner = {
  ...plain,
  rollout: 8,
  chunk: 8,
  learningRate: 0.01,
  discount: 1,
  gaeLambda: 1,
  network: network({ hidden: [4], lstm: 3 }),
};
const make = (copies: number) => maze(copies, { size: 3, walls: 0, maximumSteps: 4 });
const start = (rounds: LevelRounds, change = {}) =>
  training({ make, copies: 2, learner: { ...learner, ...change }, rounds: () => rounds });

describe('rounds of levels', () => {
  it('begin anew in their levels, and go on in them when episodes end', async () => {
    const rounds = told([
      { levels: [NEAR, FAR], learns: true },
      { levels: [FAR, NEAR], learns: true },
    ]);
    const made = await start(rounds);
    for (let i = 0; i < 12; i++) await made.advance();
    const returns = rounds.outcomes.map(({ T, K, reward }) => {
      const own = [new Set<number>(), new Set<number>()];
      for (let i = 0; i < T * K; i++) if (reward[i]! > 0) own[i % K]!.add(Math.round(1000 * reward[i]!));
      return own;
    });
    // Reached with action t of 4, the goal pays 1 - 0.9 t / 4: 0.775 can only be had where it is one step ahead.
    returns.forEach(([first, second], i) => {
      assert.equal((i % 2 === 0 ? second : first)!.has(775), false, `round ${i}`);
    });
    assert.ok(returns.some(([first, second], i) => (i % 2 === 0 ? first : second)!.has(775)));
    // Episodes of at most four steps: in eight steps, at least two end in each copy, at step 4 at the latest.
    for (const { done, K } of rounds.outcomes) {
      for (let k = 0; k < K; k++) assert.ok([0, 1, 2, 3].some((t) => done[t * K + k] === 1));
    }
    await made.close();
  });

  it('are learned from only where they say so', async () => {
    const rounds = told([
      { levels: [NEAR, FAR], learns: false },
      { levels: [NEAR, FAR], learns: true },
    ]);
    const made = await start(rounds);
    const parameters = () => JSON.stringify(Object.values(made.save().tensors).map(({ data }) => Array.from(data)));
    const first = parameters();
    const looked = await made.advance();
    assert.equal(
      Object.keys(looked.metrics).some((name) => name.startsWith('loss/')),
      false,
    );
    // Memories of the rollout are saved too: what learned is compared by the policy's own weights.
    const weights = () => Array.from(made.save().tensors['agent/parameters/actor/head/weight']!.data);
    const before = weights();
    await made.advance();
    assert.notDeepEqual(weights(), before);
    assert.notEqual(parameters(), first);
    assert.equal(made.step, 2 * 8 * 2, 'all steps count');
    await made.close();
    const still = await start(told([{ levels: [NEAR, FAR], learns: false }]));
    const unlearned = Array.from(still.save().tensors['agent/parameters/actor/head/weight']!.data);
    for (let i = 0; i < 3; i++) await still.advance();
    assert.deepEqual(Array.from(still.save().tensors['agent/parameters/actor/head/weight']!.data), unlearned);
    await still.close();
  });

  it('tell advantages that are returns less values, where nothing is discounted', async () => {
    // In units of the return, also where learning standardises them over the rollout.
    const rounds = told([{ levels: [NEAR, NEAR], learns: true }]);
    const made = await start(rounds, { normaliseAdvantages: 'rollout' });
    for (let i = 0; i < 5; i++) await made.advance();
    let compared = 0;
    for (const { T, K, reward, value, advantage, done } of rounds.outcomes) {
      for (let k = 0; k < K; k++) {
        for (let t = 0; t < T; t++) {
          let end = t;
          while (end < T && done[end * K + k] === 0) end++;
          // Only episodes that reach the goal: others are cut off, and promise something.
          if (end === T || reward[end * K + k] === 0) continue;
          compared++;
          assert.ok(Math.abs(advantage[t * K + k]! - (reward[end * K + k]! - value[t * K + k]!)) < 1e-5);
        }
      }
    }
    assert.ok(compared > 10, `${compared}`);
    await made.close();
  });

  it('go on after a checkpoint as if nothing had been', async () => {
    const plan = [
      { levels: [NEAR, FAR], learns: true },
      { levels: [FAR, FAR], learns: false },
      { levels: [FAR, NEAR], learns: true },
    ];
    const whole = await start(told(plan));
    for (let i = 0; i < 4; i++) await whole.advance();
    const saved = whole.save();
    const resumed = await start(told(plan));
    resumed.load({ tensors: saved.tensors, state: JSON.parse(JSON.stringify(saved.state)) as Json });
    for (let i = 0; i < 4; i++) assert.deepEqual(await resumed.advance(), await whole.advance());
    await whole.close();
    await resumed.close();
  });

  it('are for PPO, and for one agent in an environment that takes levels', async () => {
    const rounds = () => told([{ levels: [NEAR, FAR], learns: true }]);
    await assert.rejects(
      training({ make: (copies) => simpleSpread(copies), copies: 2, learner: plain, rounds }),
      /for one agent/,
    );
    await assert.rejects(
      training({ make: (copies) => cartpole(copies), copies: 2, learner: { name: 'random' }, rounds }),
      /"random" takes no levels/,
    );
  });
});
