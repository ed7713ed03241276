import type { BatchedEnvironment } from './batched.ts';
import { BatchAudit, type BatchAuditName } from './contract/batch-audit.ts';
import {
  type BatchSettings,
  judgeBatchActions,
  judgeBatchMembers,
  judgeBatchRefusals,
  judgeBatchRepeats,
  judgeBatchSnapshot,
  judgeCopies,
  judgeOutputs,
  judgeSetLevel,
} from './contract/batch-judges.ts';
import { BatchRun, UNWRITTEN } from './contract/batch-run.ts';
import { ImpurityWatch } from './contract/impurity.ts';
import { Findings, fail, pass, type Report, skip, verdict } from './contract/report.ts';
import { Endurance } from './contract/resources.ts';
import type { CheckOptions } from './contract/settings.ts';
import { checkEnvironment } from './contract.ts';
import { unbatch } from './unbatch.ts';

/** `alive` first: the others judge by it. */
const AUDITS: Readonly<Record<BatchAuditName, string>> = {
  alive: 'alive follows from the flags, and the end of an episode begins the next one',
  observations: 'the living see members of their space, the others zeros',
  rewards: 'rewards are finite, and 0 for those who were not alive',
  flags: 'flags are 0 or 1, never both, and only for those who were alive',
  masks: 'masks hold 0 or 1 and leave the living a choice',
  'final-observations': 'the last observation is written where somebody ended, and nowhere else',
  'team-reward': 'team rewards are finite, written for every copy, and 0 before any step',
  feedback: 'scores are within the bounds of kinds that stay the same, 0 where nothing is said',
  scores: 'scores are finite, written where an episode just ended and nowhere else, under names that stay the same',
  'task-rewards':
    'rewards of tasks are finite, written for every copy, 0 before any step, under names that stay the same',
  ends: 'every episode ends within maximumSteps',
};

const COPIES = 4;

/**
 * Holds a batched environment against its whole contract: its own promises (`batch/...`), and, as one copy in the
 * single form, everything that `checkEnvironment` asks (`single/...`).
 */
export async function checkBatched(
  make: (copies: number) => BatchedEnvironment,
  options: CheckOptions = {},
): Promise<Report> {
  const own = await checkBatchedForm(make, options);
  if (!own.checks.some(({ name, outcome }) => name === 'batch/plays' && outcome === 'pass')) return own;
  const { module, ...rest } = options;
  const single = await checkEnvironment(
    () => unbatch(make),
    module === undefined ? rest : { ...rest, module: { ...module, form: 'batched' } },
  );
  return {
    passed: own.passed && single.passed,
    checks: [...own.checks, ...single.checks.map((result) => ({ ...result, name: `single/${result.name}` }))],
    stepsPerSecond: own.stepsPerSecond,
  };
}

