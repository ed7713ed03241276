import { Audit, type AuditName } from './contract/audit.ts';
import { declarationPrint, judgeMembers, judgeSpaces } from './contract/declaration.ts';
import {
  judgeActionOrder,
  judgeFresh,
  judgeInterleaved,
  judgeRender,
  judgeRepeats,
  judgeSeeds,
} from './contract/determinism.ts';
import { Episode } from './contract/episode.ts';
import { judgeFreshProcess } from './contract/fresh-process.ts';
import { ImpurityWatch } from './contract/impurity.ts';
import { judgeLevelBuilding } from './contract/level-building.ts';
import { judgeLevelSpace } from './contract/level-space.ts';
import {
  judgeActionsNotKept,
  judgeActionsUntouched,
  judgeReturnedKept,
  judgeReturnedOwned,
} from './contract/ownership.ts';
import {
  judgeAfterEnd,
  judgeBeforeReset,
  judgeDeadAgent,
  judgeForeignAction,
  judgeForeignAgent,
  judgeMaskedAction,
  judgeMissingAction,
} from './contract/refusals.ts';
import { Findings, fail, pass, type Report, skip, verdict } from './contract/report.ts';
import { Endurance, endlessEpisodes } from './contract/resources.ts';
import { judgeLevels, judgeRestore, judgeSnapshotPlain } from './contract/saving.ts';
import { type CheckOptions, type Settings, settingsOf } from './contract/settings.ts';
import { judgeSymmetry } from './contract/symmetry.ts';
import type { Environment } from './environment.ts';

/** The checks on single answers: what each promises. */
const AUDITS: Readonly<Record<AuditName, string>> = {
  keys: 'every answer names exactly the agents that were alive, and they are declared',
  'final-observation': 'an agent that ends sees once more how it ended',
  'no-return': 'nobody comes back before the next reset',
  'observation-type': 'observations have the declared type, dtype and shape',
  'observation-finite': 'observations hold no NaN and no infinity',
  'observation-bounds': 'observations lie within their bounds',
  'reward-finite': 'rewards are finite numbers, in float32 too',
  'flag-boolean': 'terminated and truncated are booleans',
  'flag-exclusive': 'nobody is terminated and truncated at once',
  'mask-legal': 'masks have the right length, hold 0 or 1, and leave a choice',
  'team-reward': 'every step has a finite team reward where that is declared, and none has elsewhere',
  feedback: 'scores are finite, within their bounds and of declared kinds',
  scores: 'the step that ends an episode has a finite number by each declared name, and no other step has any',
  'task-rewards': 'every step has a finite number by the name of each task, and none where there are no tasks',
  'state-space': 'the state lies in its space, at every step and at the end',
};

/**
 * Holds an environment against its whole contract; every breach is a failure. Plays a few dozen random episodes of a
 * handful of fixed seeds in new instances from `make`, so the same environment gets the same report (speed aside).
 * Never throws for what an environment does.
 *
 * A check that depends on a broken promise is skipped: one defect is one failure.
 */
export async function checkEnvironment(make: () => Environment, options: CheckOptions = {}): Promise<Report> {
  const open: Environment[] = [];
  const findings = new Findings(() => closeAll(open));
  let made: Environment | undefined;
  const watch = new ImpurityWatch();
  await findings.check('made', 'the factory makes an environment', [], () => {
    made = watch.call(make);
    const missing = (['agents', 'spaces', 'reset', 'step'] as const).find((name) => made?.[name] === undefined);
    return missing === undefined ? pass() : fail(`no "${missing}"`);
  });
  await findings.check('members', 'names, spaces and options fit together', ['made'], () =>
    verdict(judgeMembers(made!)),
  );
  await findings.check('spaces', 'the declared spaces are legal', ['members'], () => verdict(judgeSpaces(made!)));

  const makeOpen = () => {
    const environment = make();
    open.push(environment);
    return environment;
  };
  const settings = settingsOf(makeOpen, made?.maximumSteps, options);
  await checkAnswers(findings, made!, settings, watch);
  await checkDeterminism(findings, settings, options);
  await checkRefusals(findings, settings);

  const endurance = new Endurance(settings.enduranceSteps);
  await findings.check('memory', 'playing on takes no more and more memory', ['plays'], () =>
    endurance.judgeMemory(endlessEpisodes(settings.make(), settings, endurance)),
  );
  await findings.check('speed', 'steps are fast enough to learn from', ['memory'], () =>
    endurance.judgeSpeed(options.minimumStepsPerSecond ?? 100),
  );
  await findings.check('close', 'close may be called twice', ['plays'], () => {
    const environment = make();
    if (environment.close === undefined) return skip('there is no close');
    environment.reset({ seed: 1 });
    environment.close();
    environment.close();
    return pass();
  });
  if (made !== undefined) closeAll([made]);
  return findings.report(endurance.stepsPerSecond);
}

