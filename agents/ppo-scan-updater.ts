import { float32, type Value } from '../nn/index.ts';
import type { LearnerState } from './learner-state.ts';
import { MinibatchStack } from './ppo-minibatch.ts';
import { METRICS, type PpoPrograms } from './ppo-programs.ts';
import type { PpoTargets } from './ppo-targets.ts';
import { addMetrics, type Experience, type PpoUpdater } from './ppo-updater.ts';

/**
 * One call for `count` steps: all minibatches are made ready first, and the learner's state crosses to the device and
 * back once. Holds `count` minibatches in memory.
 */
export class ScanUpdater implements PpoUpdater {
  private readonly stack: MinibatchStack;
  private readonly bound = new Map<number, () => void>();
  private readonly learningRate = float32([]);
  private readonly share: Value;
  /** What PopArt multiplies the critic's head with, and adds to its bias, before each step. */
  private readonly popArt: Value;
  private readonly metrics: Value;
  private isPopArt = false;

  constructor(
    private readonly programs: PpoPrograms,
    private readonly learner: LearnerState,
    private readonly targets: PpoTargets,
    private readonly experience: Experience,
    readonly count: number,
  ) {
    const { sources, samples, steps, stride } = experience;
    this.stack = new MinibatchStack(count, sources, samples, steps, stride);
    this.share = float32([count]);
    this.popArt = float32([count, 2]);
    this.metrics = float32([count, METRICS.length + 1]);
  }

  learn(minibatches: readonly Int32Array[], rate: number, sums: Float64Array): number {
    const { learner, stack, metrics } = this;
    for (const [m, batch] of stack.batches.entries()) {
      batch.gather(minibatches[m]!);
      const { share, popArt } = this.targets.prepare(batch);
      this.share.data[m] = share;
      this.isPopArt = popArt !== undefined;
      if (popArt === undefined) continue;
      const { from, to } = popArt;
      this.popArt.data.set([from.std / to.std, (from.mean - to.mean) / to.std], 2 * m);
    }
    this.learningRate.data[0] = rate;
    const { turn } = learner;
    if (!this.bound.has(turn)) this.bound.set(turn, this.bind());
    this.bound.get(turn)!();
    const width = METRICS.length + 1;
    let kl = 0;
    for (let m = 0; m < this.count; m++)
      kl += addMetrics(metrics.data.subarray(m * width, (m + 1) * width), sums, this.experience.unit);
    learner.swap();
    return kl;
  }

  private bind(): () => void {
    const { learner, stack, experience, share, popArt, learningRate, metrics } = this;
    const { alive: _, ...staged } = stack.inputs(experience.agentRows);
    const xs = { ...staged, share, ...(this.isPopArt ? { popArt } : {}) };
    const constants = { learningRate, ...experience.statistics };
    return this.programs.updates.bind(
      { carry: learner.current, xs, constants },
      { carry: learner.next, ys: { metrics } },
    );
  }
}
