import { checkMask } from '../answers.ts';
import type { FeedbackKind } from '../batched.ts';
import type { Space } from '../space.ts';
import { actionChoices, checkValue, flatSize, flatten, printFault, unflatten } from '../spaces/index.ts';
import { isWithin } from '../team.ts';
import { type BatchRun, UNWRITTEN } from './batch-run.ts';

/** The checks that look at single steps of a batch, by name. */
export type BatchAuditName =
  | 'observations'
  | 'rewards'
  | 'flags'
  | 'alive'
  | 'masks'
  | 'final-observations'
  | 'team-reward'
  | 'feedback'
  | 'scores'
  | 'task-rewards'
  | 'ends';

/** Looks at every step of a run and keeps the first fault of each kind. */
export class BatchAudit {
  readonly faults = new Map<BatchAuditName, string>();
  masksSeen = false;
  feedbackGiven = false;
  episodesEnded = 0;
  private step = 0;
  private readonly lengths: number[];
  private readonly kinds: readonly FeedbackKind[] | undefined;
  private readonly scoreNames: readonly string[] | undefined;
  private readonly taskNames: readonly string[] | undefined;

  constructor(
    private readonly run: () => BatchRun,
    copies: number,
    private readonly maximumSteps: number | undefined,
  ) {
    this.lengths = new Array<number>(copies).fill(0);
    const { feedbackKinds, scoreNames, taskNames } = run().environment;
    this.kinds = feedbackKinds;
    this.scoreNames = scoreNames;
    this.taskNames = taskNames;
  }

  onReset(): void {
    this.present(new Array<Uint8Array>(this.run().output.length).fill(new Uint8Array()), true);
    this.team(true);
    this.scores(() => false);
    this.tasks(true);
  }

  /** alive: who was alive before the step, per group. */
  onStep(alive: readonly Uint8Array[]): void {
    this.step++;
    this.outcomes(alive);
    this.present(alive, false);
    this.team(false);
    this.scores((b) => this.run().endedEpisode(b, alive));
    this.tasks(false);
  }

  /** What was said of the team: nothing yet, where nobody has stepped. */
  private team(isReset: boolean): void {
    const { environment, teamReward, score, said } = this.run();
    teamReward.forEach((reward, b) => {
      if (!Number.isFinite(reward) || (isReset && reward !== 0))
        this.fault(
          'team-reward',
          `${this.at(b)}: wanted ${isReset ? '0 before any step' : 'a finite number'}, got ${reward}`,
        );
    });
    if (environment.feedbackKinds !== this.kinds)
      this.fault('feedback', `step ${this.step}: feedbackKinds is another object than before; make it once`);
    const kinds = this.kinds ?? [];
    said.forEach((isSaid, i) => {
      const [kind, given] = [kinds[i % kinds.length]!, score[i]!];
      const at = `${this.at(Math.floor(i / kinds.length))}, kind ${i % kinds.length}`;
      if (isSaid > (isReset ? 0 : 1))
        this.fault('feedback', `${at}: wanted said to be ${isReset ? '0 before any step' : '0 or 1'}, got ${isSaid}`);
      else if (isSaid === 0 && given !== 0) this.fault('feedback', `${at}: not said, but the score is ${given}`);
      else if (isSaid === 1 && !isWithin(given, kind))
        this.fault('feedback', `${at}: wanted a score in [${kind.low}, ${kind.high}], got ${given}`);
      if (isSaid === 1) this.feedbackGiven = true;
    });
  }

  /** What is told of episodes: of those that just ended, and of no others. */
  private scores(hasEnded: (copy: number) => boolean): void {
    const { environment, scores } = this.run();
    const names = this.scoreNames ?? [];
    if (environment.scoreNames !== this.scoreNames)
      this.fault('scores', `step ${this.step}: scoreNames is another object than before; make it once`);
    scores.forEach((score, i) => {
      const b = Math.floor(i / names.length);
      const at = `${this.at(b)}, "${names[i % names.length]}"`;
      if (!hasEnded(b)) {
        if (score !== UNWRITTEN) this.fault('scores', `${at}: written, although no episode ended`);
      } else if (score === UNWRITTEN) this.fault('scores', `${at}: not written, although the episode ended`);
      else if (!Number.isFinite(score)) this.fault('scores', `${at}: wanted a finite number, got ${score}`);
    });
  }

  /** What the step would be paid under each task: nothing yet, where nobody has stepped. */
  private tasks(isReset: boolean): void {
    const { environment, taskRewards } = this.run();
    const names = this.taskNames ?? [];
    if (environment.taskNames !== this.taskNames)
      this.fault('task-rewards', `step ${this.step}: taskNames is another object than before; make it once`);
    taskRewards.forEach((reward, i) => {
      if (Number.isFinite(reward) && !(isReset && reward !== 0)) return;
      const at = `${this.at(Math.floor(i / names.length))}, "${names[i % names.length]}"`;
      this.fault('task-rewards', `${at}: wanted ${isReset ? '0 before any step' : 'a finite number'}, got ${reward}`);
    });
  }

