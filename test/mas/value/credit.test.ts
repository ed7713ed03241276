import assert from 'node:assert/strict';
import { LightbulbError } from '../../../core/index.ts';
import { RoleCredit, TeamCredit } from '../../../mas/value/credit.ts';
import type { ObservationReader } from '../../../mas/value/encoder.ts';
import type { SharedValueOptions } from '../../../mas/value/index.ts';
import { type Role, rolesOf } from '../../../mas/value/role.ts';
import { IDLE } from '../../../mas/value/role-rows.ts';
import { Round } from '../../../mas/value/round.ts';
import { box, discrete, type FeedbackKind, type Group } from '../../../worlds/index.ts';
import { assertClose } from '../../nn/close.ts';
import { emptyRound, plain } from './rig.ts';

const groups: Group[] = [
  { name: 'pair', agents: ['a', 'b'], observation: box([1], -9, 9), action: discrete(2), masked: true },
];
const roles = rolesOf(groups);

const reader: ObservationReader = {
  inputs: [{ name: 'observation', width: 1, dtype: 'float32' }],
  read: (observation, offset, [into], row) => {
    into![row] = observation[offset]!;
  },
};

type Experience = ReturnType<typeof emptyRound>;

/** A round of one copy, as `tell` changes it, read and paid. */
function credited(
  T: number,
  options: Partial<SharedValueOptions>,
  tell: (experience: Experience) => void,
  values: (credit: RoleCredit, team: TeamCredit) => void = () => {},
): { round: Round; credit: RoleCredit; team: TeamCredit } {
  const round = new Round(roles, [reader], [], T, 1);
  const experience = emptyRound(groups, T, 1);
  tell(experience);
  round.read(experience);
  const all = { ...plain, discount: 0.5, gaeLambda: 1, ...options };
  const credit = new RoleCredit(roles[0] as Role, round, all);
  const team = new TeamCredit(round, all);
  values(credit, team);
  credit.begin();
  credit.judge();
  team.judge();
  return { round, credit, team };
}

describe('credit', () => {
  it('that is shared pays everyone what the team is paid, and ownReward of the own', () => {
    const { credit } = credited(3, { ownReward: 0.1 }, ({ groups: [pair], teamReward }) => {
      teamReward.set([1, 2, 4]);
      pair!.reward.set([10, 20, 0, 0, 0, 0]);
      pair!.terminated.set([0, 0, 0, 0, 1, 1]);
    });
    assertClose(credit.reward, [2, 3, 2, 2, 4, 4], 1e-6);
    // Without values, returns: 4; 2 + 4/2; 2 + 4/2 and 3 + 4/2.
    assertClose(credit.advantage, [4, 5, 4, 4, 4, 4], 1e-6);
    assertClose(credit.target, credit.advantage, 1e-6);
  });

  it('that is individual pays each its own, whatever the team is paid', () => {
    const { credit } = credited(2, { credit: 'individual', ownReward: 7 }, ({ groups: [pair], teamReward }) => {
      teamReward.set([100, 100]);
      pair!.reward.set([1, -1, 1, -1]);
      pair!.terminated.set([0, 0, 1, 1]);
    });
    assertClose(credit.advantage, [1.5, -1.5, 1, -1], 1e-6);
  });

  it('of differences is used as it is given', () => {
    const tell = (experience: Experience): void => {
      experience.groups[0]!.terminated.set([0, 0, 1, 1]);
      experience.teamReward.set([100, 100]);
    };
    const { credit } = credited(2, { credit: 'difference' }, (experience) => {
      tell(experience);
      Object.assign(experience, { difference: Float32Array.of(0, 0, 3, -2) });
    });
    assertClose(credit.advantage, [1.5, -1, 3, -2], 1e-6);
    assert.throws(
      () => credited(2, { credit: 'difference' }, tell),
      (error) => error instanceof LightbulbError && error.parts.where === '/learner/credit',
    );
  });

  it('by the team goes on after an agent has died; by itself it ends there', () => {
    // b dies at the first step; the team is paid at the last one.
    const tell = ({ groups: [pair], teamReward }: Experience): void => {
      pair!.terminated.set([0, 1, 0, 0, 1, 0]);
      pair!.alive.set([1, 1, 1, 0, 1, 0, 1, 1]);
      pair!.reward.set([0, 0, 0, 0, 8, 0]);
      teamReward.set([0, 0, 8]);
    };
    const shared = credited(3, {}, tell);
    assertClose(shared.credit.advantage, [2, 2, 4, 4, 8, 8], 1e-6);
    assert.deepEqual([...shared.round.ended], [0, 0, 1]);
    assert.deepEqual([...shared.credit.decides], [1, 1, 1, 0, 1, 0]);
    const own = credited(3, { credit: 'individual' }, tell);
    assertClose(own.credit.advantage, [2, 0, 4, 0, 8, 0], 1e-6);
    assert.deepEqual([...own.credit.counts.subarray(0, 6)], [1, 1, 1, 0, 1, 0]);
  });

  it('takes the value of the last observation where an episode was cut off, and none where it ended', () => {
    const values = (credit: RoleCredit, team: TeamCredit): void => {
      credit.finalValue.fill(10);
      credit.value.fill(1);
      team.finalValue.fill(20);
    };
    const cutOff = credited(1, {}, ({ groups: [pair] }) => pair!.truncated.fill(1), values);
    assertClose(cutOff.credit.advantage, [4, 4], 1e-6);
    assertClose(cutOff.team.target, [10], 1e-6);
    const ended = credited(1, {}, ({ groups: [pair] }) => pair!.terminated.fill(1), values);
    assertClose(ended.credit.advantage, [-1, -1], 1e-6);
    const goingOn = credited(1, {}, () => {}, values);
    assertClose(goingOn.credit.advantage, [-0.5, -0.5], 1e-6);
  });

  it('of coma is Q(s, u) less its mean over the own actions, and learns the return', () => {
    const { credit } = credited(
      1,
      { credit: 'coma' },
      ({ groups: [pair], teamReward }) => {
        teamReward.set([3]);
        pair!.terminated.fill(1);
        // b has nothing to choose.
        pair!.actionMask.set([1, 1, 1, 0]);
      },
      ({ taken, baseline }) => {
        taken.set([5, 100]);
        baseline.set([4.5, 7]);
      },
    );
    assertClose(credit.advantage, [0.5, 0], 1e-6);
    assertClose(credit.target, [3, 3], 1e-6);
  });
});

