import { setImmediate as breath } from 'node:timers/promises';
import type { Evaluation, Iteration, Training } from '../agents/index.ts';
import { internal, LightbulbError } from '../core/index.ts';
import type { Saved } from './checkpoints.ts';
import type { Clock, Happening, Prepared, Summary } from './events.ts';
import { evaluationMetrics } from './metrics.ts';
import type { RunFolder } from './run-folder.ts';
import type { Scenario } from './schema.ts';

/** What one sitting of a run (from a start or a resume to an end or an interruption) is made of. */
export interface Sitting {
  readonly scenario: Scenario;
  /** Where `saved` was loaded already. */
  readonly training: Training;
  readonly folder: RunFolder;
  readonly resumed: boolean;
  /** The checkpoint that the sitting goes on from. */
  readonly saved: Saved | undefined;
  /** The tasks that are learned, where there are any. */
  readonly prepared: readonly Prepared[] | undefined;
  /** What there is to say about the start. */
  readonly warnings: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The loop of a run. A checkpoint is written when it is asked for the next happening, so whoever takes one down before
 * asking has its line in the files that the checkpoint counts.
 */
export async function* play(sitting: Sitting): AsyncGenerator<Happening> {
  const { scenario, training, folder, clock, signal } = sitting;
  const began = clock.seconds() - (sitting.saved?.seconds ?? 0);
  let savedAt = sitting.saved?.step;
  let evaluation: Evaluation | null = null;

  const evaluate = async (): Promise<Happening> => {
    evaluation = await training.evaluate(scenario.evaluation);
    mustBeFinite(evaluationMetrics(evaluation), training.step);
    return { kind: 'evaluation', step: training.step, evaluation };
  };
  const save = async (): Promise<Happening> => {
    const { step } = training;
    const saved = { step, checkpoint: training.save(), seconds: clock.seconds() - began };
    savedAt = step;
    return { kind: 'checkpoint', step, folder: await folder.save(saved, scenario.checkpoint.keep) };
  };

  yield started(sitting);
  for (const message of sitting.warnings) yield { kind: 'warning', message };

  while (training.step < scenario.steps && !signal.aborted) {
    const before = training.step;
    const clocked = clock.seconds();
    const advanced = await advance(sitting);
    if (advanced === null) return yield lost(sitting, { step: savedAt ?? 0, seconds: clock.seconds() - began });
    const iteration = checked(advanced, before);
    const { step, episodes, metrics } = iteration;
    yield {
      kind: 'iteration',
      step,
      episodes,
      metrics,
      stepsPerSecond: rate(step - before, clock.seconds() - clocked),
    };
    if (step < scenario.steps && passed(scenario.evaluation.every, before, step)) yield await evaluate();
    if (passed(scenario.checkpoint.every, before, step)) yield await save();
    await breath(); // lets signals in: compiled steps may never wait for anything
  }

  const { step } = training;
  const seconds = clock.seconds() - began;
  if (savedAt !== step) yield await save();
  const state = step < scenario.steps ? 'interrupted' : 'finished';
  if (state === 'finished') yield await evaluate();
  const summary = summaryOf(sitting, { state, steps: step, seconds, stepsPerSecond: rate(step, seconds), evaluation });
  folder.summarise(summary);
  yield { kind: state, step, summary };
}

/** An iteration; null where the run was interrupted and others, who are needed for it, did not come. */
async function advance({ training, signal }: Sitting): Promise<Iteration | null> {
  try {
    return await training.advance();
  } catch (error) {
    if (signal.aborted && error instanceof LightbulbError && error.code === 'unavailable') return null;
    throw error;
  }
}

/** The end of a sitting whose last iteration was lost: what there is to go on from is the last checkpoint. */
function lost(sitting: Sitting, { step, seconds }: { readonly step: number; readonly seconds: number }): Happening {
  const reached = { steps: step, seconds, stepsPerSecond: rate(step, seconds), evaluation: null };
  const summary = summaryOf(sitting, { state: 'interrupted', ...reached });
  sitting.folder.summarise(summary);
  return { kind: 'interrupted', step, summary };
}

/** Whether a cadence of `every` steps came due between two steps. Without memory, so a resumed run keeps the beat. */
export function passed(every: number | null, before: number, step: number): boolean {
  return every !== null && Math.floor(step / every) > Math.floor(before / every);
}

/** The end of a sitting that was interrupted while tasks were prepared: there is nothing to save yet. */
export function interruptedEarly(
  scenario: Scenario,
  folder: RunFolder,
  saved: Saved | undefined,
  prepared: readonly Prepared[] | undefined,
): Happening {
  const { step, seconds } = saved ?? { step: 0, seconds: 0 };
  const reached = { steps: step, seconds, stepsPerSecond: rate(step, seconds), evaluation: null };
  const summary = summaryOf({ scenario, folder, prepared }, { state: 'interrupted', ...reached });
  folder.summarise(summary);
  return { kind: 'interrupted', step, summary };
}

function summaryOf(
  { scenario, folder, prepared }: Pick<Sitting, 'scenario' | 'folder' | 'prepared'>,
  { evaluation, ...reached }: Pick<Summary, 'state' | 'steps' | 'seconds' | 'stepsPerSecond' | 'evaluation'>,
): Summary {
  const { name, seed } = scenario;
  const of = prepared === undefined ? {} : { prepared };
  return { scenario: name, seed, ...reached, evaluation, ...of, folder: folder.path };
}

function started({ scenario, training, folder, resumed }: Sitting): Happening {
  return {
    kind: 'started',
    scenario: scenario.name,
    seed: scenario.seed,
    folder: folder.path,
    step: training.step,
    steps: scenario.steps,
    parameters: training.parameterCount,
    ...(scenario.tasks === null ? {} : { tasks: Object.keys(scenario.tasks) }),
    resumed,
  };
}

/** An iteration that moved, and whose numbers are numbers. */
function checked(iteration: Iteration, before: number): Iteration {
  if (iteration.step <= before) throw internal(`an iteration went from step ${before} to step ${iteration.step}`);
  mustBeFinite(iteration.metrics, iteration.step);
  return iteration;
}

/** JSON would write a NaN as null, and nobody would notice. */
function mustBeFinite(metrics: Readonly<Record<string, number>>, step: number): void {
  for (const [name, value] of Object.entries(metrics)) {
    if (!Number.isFinite(value)) {
      throw new LightbulbError('not_finite', `"${name}" is ${value}`, {
        where: `step ${step}`,
        cure: 'A smaller learning rate, or rewards and observations on a smaller scale, may help',
      });
    }
  }
}

function rate(steps: number, seconds: number): number {
  return seconds > 0 ? steps / seconds : 0;
}
