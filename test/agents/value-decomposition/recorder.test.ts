import assert from 'node:assert/strict';
import { GlobalState } from '../../../agents/global-state.ts';
import { Collector } from '../../../agents/index.ts';
import { planUnits } from '../../../agents/sharing.ts';
import { UnitRollout } from '../../../agents/unit-rollout.ts';
import { Recorder } from '../../../agents/value-decomposition/recorder.ts';
import { Replay } from '../../../agents/value-decomposition/replay.ts';
import { type BatchedEnvironment, batch, box, counting, discrete, type Environment } from '../../../worlds/index.ts';
import { type Story, tell } from '../probes.ts';

interface Kept {
  readonly observation: readonly number[];
  readonly alive: readonly number[];
  readonly goesOn: readonly number[];
  readonly reward: readonly number[];
  readonly action: readonly number[];
  readonly mask: readonly number[];
  readonly state: readonly number[];
  readonly length: number;
}

/** Records `rollouts` rollouts of an environment in which every agent always takes action `t % 2`. */
async function recorded(
  make: (copies: number) => BatchedEnvironment,
  { copies = 1, T = 4, rollouts = 3, steps = 8, isTeam = true, isStated = false, sharing = 'role' as const } = {},
): Promise<{ episodes: readonly Kept[]; rewards: readonly number[] }> {
  const environment = make(copies);
  const collector = new Collector(environment, T);
  const units = planUnits(environment.groups, sharing).map(
    (unit) => new UnitRollout(unit, collector.groups, T, copies),
  );
  const agents = units.reduce((sum, { sizes }) => sum + sizes.N, 0);
  const state = isStated ? new GlobalState(collector, environment, true) : null;
  const replay = new Replay({
    units: units.map(({ sizes: { N: n, D, M } }) => ({ n, D, M })),
    agents,
    rewards: isTeam ? 1 : agents,
    S: state?.size ?? 0,
    steps,
    capacity: 100,
    copies,
  });
  const rewards: number[] = [];
  const recorder = new Recorder(replay, units, state, collector.keep, isTeam, (reward) => rewards.push(reward));
  collector.reset(1);
  for (let i = 0; i < rollouts; i++)
    await collector.collect(
      {
        act(t) {
          state?.pull(t);
          for (const unit of units) {
            unit.pullObservation(t);
            unit.action.fill((i * T + t) % 2, t * copies * unit.sizes.N, (t + 1) * copies * unit.sizes.N);
            unit.pushAction(t);
          }
          recorder.acted(t);
        },
        observed(t) {
          for (const unit of units) unit.pullOutcome(t);
          recorder.observed(t);
        },
      },
      i === 0,
    );
  const episodes = Array.from(replay.slots(), (slot): Kept => {
    const length = replay.length[slot]!;
    const rows = (
      { data, rows: perSlot, width }: { data: ArrayLike<number>; rows: number; width: number },
      count: number,
    ): number[] => Array.from({ length: count * width }, (_, i) => data[slot * perSlot * width + i]!);
    return {
      observation: rows(replay.observation[0]!, length + 1),
      mask: rows(replay.mask[0]!, length + 1),
      state: rows(replay.state, length + 1),
      action: rows(replay.action[0]!, length),
      alive: rows(replay.alive, length),
      goesOn: rows(replay.goesOn, length),
      reward: rows(replay.reward, length),
      length,
    };
  });
  return { episodes, rewards };
}

/** Sees 10 + the clock, is paid the clock; ends after `length` steps. */
const clock = (length: number, how: 'terminated' | 'truncated'): Story => ({
  width: 1,
  see: (t) => [10 + t],
  pay: (t) => t,
  end: (t) => (t === length - 1 ? how : null),
});

