import { basename } from 'node:path';
import type { Training } from '../agents/index.ts';
import { build, type CreateTraining, environmentOf } from './build.ts';
import { buildGeneralist, type CreateGato, checkGeneralist } from './build-generalist.ts';
import { type Write, write } from './disk.ts';
import type { Happening, Prepared } from './events.ts';
import { playsTasks } from './kinds.ts';
import { isReady, type Preparation, preparedIn, prepareTasks, withoutManifest } from './prepare-tasks.ts';
import type { EnvironmentScenario, Scenario } from './schema.ts';
import { checkExperts, taskParts } from './task-parts.ts';

/** How a run begins: all of its input is checked, nothing is written yet. */
export interface Start {
  /**
   * Makes ready, in the run's folder, what training needs; answers false where it was interrupted. null where there is
   * nothing to do.
   */
  readonly prepare:
    | ((
        sitting: Pick<Preparation, 'folder' | 'step' | 'resumed' | 'clock' | 'disk' | 'signal'>,
      ) => AsyncGenerator<Happening, boolean>)
    | null;
  /** To be called once. */
  train(): Promise<Training>;
  /** The tasks that are ready; undefined where there are no tasks. */
  prepared(): readonly Prepared[] | undefined;
}

export interface Makers {
  readonly createTraining?: CreateTraining | undefined;
  readonly createGato?: CreateGato | undefined;
  readonly disk?: Write;
  readonly tell?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Checks all that a run of a scenario needs. `folder`: the run's, which may be there already. */
export async function startOf(
  scenario: Scenario,
  { folder, createTraining, createGato, disk = write, tell, signal }: Makers & { readonly folder: string },
): Promise<Start> {
  if (!playsTasks(scenario)) {
    // Made here, as making it is what checks it.
    const training = await build(scenario as EnvironmentScenario, createTraining, {
      run: basename(folder),
      tell,
      signal,
    });
    return { prepare: null, train: async () => training, prepared: () => undefined };
  }
  const tasks = await taskParts(scenario);
  await checkGeneralist(scenario, tasks, createGato);
  const missing = tasks.filter((task) => !isReady(folder, task));
  await checkExperts(scenario, missing, createTraining);
  return {
    prepare:
      missing.length === 0 ? null : (sitting) => prepareTasks({ scenario, tasks: missing, createTraining, ...sitting }),
    train: () => buildGeneralist(scenario, tasks, folder, disk, createGato),
    prepared: () =>
      tasks.flatMap((task) => {
        const prepared = preparedIn(folder, task);
        return prepared === undefined ? [] : [withoutManifest(prepared)];
      }),
  };
}

/** What only shows when environments and experts are made: makes them once, and writes nothing. */
export async function checkScenario(scenario: Scenario): Promise<void> {
  if (!playsTasks(scenario)) {
    await environmentOf(scenario, (scenario as EnvironmentScenario).environment, '/environment');
    return;
  }
  const tasks = await taskParts(scenario);
  await checkGeneralist(scenario, tasks);
  await checkExperts(scenario, tasks);
}
