import type { LearnerOptions, Training } from '../agents/index.ts';
import { type BatchedEnvironment, loadEnvironment } from '../worlds/index.ts';
import { makeEnvironment } from './environments.ts';
import type { EnvironmentChoice, Scenario } from './schema.ts';

/** What a training is made from; see `createTraining` in agents. */
export interface TrainingSpec {
  readonly seed: number;
  /** Environment steps of the whole run: schedules end there. */
  readonly steps: number;
  readonly make: (copies: number) => BatchedEnvironment;
  readonly copies: number;
  readonly learner: LearnerOptions;
  readonly executor: 'onnx' | 'eager';
  readonly device: string;
  readonly threads: number;
}

export type CreateTraining = (spec: TrainingSpec) => Promise<Training>;

/** The training that a scenario describes. */
export async function build(scenario: Scenario, createTraining: CreateTraining = createDefault): Promise<Training> {
  return createTraining({
    seed: scenario.seed,
    steps: scenario.steps,
    make: await environmentMaker(scenario.environment),
    copies: scenario.environment.copies,
    learner: scenario.learner,
    executor: scenario.executor,
    device: scenario.device,
    threads: scenario.threads,
  });
}

/** Makes batches of copies of the chosen environment. A module is loaded here, once. */
export async function environmentMaker(choice: EnvironmentChoice): Promise<(copies: number) => BatchedEnvironment> {
  if ('module' in choice) return (await loadEnvironment(choice.module, choice.options)).make;
  return (copies) => makeEnvironment(choice.name, copies, choice.options);
}

/** Loaded late: the engine behind it is big, and not everything that reads scenarios trains. */
async function createDefault(spec: TrainingSpec): Promise<Training> {
  const agents = (await import('../agents/index.ts')) as unknown as { createTraining?: CreateTraining };
  if (agents.createTraining === undefined) throw new Error('internal: there is no training yet'); // TEMPORARY
  return agents.createTraining(spec);
}
