import assert from 'node:assert/strict';
import { Collector, randomPlayer } from '../../../agents/index.ts';
import { stream } from '../../../core/index.ts';
import { DifferenceReplay, requireWholeEpisodes, sumOfRewards } from '../../../mas/team/difference.ts';
import { type BatchedEnvironment, counting } from '../../../worlds/index.ts';
import { failsWith } from '../bus/contract.ts';
import { type DuetOptions, duet } from './duet.ts';

/** One round at random, and the differences of it. */
async function play(make: (copies: number) => BatchedEnvironment, T: number, B: number, rounds = 1) {
  const environment = make(B);
  const collector = new Collector(environment, T);
  const random = stream(3, 'test');
  const player = randomPlayer(collector, () => random);
  collector.reset(5);
  const replay = new DifferenceReplay(make, collector.groups, T, B);
  const all = environment.groups.reduce((sum, { agents }) => sum + agents.length, 0);
  const teamReward = new Float32Array(T * B);
  const difference = new Float32Array(T * B * all).fill(7);
  for (let round = 0; round < rounds; round++) {
    const start = environment.snapshot();
    const observed = (t: number): void => {
      const row = teamReward.subarray(t * B, (t + 1) * B);
      if (environment.teamReward !== undefined) environment.teamReward(row);
      else
        sumOfRewards(
          collector.groups.map(({ outputs }) => outputs[t]!),
          B,
          row,
        );
    };
    await collector.collect({ act: (t) => player.act(t), observed }, round === 0);
    replay.compute(start, collector.keep, teamReward, difference);
  }
  replay.close();
  return { collector, difference, all };
}

/** By hand: what alto, tenor and piano add to each episode of the duet. */
function expected({ groups, B }: Collector, T: number, length: number): Float32Array {
  const [singers, pianist] = groups;
  const out = new Float32Array(T * B * 3);
  for (let b = 0; b < B; b++) {
    const sums = [0, 0, 0];
    for (let t = 0; t < T; t++) {
      const alto = singers!.action[(t * B + b) * 2]!;
      const tenor = singers!.action[(t * B + b) * 2 + 1]!;
      const silence = (t % length) % 2 === 1 ? 1 : 0; // alto's default, where 0 is forbidden: 1
      sums[0]! += (alto - silence) * (1 + tenor);
      sums[1]! += tenor * (2 + alto);
      sums[2]! += pianist!.action[t * B + b]!;
      if ((t + 1) % length !== 0) continue;
      out.set(sums, (t * B + b) * 3);
      sums.fill(0);
    }
  }
  return out;
}

describe('difference credit', () => {
  for (const { T, rounds } of [
    { T: 4, rounds: 1 },
    { T: 8, rounds: 1 },
    { T: 4, rounds: 3 },
  ]) {
    it(`is what the team would have lost without each agent: rollout ${T}, round ${rounds}`, async () => {
      const { collector, difference } = await play(duet(), T, 3, rounds);
      const wanted = expected(collector, T, 4);
      for (const [i, value] of wanted.entries()) assert.ok(Math.abs(difference[i]! - value) < 1e-4, `${i}`);
      assert.ok(wanted.some((value) => value > 1));
    });
  }

  it('takes the sum of all rewards where the team has none of its own', async () => {
    const T = 6;
    const { collector, difference } = await play(
      (copies) => counting(copies, { agents: 2, length: 3, masks: true }),
      T,
      2,
    );
    const { action } = collector.groups[0]!;
    for (let b = 0; b < 2; b++) {
      for (let n = 0; n < 2; n++) {
        for (const end of [2, 5]) {
          let worth = 0;
          // Paid for action == clock; by default 0, at clock 3 (here never) forbidden: paid at clock 0 only.
          for (let clock = 0; clock < 3; clock++) {
            const t = end - 2 + clock;
            worth += (action[(t * 2 + b) * 2 + n] === clock ? 1 : 0) - (clock === 0 ? 1 : 0);
          }
          assert.equal(difference[(end * 2 + b) * 2 + n], worth);
        }
      }
    }
  });

  it('is 0 where no episode ends', async () => {
    const { difference } = await play(duet(), 8, 2);
    for (let t = 0; t < 8; t++)
      if (t !== 3 && t !== 7) assert.ok(difference.subarray(t * 6, (t + 1) * 6).every((d) => d === 0));
  });

  const wrong: Record<string, { options: DuetOptions; T: number; message: RegExp }> = {
    'episodes that an agent can end': { options: { endsEarly: true }, T: 4, message: /another length|of one length/ },
    'episodes that depend on the last': {
      options: { isMoody: true },
      T: 8,
      message: /the next episode is another one/,
    },
    'rounds that end within an episode': { options: {}, T: 6, message: /of one length/ },
  };
  for (const [what, { options, T, message }] of Object.entries(wrong)) {
    it(`is refused for ${what}`, async () => {
      await assert.rejects(play(duet(options), T, 16), (error: Error) => {
        failsWith('unsupported')(error);
        assert.match(error.message, /^\/learner\/credit: /);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('asks for rollouts of whole episodes beforehand', () => {
    requireWholeEpisodes(duet()(1), 8);
    assert.throws(() => requireWholeEpisodes(duet()(1), 6), /\/learner\/credit.*a rollout of 4.*multiple of 4/);
    const { maximumSteps: _, ...endless } = counting(1) as BatchedEnvironment & { maximumSteps?: number };
    assert.throws(() => requireWholeEpisodes(endless as BatchedEnvironment, 6), /declare maximumSteps/);
  });
});