/** The promises of the batched form alone. */
export async function checkBatchedForm(
  make: (copies: number) => BatchedEnvironment,
  options: CheckOptions = {},
): Promise<Report> {
  const open: BatchedEnvironment[] = [];
  const findings = new Findings(() => closeAll(open));
  const check: Findings['check'] = (name, promise, needs, judge) =>
    findings.check(
      `batch/${name}`,
      promise,
      needs.map((need) => `batch/${need}`),
      judge,
    );
  const makeOpen = (copies: number) => {
    const environment = make(copies);
    open.push(environment);
    return environment;
  };
  let maximumSteps: number | undefined;
  await check('members', 'groups, spaces and sizes fit together', [], () => {
    const environment = makeOpen(COPIES);
    maximumSteps = environment.maximumSteps;
    return verdict(judgeBatchMembers(environment, COPIES));
  });
  // Two whole episodes, so that runs go through an automatic reset; long ones are left to the single form.
  const steps = Math.min(2 * (maximumSteps ?? 300) + 2, 600);
  const settings: BatchSettings = { make: makeOpen, steps, seedless: options.seedless ?? false };

  await checkSteps(check, makeOpen, settings, maximumSteps);
  await check('repeat', 'the same seed and actions play the same, bit for bit', ['pure', 'alive', 'masks'], () =>
    judgeBatchRepeats(settings),
  );
  await check(
    'outputs',
    'all arrays are written at every step, and none is read or kept',
    ['repeat', 'final-observations'],
    () => judgeOutputs(settings),
  );
  await check('copies', 'copies do not disturb each other', ['repeat'], () => judgeCopies(settings));
  await check('actions', 'actions are neither written to nor kept', ['repeat'], () => judgeBatchActions(settings));
  await check('snapshot', 'a restored snapshot goes on as it did', ['outputs', 'actions'], () =>
    judgeBatchSnapshot(settings),
  );
  await check('levels', 'a level holds for its copy, from its next reset on', ['outputs'], () =>
    judgeSetLevel(settings),
  );
  await check('refusals', 'a step before reset and actions that do not fit throw', ['plays'], () =>
    judgeBatchRefusals(settings),
  );

  const endurance = new Endurance(options.enduranceSteps ?? 6000);
  await check('memory', 'stepping takes no more and more memory', ['plays'], () => {
    const run = new BatchRun(makeOpen(COPIES), { record: false, call: (action) => endurance.time(action) }).reset(1);
    return endurance.judgeMemory(() => {
      run.play(1);
      return COPIES;
    });
  });
  await check('speed', 'steps are fast enough to learn from', ['memory'], () =>
    endurance.judgeSpeed(options.minimumStepsPerSecond ?? 100),
  );
  await check('close', 'close may be called twice', ['plays'], () => {
    const environment = make(1);
    if (environment.close === undefined) return skip('there is no close');
    environment.close();
    environment.close();
    return pass();
  });

  return findings.report(endurance.stepsPerSecond);
}

/** Plays one run and looks at every step. */
async function checkSteps(
  check: Findings['check'],
  make: (copies: number) => BatchedEnvironment,
  { steps }: BatchSettings,
  maximumSteps: number | undefined,
): Promise<void> {
  const watch = new ImpurityWatch();
  let audit: BatchAudit | undefined;
  let environment: BatchedEnvironment | undefined;
  await check('plays', 'legal actions are taken, episode after episode', ['members'], () => {
    environment = watch.call(() => make(COPIES));
    const run: BatchRun = new BatchRun(environment, {
      call: (action) => watch.call(action),
      before: (output) => {
        for (const { finalObservation } of output) finalObservation.fill(UNWRITTEN);
      },
      after: (alive) => audit!.onStep(alive),
    });
    audit = new BatchAudit(() => run, COPIES, maximumSteps);
    run.reset(1);
    audit.onReset();
    run.play(steps);
    return pass(`${audit.episodesEnded} episodes ended`);
  });
  for (const [name, promise] of Object.entries(AUDITS) as [BatchAuditName, string][])
    await check(name, promise, name === 'alive' ? ['plays'] : ['alive'], () => {
      const reason = audit!.faults.get(name);
      if (reason !== undefined) return fail(reason);
      if (name === 'masks' && !audit!.masksSeen) return skip('there are no masks');
      if (name === 'team-reward' && environment!.teamReward === undefined) return skip('there is no team reward');
      if (name === 'feedback' && environment!.feedback === undefined) return skip('there is no feedback');
      if (name === 'feedback' && !audit!.feedbackGiven) return skip('nobody said anything');
      if (name === 'scores' && environment!.scores === undefined) return skip('there are no scores');
      if (name === 'task-rewards' && environment!.taskRewards === undefined) return skip('there are no tasks');
      if ((name === 'final-observations' || name === 'scores') && audit!.episodesEnded === 0)
        return skip(`no episode ended in ${steps} steps`);
      return pass();
    });
  await check('pure', 'no clock and no chance but the seed', ['plays'], () => {
    const used = [...watch.used.keys()].join(', ');
    return used === '' ? pass() : fail(`used ${used}; draw from the streams of the copies`);
  });
}

function closeAll(environments: BatchedEnvironment[]): void {
  for (const environment of environments.splice(0))
    try {
      environment.close?.();
    } catch {}
}