/** Closes and forgets them. What close itself does wrong is for the check of close to say. */
function closeAll(environments: Environment[]): void {
  for (const environment of environments.splice(0))
    try {
      environment.close?.();
    } catch {}
}

/** Plays three episodes and looks at every answer. */
async function checkAnswers(
  findings: Findings,
  environment: Environment,
  { seeds, stepLimit }: Settings,
  watch: ImpurityWatch,
): Promise<void> {
  let audit: Audit | undefined;
  let endless: string | null = null;
  let declaredBefore = '';
  let listsBefore: ReturnType<typeof listsOf> = {};
  await findings.check('plays', 'legal actions are taken from reset to the end', ['spaces'], () => {
    declaredBefore = declarationPrint(environment);
    listsBefore = listsOf(environment);
    audit = new Audit(environment, watch);
    for (const seed of seeds) {
      const episode = new Episode(environment, seed, {
        call: (action) => watch.call(action),
        onFirst: (first) => audit!.onFirst(first),
        onStep: (living, _actions, step) => audit!.onStep(living, step),
      });
      audit.follow(episode);
      episode.begin().play(stepLimit);
      if (episode.threw !== null) return fail(`seed ${seed}, ${episode.threw}`);
      if (episode.goesOn) endless ??= `seed ${seed}: ${episode.living.join(', ')} alive after ${stepLimit} steps`;
    }
    return pass();
  });
  const judge = (reason: string | null | undefined) => verdict(reason ?? null);
  for (const [name, promise] of Object.entries(AUDITS) as [AuditName, string][])
    await findings.check(name, promise, ['plays'], () => {
      const reason = audit!.faults.get(name);
      if (reason !== undefined) return fail(reason);
      if (name === 'mask-legal' && !audit!.masksSeen) return skip('there are no masks');
      if (name === 'state-space' && environment.state === undefined) return skip('there is no state');
      if (name === 'team-reward' && environment.hasTeamReward !== true) return skip('there is no team reward');
      if (name === 'feedback' && environment.feedbackKinds === undefined) return skip('there is no feedback');
      if (name === 'feedback' && !audit!.feedbackGiven) return skip('nobody said anything');
      if (name === 'scores' && environment.scoreNames === undefined) return skip('there are no scores');
      if (name === 'task-rewards' && environment.taskNames === undefined) return skip('there are no tasks');
      if (name === 'scores' && audit!.episodesEnded === 0) return skip('no episode ended');
      return pass();
    });
  await findings.check('ends', 'every episode ends within maximumSteps', ['plays'], () => judge(endless));
  await findings.check('stable', 'agents, spaces, kinds, names and options never change', ['plays'], () => {
    if (declarationPrint(environment) !== declaredBefore) return fail('the declaration after playing is another one');
    const lists = listsOf(environment);
    const changed = (['feedbackKinds', 'scoreNames', 'taskNames'] as const).find(
      (name) => lists[name] !== listsBefore[name],
    );
    return changed === undefined ? pass() : fail(`${changed} is another object than before; make it once`);
  });
  await findings.check('pure', 'no clock and no chance but the seed', ['plays'], () => {
    const used = [...watch.used].map(([name, times]) => `${name} (${times} times)`).join(', ');
    return used === '' ? pass() : fail(`used ${used}; draw from a stream of the seed, and count steps for time`);
  });
}

