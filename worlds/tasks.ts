import { LightbulbError } from '../core/index.ts';
import type { Environment, Step } from './environment.ts';
import { checkNumbers, sameNames } from './names.ts';
import { fault, printFault, type SpaceFault, show } from './spaces/index.ts';

/**
 * What is wrong with a step's `taskRewards`, or null: finite numbers under exactly the declared names in every step, or
 * none at all where there are no tasks.
 */
export function checkTaskRewards(rewards: unknown, names: readonly string[] | undefined): SpaceFault | null {
  if (names !== undefined) return checkNumbers('taskRewards', rewards, names, 'at every step');
  return rewards === undefined
    ? null
    : fault('/taskRewards', 'declaration', 'none, as there are no taskNames', show(rewards));
}

/** Throws `contract` or `not_finite` where a step's `taskRewards` are not as `environment` declares. */
export function requireTaskRewards(where: string, step: Step, { taskNames }: Pick<Environment, 'taskNames'>): void {
  const wrong = checkTaskRewards(step.taskRewards, taskNames);
  if (wrong === null) return;
  throw new LightbulbError(
    wrong.kind === 'not_finite' ? 'not_finite' : 'contract',
    `the rewards of tasks are not as declared: ${printFault(wrong)}`,
    { where, cure: '`lightbulb check` tests the whole contract' },
  );
}

/** What the last step of `B` copies would be paid under each task; zeros before any step. */
export class TaskRecord {
  readonly names: readonly string[] | undefined;
  /** [B, tasks] */
  private readonly rewards: Float32Array;

  /** Throws `contract` where the copies do not declare the same names, or names that are not legal. */
  constructor(environments: readonly Environment[]) {
    this.names = sameNames('taskNames', 'tasks', environments);
    this.rewards = new Float32Array(environments.length * (this.names?.length ?? 0));
  }

  /** Forgets the last step. */
  clear(): void {
    this.rewards.fill(0);
  }

  /** Takes over what a checked step of copy `b` would be paid. */
  write(b: number, { taskRewards }: Step): void {
    if (this.names === undefined || taskRewards === undefined) return;
    const width = this.names.length;
    for (let i = 0; i < width; i++) this.rewards[b * width + i] = taskRewards[this.names[i]!]!;
  }

  /** out: [B, tasks] */
  read(out: Float32Array): void {
    out.set(this.rewards);
  }
}
