import type { Json } from '../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from './batched.ts';
import type { Copies } from './copies.ts';
import type { LevelSpace } from './environment.ts';
import { requireOutput } from './guards.ts';
import { flatSize } from './spaces/index.ts';

/**
 * What built-in environments with one agent, one group and levels have in common: how all copies start anew, take levels
 * and are saved. The physics, how an episode begins and what is seen of it, are each one's own.
 */
export abstract class Solo<Level> implements BatchedEnvironment {
  readonly stateSize = 0;
  abstract readonly levels: LevelSpace;
  protected abstract readonly copies: Copies<Level>;
  private readonly width: number;

  constructor(
    readonly batchSize: number,
    readonly maximumSteps: number,
    readonly groups: readonly [Group],
  ) {
    this.width = flatSize(groups[0].observation);
  }

  abstract step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void;

  /** Starts the next episode of copy `b`. */
  protected abstract begin(b: number): void;

  /** Writes what the agent of copy `b` sees now to its row of `out`, [B, D]. */
  protected abstract observe(b: number, out: Float32Array): void;

  reset(seed: number, output: readonly GroupOutput[]): void {
    const out = this.requireOutput(output);
    this.copies.start(seed);
    for (let b = 0; b < this.batchSize; b++) {
      this.begin(b);
      this.observe(b, out.observation);
    }
    out.reward.fill(0);
    out.terminated.fill(0);
    out.truncated.fill(0);
    out.alive.fill(1);
  }

  setLevel(copy: number, level: Json | undefined): void {
    this.copies.setLevel(copy, level);
  }

  snapshot(): Json {
    return this.copies.snapshot();
  }

  restore(snapshot: Json): void {
    this.copies.restore(snapshot);
  }

  /** The arrays to write into, checked. */
  protected requireOutput(output: readonly GroupOutput[]): GroupOutput {
    return requireOutput(this.copies.environment, this.groups, 0, this.batchSize, this.width, output);
  }
}
