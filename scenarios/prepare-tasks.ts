import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import type { DatasetManifest, PlayerFactory, Training } from '../agents/index.ts';
import { type JsonObject, LightbulbError, stream } from '../core/index.ts';
import type { CreateTraining } from './build.ts';
import { onDisk, replaceFile, type Write } from './disk.ts';
import type { Clock, Happening, Prepared } from './events.ts';
import type { TasksScenario } from './schema.ts';
import { createExpert, seedFor, type TaskParts } from './task-parts.ts';

const DATASETS = 'datasets';
/** Another number records other episodes. */
const RECORDED_SIDE_BY_SIDE = 32;

/** What `<run folder>/datasets/<task>.json` says: enough to evaluate without the dataset. */
export interface PreparedTask extends Prepared {
  readonly manifest: DatasetManifest;
}

export interface Preparation {
  readonly scenario: TasksScenario;
  /** Those that are not ready. */
  readonly tasks: readonly TaskParts[];
  /** The run's. */
  readonly folder: string;
  /** Of the run. */
  readonly step: number;
  readonly resumed: boolean;
  readonly createTraining: CreateTraining | undefined;
  readonly clock: Clock;
  readonly disk: Write;
  readonly signal: AbortSignal;
}

/** The folder of a task's dataset: given, or recorded into the run's folder. */
export function datasetFolder(folder: string, { name, choice }: TaskParts): string {
  return choice.dataset ?? join(folder, DATASETS, name);
}

/** What was found out about a task while it was prepared; undefined where that was not done, or not to its end. */
export function preparedIn(folder: string, { name }: TaskParts): PreparedTask | undefined {
  const file = fileOf(folder, name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PreparedTask) : undefined;
}

/** Whether a task can be learned as it stands. */
export function isReady(folder: string, task: TaskParts): boolean {
  return preparedIn(folder, task) !== undefined && existsSync(join(datasetFolder(folder, task), 'manifest.json'));
}

/**
 * Makes tasks ready: the expert learns, random play and the expert are measured, the expert's episodes
 * are recorded. What was begun is done anew, with the same outcome, as all of it follows from the scenario's seed.
 * Returns whether all are ready: false where it was interrupted.
 */
export async function* prepareTasks(preparation: Preparation): AsyncGenerator<Happening, boolean> {
  const { scenario, folder, step, resumed, signal } = preparation;
  const { name, seed, steps } = scenario;
  const tasks = preparation.tasks.map((task) => task.name);
  yield { kind: 'preparing', scenario: name, seed, folder, step, steps, tasks, resumed };
  for (const task of preparation.tasks) {
    const prepared = signal.aborted ? undefined : yield* prepare(preparation, task);
    if (prepared === undefined) return false;
    yield { kind: 'prepared', step, prepared: withoutManifest(prepared) };
    if (prepared.expert !== null && prepared.random !== null && prepared.expert < prepared.random) {
      const message = `task "${task.name}": the expert plays worse than chance (${prepared.expert} < ${prepared.random})`;
      yield { kind: 'warning', message };
    }
  }
  return true;
}

export function withoutManifest({ manifest: _, ...prepared }: PreparedTask): Prepared {
  return prepared;
}

async function* prepare(
  preparation: Preparation,
  task: TaskParts,
): AsyncGenerator<Happening, PreparedTask | undefined> {
  const { scenario, folder, clock, disk, signal, createTraining } = preparation;
  const began = clock.seconds();
  const expert = await createExpert(scenario, task, createTraining);
  try {
    if (expert !== undefined) yield* learn(preparation, task, expert);
    const measured = await measure(preparation, task, expert);
    const manifest = expert === undefined ? task.manifest! : await record(preparation, task, expert);
    const returns = task.make === null ? measured : scaleOf(task.name, measured, manifest);
    const { episodes, steps } = manifest;
    const seconds = clock.seconds() - began;
    const prepared: PreparedTask = { task: task.name, ...returns, episodes, steps, seconds, manifest };
    onDisk(folder, () => mkdirSync(join(folder, DATASETS), { recursive: true }));
    replaceFile(fileOf(folder, task.name), `${JSON.stringify(prepared, null, 2)}\n`, disk);
    return prepared;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined;
    throw error;
  } finally {
    await expert?.close();
  }
}

