import type { Json } from '../../core/index.ts';
import type { BatchedEnvironment, GroupOutput } from '../batched.ts';
import { createActions, createOutputs } from '../outputs.ts';
import { actionChoices, checkSpace, flatSize, printFault } from '../spaces/index.ts';
import { BatchRun } from './batch-run.ts';
import { judgeFeedbackKinds, judgeNames, judgeSequences } from './declaration.ts';
import { fingerprint, firstDifference } from './fingerprint.ts';
import { fail, pass, skip, type Verdict } from './report.ts';

/** What every check of a batch works with. */
export interface BatchSettings {
  readonly make: (copies: number) => BatchedEnvironment;
  /** How many steps a run takes: enough for two episodes, where that is not too many. */
  readonly steps: number;
  readonly seedless: boolean;
}

const SEED = 7;
const COPIES = 4;

/** What is wrong with the members of a batched environment, or null. */
export function judgeBatchMembers(environment: BatchedEnvironment, copies: number): string | null {
  const { batchSize, groups, stateSize, state, finalState, maximumSteps } = environment;
  if (batchSize !== copies) return `batchSize: wanted ${copies}, got ${String(batchSize)}`;
  if (!Array.isArray(groups) || groups.length === 0) return 'groups: wanted at least one';
  const agents = groups.flatMap((group) => group.agents);
  if (groups.some((group) => group.agents.length === 0)) return 'groups: one has no agents';
  const twice = agents.find((agent, i) => agents.indexOf(agent) !== i);
  if (twice !== undefined) return `groups: agent "${twice}" is there twice`;
  const names = groups.map(({ name }) => name);
  if (new Set(names).size !== names.length) return `groups: two have the same name (${names.join(', ')})`;
  for (const { name, observation, action } of groups) {
    for (const [kind, space] of Object.entries({ observation, action })) {
      const fault = checkSpace(space);
      if (fault !== null) return `group "${name}", ${kind}: ${printFault(fault)}`;
    }
    const astray = judgeSequences(action, observation);
    if (astray !== null) return `group "${name}", action: ${astray}`;
    flatSize(observation);
    actionChoices(action);
  }
  if (!Number.isSafeInteger(stateSize) || stateSize < 0) return `stateSize: wanted an integer >= 0, got ${stateSize}`;
  if (stateSize > 0 && (state === undefined || finalState === undefined))
    return 'stateSize is not 0: wanted both state and finalState';
  if (maximumSteps !== undefined && !(Number.isSafeInteger(maximumSteps) && maximumSteps >= 1))
    return `maximumSteps: wanted an integer >= 1, got ${String(maximumSteps)}`;
  if ((environment.feedback === undefined) !== (environment.feedbackKinds === undefined))
    return 'feedback and feedbackKinds: wanted both or neither';
  if ((environment.scores === undefined) !== (environment.scoreNames === undefined))
    return 'scores and scoreNames: wanted both or neither';
  if ((environment.taskRewards === undefined) !== (environment.taskNames === undefined))
    return 'taskRewards and taskNames: wanted both or neither';
  return judgeFeedbackKinds(environment.feedbackKinds, agents) ?? judgeNames(environment);
}

/** The same seed and actions play the same, in one instance after another run, and in a new one. */
export function judgeBatchRepeats({ make, steps }: BatchSettings): Verdict {
  const environment = make(COPIES);
  const first = new BatchRun(environment).reset(SEED).play(steps);
  // Into the same arrays: whether others would do is a question of its own.
  const again = (where: BatchedEnvironment) => {
    const run = new BatchRun(where);
    run.output = first.output;
    for (const group of run.output) for (const array of Object.values(group)) (array as Uint8Array).fill(0);
    return run;
  };
  again(environment)
    .reset(SEED + 1)
    .play(3);
  for (const [what, where] of [
    ['one instance', environment],
    ['a new instance', make(COPIES)],
  ] as const) {
    const difference = firstPart(first.prints, again(where).reset(SEED).play(steps).prints);
    if (difference !== null) return fail(`the same seed again in ${what}: ${difference}`);
  }
  return pass();
}

