import type { Evaluation } from '../agents/index.ts';
import { percent, short } from './summary.ts';

/** How one network plays each task, against random play and the task's expert, as a table for the terminal. */
export async function tasksTable(tasks: NonNullable<Evaluation['tasks']>): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const table = new Table({
    head: ['task', 'random', 'expert', 'this network', "% of the expert's gain", 'episodes'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] }, // no colours: it is read by people and by files
  });
  for (const [task, { random, expert, return: of, score, episodes }] of Object.entries(tasks)) {
    table.push([task, short(random), short(expert), short(of.mean), percent(score), String(episodes)]);
  }
  return table.toString();
}
