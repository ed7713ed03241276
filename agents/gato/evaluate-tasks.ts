import { type Stream, stream } from '../../core/index.ts';
import { evaluatePlayer } from '../evaluate.ts';
import type { Evaluation, TaskEvaluation, Training } from '../training.ts';
import type { PlannedTask } from './gato-plan.ts';
import { createGatoPlayer, type GatoPlayer, type GatoPlayerOptions } from './player.ts';

/**
 * Plays every task that has an environment. `return` is over the tasks' scores, `length` the mean of their lengths;
 * agents are told apart within the tasks.
 */
export async function evaluateTasks(
  tasks: readonly PlannedTask[],
  { episodes, seed, deterministic }: Parameters<Training['evaluate']>[0],
  optionsFor: (task: PlannedTask, noise: Stream | null) => GatoPlayerOptions,
): Promise<Evaluation> {
  const played: Record<string, TaskEvaluation> = {};
  for (const task of tasks) {
    if (task.make === null) continue;
    const noise = deterministic ? null : stream(seed, `evaluation/${task.name}`);
    const players: GatoPlayer[] = [];
    const evaluation = await evaluatePlayer(task.make, task.episodes ?? episodes, seed, (collector) => {
      const player = createGatoPlayer(collector, optionsFor(task, noise));
      players.push(player);
      return player;
    });
    for (const player of players) player.dispose();
    const { random, expert } = task;
    played[task.name] = { ...evaluation, random, expert, score: scoreOf(evaluation.return.mean, random, expert) };
  }
  return { ...summary(Object.values(played)), agents: {}, tasks: played };
}

/** Share of the expert's gain over random play; where there is none to be had, 1 for playing no worse. */
function scoreOf(mean: number, random: number, expert: number): number {
  if (expert === random) return mean >= expert ? 1 : 0;
  return (mean - random) / (expert - random);
}

function summary(played: readonly TaskEvaluation[]): Pick<Evaluation, 'episodes' | 'return' | 'length'> {
  if (played.length === 0) return { episodes: 0, return: { mean: 0, std: 0, min: 0, max: 0 }, length: 0 };
  const scores = played.map(({ score }) => score);
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = meanOf(scores);
  return {
    episodes: played.reduce((sum, { episodes }) => sum + episodes, 0),
    return: {
      mean,
      std: Math.sqrt(meanOf(scores.map((score) => (score - mean) ** 2))),
      min: Math.min(...scores),
      max: Math.max(...scores),
    },
    length: meanOf(played.map(({ length }) => length)),
  };
}
