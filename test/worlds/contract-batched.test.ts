import assert from 'node:assert/strict';
import { checkBatchedForm } from '../../worlds/contract-batched.ts';
import {
  type BatchedEnvironment,
  batch,
  cartpole,
  checkBatched,
  type Environment,
  type GroupActions,
  type GroupOutput,
  newsTopics,
  printReport,
  type Report,
  simpleSpread,
} from '../../worlds/index.ts';
import { type BatchDefect, brokenBatch } from './mutants/batches.ts';
import couriers from './mutants/couriers.ts';

/** Each defect of the batched form, and the one check of batches that must catch it. */
const CAUGHT_BY: Readonly<Record<BatchDefect, string>> = {
  'wrong size': 'members',
  'state without final state': 'members',
  'NaN observation': 'observations',
  'dead agent sees': 'observations',
  'dead agent is paid': 'rewards',
  'both flags': 'flags',
  'no new episode': 'alive',
  'mask without choice': 'masks',
  'final observation hidden': 'final-observations',
  'final observation always': 'final-observations',
  'longer than it says': 'ends',
  'feedback without kinds': 'members',
  'kinds without feedback': 'members',
  'feedback of nobody': 'members',
  'utterance of no text': 'members',
  'NaN team reward': 'team-reward',
  'team reward of some copies': 'team-reward',
  'team reward at reset': 'team-reward',
  'team reward stays': 'repeat',
  'team reward by instance': 'repeat',
  'score too high': 'feedback',
  'score unsaid': 'feedback',
  'said is 2': 'feedback',
  'said at reset': 'feedback',
  'score of some copies': 'feedback',
  'kinds made anew': 'feedback',
  'score of another copy': 'copies',
  'score by chance': 'pure',
  'scores without names': 'members',
  'names without scores': 'members',
  'score name twice': 'members',
  'score names made anew': 'scores',
  'NaN final score': 'scores',
  'final scores of some copies': 'scores',
  'final scores of all copies': 'scores',
  'final scores at reset': 'scores',
  'final scores a step late': 'scores',
  'final scores added to': 'scores',
  'final scores of another copy': 'copies',
  'final scores by chance': 'pure',
  'final scores by instance': 'repeat',
  'final scores not saved': 'snapshot',
  'tasks without names': 'members',
  'task names without tasks': 'members',
  'task name twice': 'members',
  'task names made anew': 'task-rewards',
  'NaN task reward': 'task-rewards',
  'task rewards of some copies': 'task-rewards',
  'task rewards at reset': 'task-rewards',
  'task rewards of another copy': 'copies',
  'task rewards by chance': 'pure',
  'task rewards stay': 'repeat',
  'task rewards by instance': 'repeat',
  'task rewards not saved': 'snapshot',
  'Math.random': 'pure',
  'differs by instance': 'repeat',
  'keeps first output': 'outputs',
  'adds to output': 'outputs',
  'copies count': 'copies',
  'writes to actions': 'actions',
  'keeps actions': 'actions',
  'snapshot of another': 'snapshot',
  'level for all': 'levels',
  'level at once': 'levels',
  'no setLevel': 'levels',
  'steps before reset': 'refusals',
  leaks: 'memory',
  'close twice throws': 'close',
};

function failures(report: Report): readonly string[] {
  return report.checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);
}

/** Couriers that cannot save themselves: batches must play their episodes again. */
function forgetful(): Environment {
  const good = couriers();
  const { agents, spaces, maximumSteps, stateSpace, levels, feedbackKinds, scoreNames, taskNames } = good;
  const { reset, step, state } = good;
  return {
    agents,
    spaces,
    maximumSteps: maximumSteps!,
    stateSpace: stateSpace!,
    levels: levels!,
    hasTeamReward: true,
    feedbackKinds: feedbackKinds!,
    scoreNames: scoreNames!,
    taskNames: taskNames!,
    reset,
    step,
    state: state!,
  };
}

describe('the contract of batched environments', () => {
  it('holds for a batch of good environments, and for the batch as one environment', async () => {
    const report = await checkBatched((copies) => brokenBatch(copies), { enduranceSteps: 2000 });
    assert.deepEqual(failures(report), [], printReport(report));
    assert.ok(report.checks.some(({ name }) => name === 'batch/copies'));
    assert.ok(report.checks.some(({ name }) => name === 'single/restore'));
  });

  it('holds where environments cannot save themselves', async () => {
    const report = await checkBatched((copies) => batch(forgetful, copies), { enduranceSteps: 0 });
    assert.deepEqual(failures(report), [], printReport(report));
  });

  it('holds for environments that are written batched', async () => {
    for (const make of [cartpole, simpleSpread] as const) {
      const report = await checkBatched((copies) => make(copies), { enduranceSteps: 0 });
      assert.deepEqual(failures(report), [], printReport(report));
    }
  });

  for (const [defect, name] of Object.entries(CAUGHT_BY) as [BatchDefect, string][])
    it(`catches "${defect}" by ${name} alone`, async () => {
      const enduranceSteps = name === 'memory' ? 6000 : 0;
      const report = await checkBatchedForm((copies) => brokenBatch(copies, defect), { enduranceSteps });
      assert.deepEqual(failures(report), [`batch/${name}`], printReport(report));
    });

  it('catches numbers that stand for no text', async () => {
    // Read leniently, a text ends at the first zero: whatever comes after it would go unseen.
    const chatty = (copies: number): BatchedEnvironment => {
      const inner = newsTopics(copies);
      const blot = (output: readonly GroupOutput[]) => {
        for (let b = 1; b <= copies; b++) output[0]!.observation[b * 400 - 1] = 5;
      };
      return Object.assign(Object.create(inner) as BatchedEnvironment, {
        reset(seed: number, output: readonly GroupOutput[]) {
          inner.reset(seed, output);
          blot(output);
        },
        step(actions: readonly GroupActions[], output: readonly GroupOutput[]) {
          inner.step(actions, output);
          blot(output);
        },
      });
    };
    const report = await checkBatchedForm(chatty, { enduranceSteps: 0 });
    assert.deepEqual(failures(report), ['batch/observations'], printReport(report));
    assert.match(printReport(report), /number 399: wanted 0, got 5/);
  });
});
