import type { Training, TrainingSpec } from '../agents/index.ts';
import type { GameOptions } from '../curricula/game/index.ts';

/** What the training of a game is made from. */
export type GameTrainingSpec = Omit<TrainingSpec, 'learner' | 'scripted' | 'curriculum' | 'rounds'> & {
  readonly learner: GameOptions;
};

/** The minimax game through a learned world model. Loaded late, as all that trains. */
export async function buildGame(spec: GameTrainingSpec): Promise<Training> {
  const { createExecutor, requireSameGroups } = await import('../agents/index.ts');
  const { createGame } = await import('../curricula/game/index.ts');
  const { seed, steps, copies, make, makeForEvaluation, learner: options, threads } = spec;
  if (makeForEvaluation !== undefined) requireSameGroups(make, makeForEvaluation);
  const executor = await createExecutor(spec);
  const shards = executor.name === 'onnx' && executor.device === 'cpu' ? threads : 1;
  return createGame({ seed, steps, copies, make, makeForEvaluation, options, executor, shards });
}
