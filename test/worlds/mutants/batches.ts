import {
  type BatchedEnvironment,
  batch,
  type FeedbackKind,
  type Group,
  type GroupOutput,
  multiDiscrete,
} from '../../../worlds/index.ts';
import couriers from './couriers.ts';

/** One broken promise of the batched form each. */
export type BatchDefect =
  | 'wrong size'
  | 'state without final state'
  | 'NaN observation'
  | 'dead agent sees'
  | 'dead agent is paid'
  | 'both flags'
  | 'no new episode'
  | 'mask without choice'
  | 'final observation hidden'
  | 'final observation always'
  | 'longer than it says'
  | 'feedback without kinds'
  | 'kinds without feedback'
  | 'feedback of nobody'
  | 'utterance of no text'
  | 'NaN team reward'
  | 'team reward of some copies'
  | 'team reward at reset'
  | 'team reward stays'
  | 'team reward by instance'
  | 'score too high'
  | 'score unsaid'
  | 'said is 2'
  | 'said at reset'
  | 'score of some copies'
  | 'kinds made anew'
  | 'score of another copy'
  | 'score by chance'
  | 'scores without names'
  | 'names without scores'
  | 'score name twice'
  | 'score names made anew'
  | 'NaN final score'
  | 'final scores of some copies'
  | 'final scores of all copies'
  | 'final scores at reset'
  | 'final scores a step late'
  | 'final scores added to'
  | 'final scores of another copy'
  | 'final scores by chance'
  | 'final scores by instance'
  | 'final scores not saved'
  | 'tasks without names'
  | 'task names without tasks'
  | 'task name twice'
  | 'task names made anew'
  | 'NaN task reward'
  | 'task rewards of some copies'
  | 'task rewards at reset'
  | 'task rewards of another copy'
  | 'task rewards by chance'
  | 'task rewards stay'
  | 'task rewards by instance'
  | 'task rewards not saved'
  | 'Math.random'
  | 'differs by instance'
  | 'keeps first output'
  | 'adds to output'
  | 'copies count'
  | 'writes to actions'
  | 'keeps actions'
  | 'snapshot of another'
  | 'level for all'
  | 'level at once'
  | 'no setLevel'
  | 'steps before reset'
  | 'leaks'
  | 'close twice throws';

let instances = 0;
/** Numbers lost at each step: far more than the rest of a long test process takes or lets go of meanwhile. */
const LEAKED = 2048;
const leak: Float64Array[] = [];