/** Everything is written at every step, into whatever arrays are passed, and nothing is read from them. */
export function judgeOutputs({ make, steps }: BatchSettings): Verdict {
  const wanted = new BatchRun(make(COPIES)).reset(SEED).play(steps).prints;
  const poison = (output: readonly GroupOutput[]) => {
    for (const group of output)
      for (const array of Object.values(group))
        (array as Uint8Array).fill(array instanceof Uint8Array ? 9 : Number.NaN);
  };
  const dirty = new BatchRun(make(COPIES), { before: poison });
  const first = firstPart(wanted, dirty.reset(SEED).play(steps).prints);
  if (first !== null) return fail(`arrays that hold something else before each step: ${first}`);
  const environment = make(COPIES);
  const moving = new BatchRun(environment, {
    after: () => {
      // The next step gets copies of these arrays: an environment that kept the old ones writes to them in vain.
      moving.output = structuredClone(moving.output);
    },
  });
  const second = firstPart(wanted, moving.reset(SEED).play(steps).prints);
  return second === null ? pass() : fail(`other arrays at each step: ${second}`);
}

/** Copy `b` plays alike whatever the others do and however many there are; copies are not all alike. */
export function judgeCopies({ make, steps, seedless }: BatchSettings): Verdict {
  const wanted = new BatchRun(make(COPIES)).reset(SEED).play(steps).prints;
  for (const copies of [1, 2, COPIES + 1]) {
    const got = new BatchRun(make(copies)).reset(SEED).play(steps).prints;
    for (let b = 0; b < Math.min(copies, COPIES); b++) {
      const difference = firstDifference(wanted[b]!, got[b]!);
      if (difference !== null) return fail(`copy ${b} of ${COPIES} and of ${copies}: ${difference}`);
    }
  }
  const others = new BatchRun(make(COPIES), { variant: (b) => (b === 1 ? 0 : 1) });
  const difference = firstDifference(wanted[1]!, others.reset(SEED).play(steps).prints[1]!);
  if (difference !== null) return fail(`copy 1 beside others that act otherwise: ${difference}`);
  const starts = new Set(wanted.map((prints) => prints[0]));
  const same = new BatchRun(make(COPIES)).reset(SEED + 1).prints.every((prints) => starts.has(prints[0]!));
  if (!seedless && starts.size === 1 && !same) return fail('all copies start alike, although seeds differ');
  return pass();
}

/** Actions are read only: not written to, not kept. */
export function judgeBatchActions({ make, steps }: BatchSettings): Verdict {
  const wanted = new BatchRun(make(COPIES)).reset(SEED).play(steps).prints;
  let handed = '';
  let touched = false;
  const run: BatchRun = new BatchRun(make(COPIES), {
    before: () => {
      handed = fingerprint(run.actions);
    },
    after: () => {
      touched ||= fingerprint(run.actions) !== handed;
      for (const array of run.actions) array.fill(1);
      run.actions = createActions(run.environment.groups, COPIES);
    },
  });
  const difference = firstPart(wanted, run.reset(SEED).play(steps).prints);
  if (touched) return fail('step wrote to its actions');
  return difference === null ? pass() : fail(`actions overwritten after each step: ${difference}`);
}