async function* learn(
  { step, clock, signal }: Preparation,
  { name, choice }: TaskParts,
  expert: Training,
): AsyncGenerator<Happening> {
  const toLearn = choice.expert?.steps ?? null;
  if (toLearn === null || expert.parameterCount === 0) return;
  while (expert.step < toLearn) {
    signal.throwIfAborted();
    const before = expert.step;
    const clocked = clock.seconds();
    const { step: learned, metrics } = await expert.advance();
    const seconds = clock.seconds() - clocked;
    const stepsPerSecond = seconds > 0 ? (learned - before) / seconds : 0;
    yield { kind: 'expert', step, task: name, learned, toLearn, metrics, stepsPerSecond };
    await breath(); // lets signals in
  }
}

type Returns = Pick<Prepared, 'random' | 'expert'>;

/** Mean returns in the evaluation's episodes; an expert's is null where there is only a dataset of it. */
async function measure(
  { scenario, signal }: Preparation,
  { makeEvaluation, choice }: TaskParts,
  expert: Training | undefined,
): Promise<Returns> {
  if (makeEvaluation === null) return { random: null, expert: null };
  const { evaluatePlayer, randomPlayer } = await import('../agents/index.ts');
  const { seed } = scenario.evaluation;
  const episodes = choice.evaluation.episodes ?? scenario.evaluation.episodes;
  const play = async (player: PlayerFactory): Promise<number> => {
    const evaluation = await evaluatePlayer(makeEvaluation, episodes, seed, interruptible(player, signal));
    return evaluation.return.mean;
  };
  const noise = stream(seed, 'evaluation/noise');
  const random = await play((collector) => randomPlayer(collector, () => noise));
  if (expert === undefined) return { random, expert: null };
  return { random, expert: await play(playerOf(expert, choice.expert!.drawn, seed)) };
}

function playerOf(expert: Training, drawn: boolean, seed: number): PlayerFactory {
  const noise = stream(seed, 'evaluation/noise');
  return (collector) => expert.player!(collector, { deterministic: !drawn, noise });
}

/** The player, until there is a signal: then it throws the signal's reason. */
function interruptible(factory: PlayerFactory, signal: AbortSignal): PlayerFactory {
  return (collector) => {
    const player = factory(collector);
    return {
      act(t) {
        signal.throwIfAborted();
        player.act(t);
      },
      observed: (t) => player.observed?.(t),
    };
  };
}

async function record(preparation: Preparation, task: TaskParts, expert: Training): Promise<DatasetManifest> {
  const { scenario, folder, signal } = preparation;
  const { name, choice, make } = task;
  const place = join(folder, DATASETS, name);
  onDisk(place, () => {
    rmSync(place, { recursive: true, force: true }); // what an interrupted recording left
    mkdirSync(join(folder, DATASETS), { recursive: true });
  });
  const { recordEpisodes } = await import('../agents/index.ts');
  const seed = seedFor(scenario, `${name}/episodes`);
  const { drawn, learner, steps } = choice.expert!;
  return recordEpisodes({
    make: make!,
    createPlayer: interruptible(playerOf(expert, drawn, seed), signal),
    episodes: choice.episodes,
    seed,
    copies: RECORDED_SIDE_BY_SIDE,
    noise: choice.noise,
    folder: place,
    environment: choice.environment as unknown as JsonObject,
    policy: { learner, steps, drawn } as unknown as JsonObject,
  });
}

/** Scores are shares of the expert's gain over chance: there has to be one. */
function scaleOf(task: string, measured: Returns, manifest: DatasetManifest): Returns {
  const { random } = measured;
  const expert = measured.expert ?? manifest.return?.mean ?? null;
  if (expert !== null && expert !== random) return { random, expert };
  const problem =
    expert === null ? 'the dataset has no returns to score against' : 'the expert plays exactly as well as chance';
  throw new LightbulbError('invalid_input', `task "${task}": ${problem}`, {
    ...(expert === null ? {} : { got: `a mean return of ${expert} for both` }),
    cure: expert === null ? 'Leave out its "environment": then it is learned, and not played' : 'Name another expert',
  });
}

function fileOf(folder: string, task: string): string {
  return join(folder, DATASETS, `${task}.json`);
}