/** What must be not only alike but the same object all along: callers hold on to it. */
function listsOf({ feedbackKinds, scoreNames, taskNames }: Environment): {
  readonly feedbackKinds?: unknown;
  readonly scoreNames?: unknown;
  readonly taskNames?: unknown;
} {
  return { feedbackKinds, scoreNames, taskNames };
}

async function checkDeterminism(findings: Findings, settings: Settings, options: CheckOptions): Promise<void> {
  const check = findings.check.bind(findings);
  await check('repeat', 'one instance plays the same seed the same way, bit for bit', ['pure'], () =>
    judgeRepeats(settings),
  );
  await check('fresh-instance', 'a new instance plays what an old one plays', ['repeat'], () => judgeFresh(settings));
  await check('interleaved', 'instances do not disturb each other', ['fresh-instance'], () =>
    judgeInterleaved(settings),
  );
  await check('fresh-process', 'another process plays the same', ['fresh-instance'], () =>
    judgeFreshProcess(settings, options.module),
  );
  await check('seeds', 'different seeds play differently', ['repeat'], () =>
    judgeSeeds(settings, options.seedless ?? false),
  );
  await check('action-order', 'the order of the names in the actions means nothing', ['repeat'], () =>
    judgeActionOrder(settings),
  );
  await check(
    'symmetric',
    'agents declared interchangeable are',
    ['repeat', 'reward-finite', 'observation-finite'],
    () => judgeSymmetry(settings),
  );
  await check('render', 'looking changes nothing', ['repeat'], () => judgeRender(settings));
  await check('actions-untouched', 'step does not write to its actions', ['repeat'], () =>
    judgeActionsUntouched(settings),
  );
  await check('actions-not-kept', 'actions are not kept by reference', ['actions-untouched'], () =>
    judgeActionsNotKept(settings),
  );
  await check('returned-kept', 'what was returned does not change later', ['repeat'], () =>
    judgeReturnedKept(settings),
  );
  await check('returned-owned', 'what was returned is the caller’s to write to', ['returned-kept'], () =>
    judgeReturnedOwned(settings),
  );
  await check('snapshot', 'snapshots are plain JSON and taking one changes nothing', ['repeat'], () =>
    judgeSnapshotPlain(settings),
  );
  await check('restore', 'a restored episode goes on as it did', ['fresh-instance', 'snapshot'], () =>
    judgeRestore(settings),
  );
  await check('levels', 'levels follow from seeds, are plain JSON and can be played', ['fresh-instance'], () =>
    judgeLevels(settings),
  );
  await check('level-space', 'a grid or box of levels is the whole truth about them', ['levels'], () =>
    judgeLevelSpace(settings),
  );
  await check(
    'level-building',
    'any actions build a level that can be played, the same the same',
    ['level-space'],
    () => judgeLevelBuilding(settings),
  );
}

async function checkRefusals(findings: Findings, settings: Settings): Promise<void> {
  const check = (
    name: string,
    promise: string,
    needs: readonly string[],
    judge: (settings: Settings) => ReturnType<typeof judgeAfterEnd>,
  ) => findings.check(name, promise, needs, () => judge(settings));
  await check('refuses-before-reset', 'a step before the first reset throws', ['plays'], judgeBeforeReset);
  await check('refuses-after-end', 'a step after the end throws', ['ends'], judgeAfterEnd);
  await check('refuses-missing', 'a step without the action of a living agent throws', ['plays'], judgeMissingAction);
  await check(
    'refuses-foreign-agent',
    'an action for an agent that does not exist throws',
    ['plays'],
    judgeForeignAgent,
  );
  await check('refuses-dead-agent', 'an action for an agent that has ended throws', ['no-return'], judgeDeadAgent);
  await check('refuses-foreign-action', 'an action outside the action space throws', ['plays'], judgeForeignAction);
  await check('refuses-masked', 'an action that the mask forbids throws', ['mask-legal'], judgeMaskedAction);
}