describe('a round', () => {
  it('gives rows to those who decide: not the dead, nor those without a choice', () => {
    const { round } = credited(1, {}, ({ groups: [pair] }) => {
      pair!.observation.set([1, 2, 3, 4]);
      pair!.actionMask.set([1, 1, 0, 1, 1, 1, 1, 1]);
      pair!.alive.set([1, 1, 0, 1]);
    });
    assert.deepEqual([...round.rows[0]!.row], [0, IDLE, IDLE, 1]);
    assert.deepEqual([...(round.rows[0]!.data[0] as Float32Array).subarray(0, 2)], [1, 4]);
  });

  it('shows after a step the next one, or the last observation of an episode', () => {
    const { round } = credited(2, {}, ({ groups: [pair] }) => {
      pair!.observation.set([1, 2, 3, 4, 5, 6]);
      pair!.finalObservation.set([0, 0, 7, 8]);
      pair!.truncated.set([0, 0, 1, 0]);
      pair!.terminated.set([0, 0, 0, 1]);
    });
    const { finalRow, data } = round.rows[0]!;
    const seen = [...finalRow].map((row) => (row === IDLE ? null : data[0]![row]));
    assert.deepEqual(seen, [3, 4, 7, null]);
  });

  it('remembers what was said in the step before, but not over the end of an episode', () => {
    const kinds: FeedbackKind[] = [
      { from: 'a', about: 'b', meaning: 'how well it went', low: 0, high: 4 },
      { from: 'b', about: 'a', meaning: 'the same', low: 0, high: 4 },
    ];
    const round = new Round(roles, [reader], kinds, 2, 1);
    const tell = (score: number[], said: number[], isEnding: boolean): Experience => {
      const experience = emptyRound(groups, 2, 1, kinds);
      experience.feedback.set(score);
      experience.said.set(said);
      if (isEnding) experience.groups[0]!.terminated.fill(1, 2);
      return experience;
    };
    round.read(tell([4, 0, 1, 0], [1, 0, 1, 0], false));
    const { feedback } = round;
    // Before step 0 nothing; scores on [-1, 1], then whether there was one.
    assertClose(feedback.before, [0, 0, 0, 0, 1, 0, 1, 0, -0.5, 0, 1, 0], 1e-6);
    round.read(tell([0, 4, 2, 2], [0, 1, 1, 1], true));
    assertClose(feedback.before, [-0.5, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0], 1e-6);
    assertClose(feedback.after.subarray(4), [0, 0, 1, 1], 1e-6);
    assert.deepEqual([...feedback.about(['a', 'b'])], [0, 1, 0, 1, 1, 0, 1, 0]);
  });

  it('of another size is refused', () => {
    const round = new Round(roles, [reader], [], 2, 1);
    assert.throws(
      () => round.read(emptyRound(groups, 3, 1)),
      (error) => error instanceof LightbulbError && error.code === 'mismatch',
    );
  });
});