describe('a recorder', () => {
  it('keeps whole episodes across rollouts, with the last observation', async () => {
    const { episodes, rewards } = await recorded(tell(clock(3, 'truncated')));
    assert.equal(episodes.length, 4);
    for (const [i, { observation, reward, alive, goesOn, action, length }] of episodes.entries()) {
      assert.equal(length, 3);
      assert.deepEqual(observation, [10, 11, 12, 13]);
      assert.deepEqual(reward, [0, 1, 2]);
      assert.deepEqual(alive, [1, 1, 1]);
      assert.deepEqual(goesOn, [1, 1, 1], 'who was stopped could have gone on');
      assert.deepEqual(action, [i % 2, 1 - (i % 2), i % 2]);
    }
    assert.deepEqual(rewards, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it('ends the future where an episode terminates, and only there', async () => {
    const { episodes } = await recorded(tell(clock(3, 'terminated')));
    for (const { goesOn, observation } of episodes) {
      assert.deepEqual(goesOn, [1, 1, 0]);
      assert.deepEqual(observation, [10, 11, 12, 13]);
    }
  });

  it('keeps copies apart', async () => {
    const { episodes } = await recorded((copies) => counting(copies, { length: 5 }), { copies: 3, rollouts: 4 });
    assert.equal(episodes.length, 9);
    for (const { observation, length } of episodes) {
      assert.equal(length, 5);
      const [clocks, copies, numbers] = [0, 1, 2].map((part) => observation.filter((_, i) => i % 4 === part));
      assert.deepEqual(clocks, [0, 1, 2, 3, 4, 5]);
      assert.equal(new Set(copies).size, 1);
      assert.equal(new Set(numbers).size, 1);
    }
  });

  it('cuts episodes that are too long into pieces that go on', async () => {
    const { episodes } = await recorded(tell(clock(7, 'terminated')), { steps: 3, rollouts: 4 });
    assert.deepEqual(
      episodes.slice(0, 4).map(({ observation, goesOn, reward }) => [observation, goesOn, reward]),
      [
        [
          [10, 11, 12, 13],
          [1, 1, 1],
          [0, 1, 2],
        ],
        [
          [13, 14, 15, 16],
          [1, 1, 1],
          [3, 4, 5],
        ],
        [[16, 17], [0], [6]],
        [
          [10, 11, 12, 13],
          [1, 1, 1],
          [0, 1, 2],
        ],
      ],
    );
  });

  it('cuts nothing from an episode that just fits', async () => {
    const { episodes } = await recorded(tell(clock(3, 'truncated')), { steps: 3 });
    assert.deepEqual(
      episodes.map(({ length }) => length),
      [3, 3, 3, 3],
    );
  });

  it('knows who is dead and who was stopped before the others', async () => {
    // The first dies at step 0, the second is stopped at step 1, the third ends the episode.
    const story: Story = {
      agents: ['a_0', 'a_1', 'a_2'],
      width: 1,
      see: (t, agent) => [10 * (agent + 1) + t],
      pay: (_, agent) => 10 ** agent,
      end: (t, agent) => (t !== agent ? null : agent === 1 ? 'truncated' : 'terminated'),
    };
    const { episodes } = await recorded(tell(story), { rollouts: 1, T: 3 });
    const { observation, alive, goesOn, reward } = episodes[0]!;
    assert.deepEqual(alive, [1, 1, 1, 0, 1, 1, 0, 0, 1]);
    assert.deepEqual(goesOn, [0, 1, 1, 0, 1, 1, 0, 0, 0]);
    // What the stopped one saw last stands where its value is asked for.
    assert.deepEqual(observation, [10, 20, 30, 0, 21, 31, 0, 22, 32, 0, 0, 33]);
    assert.deepEqual(reward, [111, 110, 100]);
  });

  it("keeps each agent's own reward where they learn apart", async () => {
    const { episodes, rewards } = await recorded(
      (copies) => counting(copies, { agents: 2, length: 4, deaths: true, choices: 2 }),
      { isTeam: false, rollouts: 1 },
    );
    const { alive, reward } = episodes[0]!;
    assert.deepEqual(alive, [1, 1, 1, 1, 1, 1, 0, 1]);
    assert.deepEqual(reward, [1, 1, 1, 1, 1, 1, 0, 1]);
    assert.equal(rewards.length, 7, 'the dead earn nothing to be counted');
  });

  it('keeps masks; a last observation has that of the step before', async () => {
    const { episodes } = await recorded((copies) => batch(() => legal(), copies), { rollouts: 2 });
    assert.deepEqual(episodes[0]!.mask, [1, 0, 1, 1, 1, 0, 1, 1, 1, 1]);
    assert.deepEqual(episodes[0]!.observation, [0, 1, 2, 3, 4]);
  });

  it("keeps the environment's own state, the final one too", async () => {
    const { episodes } = await recorded((copies) => batch(() => legal(), copies), { rollouts: 2, isStated: true });
    for (const { state } of episodes) assert.deepEqual(state, [0, -1, -2, -3, -4]);
  });
});

/** Four steps; action 1 is illegal at even clocks; the state is minus the clock. */
function legal(): Environment {
  let t = 0;
  const seen = () => ({ observations: { a: Float32Array.of(t) }, actionMasks: { a: [1, t % 2] } });
  return {
    agents: ['a'],
    maximumSteps: 4,
    spaces: { a: { observation: box([1], 0, 4), action: discrete(2) } },
    stateSpace: box([1], -4, 0),
    state: () => Float32Array.of(0 - t),
    reset() {
      t = 0;
      return seen();
    },
    step() {
      t++;
      return { ...seen(), rewards: { a: 1 }, terminated: { a: false }, truncated: { a: t === 4 } };
    },
  };
}
