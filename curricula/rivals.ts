import type { Checkpoint, FurtherLearners, LevelRound, PpoLearner } from '../agents/index.ts';
import { placedUnder, under } from '../agents/index.ts';
import type { Json } from '../core/index.ts';
import { type EpisodeReturns, settledReturns } from './scores.ts';

/** Further agents like the one that is trained, who play its rounds after it: the same levels, and the same chance in them. */
export class Rivals {
  private readonly agents: readonly { readonly name: string; readonly learner: PpoLearner }[];

  constructor(
    names: readonly string[],
    private readonly learners: FurtherLearners,
  ) {
    this.agents = names.map((name) => ({ name, learner: learners.likeAgent(name) }));
  }

  /** Environment steps of one round, those of all rivals and copies added up. */
  get stepsPerRound(): number {
    return this.agents.reduce((sum, { learner }) => sum + learner.stepsPerRollout, 0);
  }

  /** How each rival fared in the levels of the round. */
  async play(round: Pick<LevelRound, 'levels' | 'seed'>): Promise<EpisodeReturns[]> {
    const returns: EpisodeReturns[] = [];
    for (const { learner } of this.agents) {
      await learner.play(round);
      learner.judge();
      returns.push(settledReturns(learner.outcome()));
    }
    return returns;
  }

  /** Each learns from what it played last. Their metrics as `<name>/...`. */
  async learn(): Promise<Record<string, number>> {
    const metrics: Record<string, number> = {};
    for (const { name, learner } of this.agents) {
      for (const [key, value] of Object.entries(await learner.learn(this.learners.rate()))) {
        metrics[`${name}/${key}`] = value;
      }
    }
    return metrics;
  }

  save(): Checkpoint {
    const saved = this.agents.map(({ name, learner }) => [name, learner.save()] as const);
    return {
      tensors: Object.assign({}, ...saved.map(([name, { tensors }]) => placedUnder(name, tensors))),
      state: Object.fromEntries(saved.map(([name, { state }]) => [name, state])),
    };
  }

  load({ tensors, state }: Checkpoint): void {
    const states = state as Readonly<Record<string, Json>>;
    for (const { name, learner } of this.agents) {
      learner.load({ tensors: under(name, tensors), state: states[name] ?? null });
    }
  }

  close(): void {
    for (const { learner } of this.agents) learner.close();
  }
}
