import { restoreStream, type Stream, stream } from '../../core/index.ts';
import type { BatchedEnvironment, GroupActions, GroupOutput } from '../batched.ts';
import { createActions, createOutputs, type GroupSizes, groupSizes } from '../outputs.ts';
import { encodeAction } from '../spaces/index.ts';
import { randomAction } from './actions.ts';
import { fingerprint } from './fingerprint.ts';

/** Stands where nothing was written: no observation and no score looks like it. */
export const UNWRITTEN = Math.fround(-1.2345e33);

export interface BatchHooks {
  /** Wraps every call into the environment. */
  readonly call?: <T>(call: () => T) => T;
  /** Before each step and reset: the arrays that will be written into. */
  readonly before?: (output: readonly GroupOutput[]) => void;
  /** After each step: `alive` is who was alive before it, per group. */
  readonly after?: (alive: readonly Uint8Array[]) => void;
  /** Fingerprints are kept unless this is false. */
  readonly record?: boolean;
  /** A number in the name of copy `b`'s action stream: copies with the same one act alike. Default 0. */
  readonly variant?: (copy: number) => number;
}

/** A run of a batched environment under random legal actions, each copy's from a stream of its own. */
export class BatchRun {
  /** [copy][step]: everything that copy `b` showed. Entry 0 is the reset. */
  readonly prints: string[][];
  output: GroupOutput[];
  actions: GroupActions[];
  readonly sizes: readonly GroupSizes[];
  /** What was said of the team after the last step or reset: [B], [B, K], [B, K]; see `BatchedEnvironment`. */
  readonly teamReward: Float32Array;
  readonly score: Float32Array;
  readonly said: Uint8Array;
  /** [B, names]: of the episodes that ended in the last step; `UNWRITTEN` for the others. */
  readonly scores: Float32Array;
  /** [B, tasks]: what the last step would be paid. */
  readonly taskRewards: Float32Array;
  private randoms: Stream[] = [];

  constructor(
    readonly environment: BatchedEnvironment,
    private readonly hooks: BatchHooks = {},
  ) {
    const { groups, batchSize, feedbackKinds = [], scoreNames = [], taskNames = [] } = environment;
    this.sizes = groups.map(groupSizes);
    this.teamReward = new Float32Array(batchSize);
    this.score = new Float32Array(batchSize * feedbackKinds.length);
    this.said = new Uint8Array(batchSize * feedbackKinds.length);
    this.scores = new Float32Array(batchSize * scoreNames.length);
    this.taskRewards = new Float32Array(batchSize * taskNames.length);
    this.output = createOutputs(groups, batchSize);
    this.actions = createActions(groups, batchSize);
    this.prints = Array.from({ length: batchSize }, () => []);
  }

  reset(seed: number): this {
    const { variant = () => 0 } = this.hooks;
    this.randoms = this.prints.map((_, b) => stream(seed, `check/actions/${b}/${variant(b)}`));
    this.hooks.before?.(this.output);
    this.call(() => this.environment.reset(seed, this.output));
    this.listen();
    this.print();
    return this;
  }

  /** `steps` steps of all copies. */
  play(steps: number): this {
    for (let i = 0; i < steps; i++) {
      this.choose();
      const alive = this.output.map((group) => group.alive.slice());
      this.hooks.before?.(this.output);
      this.call(() => this.environment.step(this.actions, this.output));
      this.listen();
      this.print();
      this.hooks.after?.(alive);
    }
    return this;
  }

  /** The rest of this run in another environment that was restored to this point. */
  continueIn(environment: BatchedEnvironment): BatchRun {
    const rest = new BatchRun(environment, this.hooks);
    rest.output = structuredClone(this.output);
    rest.randoms = this.randoms.map((random) => restoreStream(random.state()));
    return rest;
  }