  /** What came of the step for each seat. */
  private outcomes(alive: readonly Uint8Array[]): void {
    const { output, environment, sizes } = this.run();
    environment.groups.forEach((group, g) => {
      const out = output[g]!;
      const { agents, observation } = sizes[g]!;
      for (let seat = 0; seat < out.alive.length; seat++) {
        const at = this.at(Math.floor(seat / agents), group.agents[seat % agents]!);
        const [terminated, truncated, reward] = [out.terminated[seat]!, out.truncated[seat]!, out.reward[seat]!];
        if (terminated > 1 || truncated > 1)
          this.fault('flags', `${at}: wanted 0 or 1, got ${terminated}, ${truncated}`);
        if (terminated && truncated) this.fault('flags', `${at}: terminated and truncated at once`);
        if (!Number.isFinite(reward)) this.fault('rewards', `${at}: wanted a finite number, got ${reward}`);
        const acted = alive[g]![seat] === 1;
        if (!acted && (terminated || truncated)) this.fault('flags', `${at}: ended, but was not alive`);
        if (!acted && reward !== 0) this.fault('rewards', `${at}: was not alive, but got ${reward}`);
        const last = out.finalObservation.subarray(seat * observation, (seat + 1) * observation);
        if (terminated || truncated) {
          const fault = faultOf(group.observation, last);
          if (fault !== null) this.fault('final-observations', `${at}: ${fault}`);
        } else if (last.some((number) => number !== UNWRITTEN))
          this.fault('final-observations', `${at}: written, although the agent goes on`);
      }
    });
  }

  /** What each seat sees now. */
  private present(before: readonly Uint8Array[], isReset: boolean): void {
    const run = this.run();
    const { output, environment, sizes } = run;
    for (let b = 0; b < environment.batchSize; b++) {
      const isNew = isReset || run.endedEpisode(b, before);
      this.lengths[b] = isReset ? 0 : this.lengths[b]! + 1;
      if (this.maximumSteps !== undefined && !isNew && this.lengths[b]! >= this.maximumSteps)
        this.fault('ends', `${this.at(b)}: the episode goes on after ${this.maximumSteps} steps`);
      if (isNew && !isReset) {
        this.episodesEnded++;
        this.lengths[b] = 0;
      }
      let living = 0;
      environment.groups.forEach((group, g) => {
        const out = output[g]!;
        const { agents, observation, mask } = sizes[g]!;
        for (let i = 0; i < agents; i++) {
          const seat = b * agents + i;
          const at = this.at(b, group.agents[i]!);
          const alive = out.alive[seat]!;
          const seen = out.observation.subarray(seat * observation, (seat + 1) * observation);
          if (alive > 1) this.fault('alive', `${at}: wanted 0 or 1, got ${alive}`);
          if (!isNew) {
            const goesOn = before[g]![seat] === 1 && !out.terminated[seat] && !out.truncated[seat];
            if (goesOn !== (alive === 1))
              this.fault('alive', `${at}: ${goesOn ? 'goes on, but is not alive' : 'is alive, but has ended'}`);
          }
          if (alive !== 1) {
            if (seen.some((number) => number !== 0))
              this.fault('observations', `${at}: is not alive, but sees something`);
            continue;
          }
          living++;
          const fault = faultOf(group.observation, seen);
          if (fault !== null) this.fault('observations', `${at}: ${fault}`);
          if (mask === 0) continue;
          this.masksSeen = true;
          const legal = out.actionMask.subarray(seat * mask, (seat + 1) * mask);
          const problem = checkMask(actionChoices(group.action) ?? [], legal);
          if (problem !== null) this.fault('masks', `${at}: ${problem}`);
        }
      });
      if (living === 0) this.fault('alive', `${this.at(b)}: nobody is alive, and no new episode began`);
    }
  }

  private at(copy: number, agent?: string): string {
    return `copy ${copy}, step ${this.step}${agent === undefined ? '' : `, agent "${agent}"`}`;
  }

  private fault(name: BatchAuditName, reason: string): void {
    if (!this.faults.has(name)) this.faults.set(name, reason);
  }
}

/** Why these numbers stand for no member of `space`, or null where they do. */
function faultOf(space: Space, numbers: Float32Array): string | null {
  const value = unflatten(space, numbers, 0);
  const fault = checkValue(space, value);
  if (fault !== null) return printFault(fault);
  // Reading is lenient: two choices at once, half a pixel or a text that goes on after its end would pass.
  const written = new Float32Array(flatSize(space));
  flatten(space, value, written, 0);
  const wrong = written.findIndex((number, i) => number !== numbers[i]);
  return wrong < 0 ? null : `number ${wrong}: wanted ${written[wrong]}, got ${numbers[wrong]}`;
}
