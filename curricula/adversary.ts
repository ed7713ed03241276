import { type Checkpoint, type FurtherLearners, type PpoLearner, ppoDefaults } from '../agents/index.ts';
import { type Json, LightbulbError } from '../core/index.ts';
import { type LevelBuilder, type LevelSpace, levelBuilder } from '../worlds/index.ts';
import type { AdversaryOptions } from './adversary-options.ts';

/** Who builds levels, one for each copy, and learns to build those that pay. */
export class Adversary {
  private readonly builder: LevelBuilder;
  private readonly learner: PpoLearner;

  /** Error `unsupported` where levels cannot be built step by step. */
  constructor(
    space: LevelSpace,
    private readonly options: AdversaryOptions,
    learners: FurtherLearners,
  ) {
    const { building } = space;
    if (building === undefined) {
      throw new LightbulbError('unsupported', 'levels of this environment cannot be built step by step', {
        where: '/curriculum/name',
        wanted: 'an environment whose levels have a "building", such as maze or cartpole',
        cure: 'Use a curriculum without an adversary, such as "robust-plr"',
      });
    }
    this.builder = levelBuilder(learners.copies, building);
    // A rollout is one level, and so is what gradients flow through.
    const { steps } = building;
    const own = { ...ppoDefaults, ...options, rollout: steps, chunk: steps };
    this.learner = learners.other('adversary', this.builder, own, '/curriculum/adversary');
  }

  /** Actions of one round of levels, all copies added up. No environment steps: nobody plays. */
  get actionsPerRound(): number {
    return this.learner.stepsPerRollout;
  }

  async build(seed: number): Promise<readonly Json[]> {
    await this.learner.play({ seed });
    return Array.from({ length: this.builder.batchSize }, (_, b) => this.builder.level(b));
  }

  /** Learns from what the levels that were built last are worth, [copies]. Means of its metrics. */
  async learn(worth: ArrayLike<number>): Promise<Record<string, number>> {
    this.learner.pay(worth);
    this.learner.judge();
    return this.learner.learn(this.options.learningRate);
  }

  save(): Checkpoint {
    return this.learner.save();
  }

  load(saved: Checkpoint): void {
    this.learner.load(saved);
  }

  close(): void {
    this.learner.close();
  }
}