/** A snapshot, written to JSON and read back, goes on as before: in the same and in a new instance. */
export function judgeBatchSnapshot({ make, steps }: BatchSettings): Verdict {
  const environment = make(COPIES);
  const undisturbed = new BatchRun(environment).reset(SEED).play(steps).prints;
  for (const moment of [0, 1, Math.floor(steps / 3)]) {
    const run = new BatchRun(environment).reset(SEED).play(moment);
    const snapshot = environment.snapshot();
    const print = fingerprint(snapshot);
    const saved = JSON.parse(JSON.stringify(snapshot) ?? 'null') as Json;
    if (fingerprint(saved) !== print) return fail('the snapshot is not plain JSON: writing and reading it changes it');
    const rest = run.continueIn(environment);
    const after = Math.min(steps, 200);
    const wanted = run.play(after).prints.map((prints) => prints.slice(moment + 1));
    if (fingerprint(snapshot) !== print) return fail('the snapshot changed later; return a copy');
    const taken = firstPart(undisturbed, run.prints, 0, true);
    if (taken !== null) return fail(`without and with a snapshot after step ${moment}: ${taken}`);
    for (const [what, target] of [
      ['a new instance', make(COPIES)],
      ['the same instance, which had gone on', environment],
    ] as const) {
      target.restore(saved);
      const difference = firstPart(wanted, rest.continueIn(target).play(after).prints, 1);
      if (difference !== null) return fail(`snapshot after step ${moment}, restored into ${what}: ${difference}`);
    }
  }
  return pass();
}

/** A level holds for its copy only, from that copy's next reset on. */
export function judgeSetLevel({ make, steps }: BatchSettings): Verdict {
  const environment = make(2);
  const { levels } = environment;
  if (levels === undefined) return skip('there are no levels');
  if (environment.setLevel === undefined) return fail('there are levels, but no setLevel');
  const wanted = new BatchRun(environment).reset(SEED).play(steps).prints;
  let end = steps;
  const run: BatchRun = new BatchRun(environment, {
    after: (alive) => {
      if (run.endedEpisode(1, alive)) end = Math.min(end, run.prints[1]!.length - 1);
    },
  });
  run.reset(SEED);
  environment.setLevel(1, levels.generate(1));
  run.play(steps);
  environment.setLevel(1, undefined);
  const other = firstDifference(wanted[0]!, run.prints[0]!);
  if (other !== null) return fail(`a level for copy 1 changed copy 0: ${other}`);
  const early = firstDifference(wanted[1]!.slice(0, end), run.prints[1]!.slice(0, end));
  if (early !== null) return fail(`a level changed the episode that was being played: ${early}`);
  const back = firstPart(wanted, new BatchRun(environment).reset(SEED).play(Math.min(steps, 50)).prints, 1, true);
  return back === null ? pass() : fail(`a level was taken back, but stayed: ${back}`);
}

/** A step before the first reset throws, and so do actions that do not fit. */
export function judgeBatchRefusals({ make }: BatchSettings): Verdict {
  const throws = (action: () => void) => {
    try {
      action();
      return false;
    } catch {
      return true;
    }
  };
  const environment = make(2);
  const { groups } = environment;
  const output = createOutputs(groups, 2);
  if (!throws(() => environment.step(createActions(groups, 2), output)))
    return fail('a step before the first reset was taken');
  environment.reset(SEED, output);
  if (!throws(() => environment.step([], output))) return fail('a step without actions was taken');
  if (!throws(() => environment.step(createActions(groups, 1), output)))
    return fail('a step with actions for fewer copies was taken');
  for (const [g, { action, name }] of groups.entries()) {
    environment.reset(SEED, output);
    const actions = createActions(groups, 2);
    if (actionChoices(action) === null) actions[g]!.fill(Number.NaN);
    else actions[g]!.fill(2 ** 30);
    if (!throws(() => environment.step(actions, output))) return fail(`group "${name}" got away with foreign actions`);
  }
  return pass();
}

/** Where two runs part. offset: steps before the first entry. `prefix`: compare what both have. */
function firstPart(
  wanted: readonly (readonly string[])[],
  got: readonly (readonly string[])[],
  offset = 0,
  prefix = false,
): string | null {
  for (const [b, prints] of wanted.entries()) {
    const other = got[b]!;
    const pad = new Array<string>(offset).fill('');
    const length = prefix ? Math.min(prints.length, other.length) : Math.max(prints.length, other.length);
    const difference = firstDifference([...pad, ...prints.slice(0, length)], [...pad, ...other.slice(0, length)]);
    if (difference !== null) return `copy ${b}: ${difference}`;
  }
  return null;
}