/** A batch of couriers with one promise broken on the way in or out. */
export function brokenBatch(copies: number, defect?: BatchDefect): BatchedEnvironment {
  const inner = batch(() => couriers(), defect === 'wrong size' ? copies + 1 : copies);
  const is = (each: BatchDefect) => defect === each;
  const number = instances++;
  let first: readonly GroupOutput[] | null = null;
  let lastActions: Float32Array | null = null;
  let closed = false;
  let started = false;
  let levels: Parameters<NonNullable<BatchedEnvironment['setLevel']>>[] = [];

  /** Calls `write` with the arrays that the inner batch is to fill, then spoils what came out. */
  const spoil = (output: readonly GroupOutput[], isStep: boolean, write: (into: readonly GroupOutput[]) => void) => {
    first ??= output;
    const before = structuredClone(output) as readonly GroupOutput[];
    write(is('keeps first output') ? first : output);
    if (is('leaks')) leak.push(new Float64Array(LEAKED));
    for (const [g, out] of output.entries()) {
      const { observation, finalObservation, alive, reward, terminated, truncated, actionMask } = out;
      const width = observation.length / alive.length;
      if (is('Math.random')) Math.random();
      if (is('NaN observation')) observation[0] = Number.NaN;
      if (is('differs by instance') && alive[0] === 1) observation[0]! += number / 1e4;
      if (is('adds to output') && alive[0] === 1 && !Number.isNaN(before[g]!.observation[0]))
        observation[0]! += Math.min(1, Math.abs(before[g]!.observation[0]!)) / 8;
      if (!isStep) continue;
      for (let seat = 0; seat < alive.length; seat++) {
        const ended = terminated[seat] === 1 || truncated[seat] === 1;
        if (alive[seat] === 0 && is('dead agent sees')) observation[seat * width] = 1;
        if (alive[seat] === 0 && is('dead agent is paid')) reward[seat] = 1;
        if (ended && is('both flags')) terminated[seat] = truncated[seat] = 1;
        if (ended && is('no new episode')) {
          alive[seat] = 0;
          observation.fill(0, seat * width, (seat + 1) * width);
        }
        const kept = ended && is('final observation hidden');
        if (kept)
          finalObservation.set(before[g]!.finalObservation.subarray(seat * width, (seat + 1) * width), seat * width);
        if (!ended && is('final observation always')) finalObservation.fill(0, seat * width, (seat + 1) * width);
      }
      if (is('mask without choice') && actionMask.length > 0) actionMask.fill(0, 0, 4);
    }
  };

  /** Steps since the reset, and what the team was paid before it. */
  let steps = 0;
  const earlier = new Float32Array(inner.batchSize);

  const teamReward = (out: Float32Array) => {
    const [first] = out;
    inner.teamReward!(out);
    if (is('team reward stays')) {
      if (steps === 0) out.set(earlier);
      else earlier.set(out);
    }
    if (is('NaN team reward') && steps > 0) out[1] = Number.NaN;
    if (is('team reward of some copies')) out[0] = first!;
    if (is('team reward at reset') && steps === 0) out[0] = 0.5;
    if (is('team reward by instance') && steps > 0) out[0]! += number;
  };

  const feedback = (score: Float32Array, said: Uint8Array) => {
    const [first] = score;
    inner.feedback!(score, said);
    if (is('score of some copies')) score[0] = first!;
    if (is('said at reset') && steps === 0) said[0] = 1;
    if (is('score by chance')) Math.random();
    if (is('score of another copy') && said[0] === 1 && copies > 1) score[0]! += score[2]! / 64;
    if (steps === 0) return;
    if (is('score too high')) {
      score[1] = 1.01;
      said[1] = 1;
    }
    if (is('score unsaid')) said[0] = 0;
    if (is('said is 2')) said[0] = 2;
  };

  /** How many episodes of each copy ended since the reset, and who ended one in the last two steps. */
  const episodes = new Int32Array(inner.batchSize);
  const [ends, endsBefore] = [new Uint8Array(inner.batchSize), new Uint8Array(inner.batchSize)];
  const width = inner.scoreNames!.length;
  /** The carrier stays to the end: where it ended, so did the episode. */
  const noteEnds = (output: readonly GroupOutput[]) => {
    const { terminated, truncated } = output[inner.groups.findIndex(({ agents }) => agents.includes('carrier'))]!;
    endsBefore.set(ends);
    for (let b = 0; b < ends.length; b++) {
      ends[b] = terminated[b]! | truncated[b]!;
      episodes[b]! += ends[b]!;
    }
  };

  const scores = (out: Float32Array) => {
    const before = out.slice();
    inner.scores!(out);
    if (is('final scores by chance')) Math.random();
    if (is('final scores at reset') && steps === 0) out.fill(0);
    for (let b = 0; b < inner.batchSize; b++) {
      const at = b * width;
      if (is('final scores of all copies') && steps > 0 && ends[b] === 0) out[at] = 0;
      if (is('final scores a step late') && endsBefore[b] === 1) out[at] = 12;
      if (ends[b] === 0) continue;
      if (is('NaN final score')) out[at] = Number.NaN;
      if (is('final scores added to')) out[at]! += before[at]!;
      if (is('final scores of another copy')) out[at]! += copies;
      if (is('final scores by instance')) out[at]! += number;
      if (is('final scores not saved')) out[at]! += episodes[b]!;
    }
    if (is('final scores of some copies')) out[0] = before[0]!;
  };

  /** Of the last step before the last reset. */
  const earlierTasks = new Float32Array(inner.batchSize * inner.taskNames!.length);

  const taskRewards = (out: Float32Array) => {
    const [first] = out;
    inner.taskRewards!(out);
    if (is('task rewards by chance')) Math.random();
    if (is('task rewards stay')) {
      if (steps === 0) out.set(earlierTasks.map((reward) => (Number.isNaN(reward) ? 0 : reward)));
      else earlierTasks.set(out);
    }
    if (is('task rewards of some copies')) out[0] = first!;
    if (is('task rewards at reset') && steps === 0) out[1] = 0.5;
    if (steps === 0) return;
    if (is('NaN task reward')) out[1] = Number.NaN;
    if (is('task rewards of another copy')) out[0]! += copies;
    if (is('task rewards by instance')) out[0]! += number;
    if (is('task rewards not saved')) out[0]! += episodes[0]! + steps;
  };

  const broken: BatchedEnvironment = {
    batchSize: inner.batchSize,
    groups: is('utterance of no text') ? inner.groups.map(chatty) : inner.groups,
    stateSize: inner.stateSize,
    maximumSteps: is('longer than it says') ? 5 : inner.maximumSteps!,
    levels: inner.levels!,
    reset(seed, output) {
      started = true;
      steps = 0;
      for (const counts of [episodes, ends, endsBefore]) counts.fill(0);
      lastActions = null;
      spoil(output, false, (into) => inner.reset(is('copies count') ? seed + copies : seed, into));
    },
    step(actions, output) {
      if (!started && is('steps before reset')) {
        started = true;
        inner.reset(0, output);
      }
      steps++;
      const boxes = actions.find((each) => each instanceof Float32Array) as Float32Array | undefined;
      spoil(output, true, (into) => {
        inner.step(actions, into);
        noteEnds(into);
      });
      if (is('keeps actions') && lastActions !== null && output[0]!.reward[0] !== 0)
        output[0]!.reward[0]! += lastActions[0]!;
      if (boxes === undefined) return;
      lastActions = boxes;
      if (is('writes to actions')) boxes[0]! += 1;
    },
    state: (out) => inner.state!(out),
    ...(is('state without final state') ? {} : { finalState: (out: Float32Array) => inner.finalState!(out) }),
    ...(is('no setLevel')
      ? {}
      : {
          setLevel(copy, level) {
            if (is('level for all')) for (let b = 0; b < copies; b++) inner.setLevel!(b, level);
            else inner.setLevel!(copy, level);
            if (is('level at once') && level !== undefined) levels = [[copy, level]];
            if (levels.length > 0 && started) {
              const saved = inner.snapshot() as { copies: { environment: { drift: number } }[] };
              saved.copies[copy]!.environment.drift = 0.3;
              inner.restore(saved as never);
              levels = [];
            }
          },
        }),
    teamReward,
    ...(is('feedback without kinds') ? {} : kindsOf(defect, inner.feedbackKinds!)),
    ...(is('kinds without feedback') ? {} : { feedback }),
    ...(is('scores without names') ? {} : { scoreNames: is('score name twice') ? ['one', 'one'] : inner.scoreNames! }),
    ...(is('names without scores') ? {} : { scores }),
    ...(is('tasks without names') ? {} : { taskNames: is('task name twice') ? ['one', 'one'] : inner.taskNames! }),
    ...(is('task names without tasks') ? {} : { taskRewards }),
    snapshot: () => inner.snapshot(),
    restore(snapshot) {
      started = true;
      if (!is('snapshot of another')) return inner.restore(snapshot);
      const { copies: saved } = snapshot as { copies: never[] };
      inner.restore({ copies: [...saved].reverse() });
    },
    close() {
      if (closed && is('close twice throws')) throw new Error('closed already');
      closed = true;
      inner.close!();
    },
  };
  if (is('kinds made anew'))
    Object.defineProperty(broken, 'feedbackKinds', { get: () => structuredClone(inner.feedbackKinds) });
  if (is('score names made anew')) Object.defineProperty(broken, 'scoreNames', { get: () => [...inner.scoreNames!] });
  if (is('task names made anew')) Object.defineProperty(broken, 'taskNames', { get: () => [...inner.taskNames!] });
  return broken;
}

function kindsOf(defect: BatchDefect | undefined, kinds: readonly FeedbackKind[]) {
  return { feedbackKinds: defect === 'feedback of nobody' ? [{ ...kinds[0]!, from: 'nobody' }, kinds[1]!] : kinds };
}

/** The group with an action that points at a text which it does not see. */
function chatty(group: Group): Group {
  return { ...group, action: multiDiscrete([3, 3], { first: 1, to: 'article' }) };
}