  /** Whether copy `b`'s last step ended its episode: somebody ended, and nobody who lived on was left. */
  endedEpisode(b: number, alive: readonly Uint8Array[]): boolean {
    let left = 0;
    this.output.forEach(({ terminated, truncated }, g) => {
      const { agents } = this.sizes[g]!;
      for (let i = b * agents; i < (b + 1) * agents; i++)
        if (alive[g]![i] === 1 && terminated[i] !== 1 && truncated[i] !== 1) left++;
    });
    return left === 0;
  }

  private choose(): void {
    const { groups, batchSize } = this.environment;
    groups.forEach(({ action }, g) => {
      const { agents, action: width, mask } = this.sizes[g]!;
      const { alive, actionMask } = this.output[g]!;
      for (let b = 0; b < batchSize; b++)
        for (let i = 0; i < agents; i++) {
          const seat = b * agents + i;
          if (alive[seat] !== 1) this.actions[g]!.fill(0, seat * width, (seat + 1) * width);
          else {
            const legal = mask > 0 ? Array.from(actionMask.subarray(seat * mask, (seat + 1) * mask)) : undefined;
            const chosen = randomAction(action, legal, this.randoms[b]!);
            if (chosen === null) this.actions[g]!.fill(0, seat * width, (seat + 1) * width);
            else encodeAction(action, chosen, this.actions[g]!, seat * width);
          }
        }
    });
  }

  /** Into arrays that hold what nobody says, so that whatever is left out shows. */
  private listen(): void {
    const { environment, teamReward, score, said, scores, taskRewards } = this;
    if (environment.teamReward !== undefined) {
      teamReward.fill(Number.NaN);
      this.call(() => environment.teamReward!(teamReward));
    }
    if (environment.scores !== undefined) {
      scores.fill(UNWRITTEN);
      this.call(() => environment.scores!(scores));
    }
    if (environment.taskRewards !== undefined) {
      taskRewards.fill(Number.NaN);
      this.call(() => environment.taskRewards!(taskRewards));
    }
    if (environment.feedback === undefined) return;
    score.fill(Number.NaN);
    said.fill(9);
    this.call(() => environment.feedback!(score, said));
  }

  private print(): void {
    if (this.hooks.record === false) return;
    const { batchSize, stateSize, state } = this.environment;
    const states = new Float32Array(batchSize * stateSize);
    if (state !== undefined) this.environment.state!(states);
    this.prints.forEach((prints, b) => {
      const shown = this.output.map((out, g) => {
        const { agents, observation, mask } = this.sizes[g]!;
        const rows = <Numbers extends Float32Array | Uint8Array>(numbers: Numbers, width: number) =>
          numbers.slice(b * agents * width, (b + 1) * agents * width);
        const ended = rows(out.terminated, 1).map((flag, i) => flag | out.truncated[b * agents + i]!);
        // What stands in finalObservation counts only where somebody ended.
        const last = rows(out.finalObservation, observation).map((number, i) =>
          ended[Math.floor(i / Math.max(1, observation))] === 1 ? number : 0,
        );
        return [
          rows(out.observation, observation),
          rows(out.reward, 1),
          rows(out.terminated, 1),
          rows(out.truncated, 1),
          rows(out.alive, 1),
          rows(out.actionMask, mask),
          last,
        ];
      });
      const kinds = this.said.length / batchSize;
      const names = this.scores.length / batchSize;
      const tasks = this.taskRewards.length / batchSize;
      const told = [
        this.teamReward.slice(b, b + 1),
        this.score.slice(b * kinds, (b + 1) * kinds),
        this.said.slice(b * kinds, (b + 1) * kinds),
        this.scores.slice(b * names, (b + 1) * names),
        this.taskRewards.slice(b * tasks, (b + 1) * tasks),
      ];
      prints.push(fingerprint([shown, states.slice(b * stateSize, (b + 1) * stateSize), told]));
    });
  }

  private call<T>(action: () => T): T {
    return this.hooks.call === undefined ? action() : this.hooks.call(action);
  }
}
