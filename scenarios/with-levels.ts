import type { Evaluation, Training } from '../agents/index.ts';
import { examine, type LevelExam } from './level-exam.ts';

/**
 * The same training, whose evaluations play chosen levels besides, and say how that went among their `scores`:
 * `levels/mean`, `levels/cvar10`, `levels/cvar1` and, where these can be told, `levels/solved`, `levels/regret` and
 * `levels/maximumRegret` (see `LevelScores`).
 */
export function withLevels(training: Training, exam: LevelExam): Training {
  return {
    get step() {
      return training.step;
    },
    get parameterCount() {
      return training.parameterCount;
    },
    advance: () => training.advance(),
    async evaluate(options): Promise<Evaluation> {
      const evaluation = await training.evaluate(options);
      const { scores } = await examine(exam, training, options);
      const named = Object.entries(scores).map(([name, score]) => [`levels/${name}`, score] as const);
      return { ...evaluation, scores: { ...evaluation.scores, ...Object.fromEntries(named) } };
    },
    player: (collector, options) => training.player!(collector, options),
    save: () => training.save(),
    load: (checkpoint) => training.load(checkpoint),
    close: () => training.close(),
  };
}
