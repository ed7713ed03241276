import type { Training, TrainingSpec } from '../agents/index.ts';
import { type JsonObject, LightbulbError, stream } from '../core/index.ts';
import { type BatchedEnvironment, builtin, loadEnvironment, type ScriptedPolicy } from '../worlds/index.ts';
import { buildGame } from './build-game.ts';
import { buildTeam, type Company } from './build-team.ts';
import { type LevelExam, levelExam, notPlayed } from './level-exam.ts';
import { placeIn } from './load.ts';
import type { EnvironmentIdentity, EnvironmentScenario, Scenario } from './schema.ts';
import { withLevels } from './with-levels.ts';

/** Makes a training, as agents' `createTraining` does; tests put others here. */
export type CreateTraining = (spec: TrainingSpec) => Promise<Training>;

/** Makes copies of an environment that step side by side. */
export type MakeEnvironment = (copies: number) => BatchedEnvironment;

/** The training in one environment that a scenario describes. What is wrong in it names its place in the file. */
export async function build(
  scenario: EnvironmentScenario,
  createTraining: CreateTraining = createDefault,
  company?: Company,
): Promise<Training> {
  const { seed, steps, environment, learner, executor, device, threads } = scenario;
  const make = await environmentOf(scenario, environment, '/environment');
  const isEvaluatedElsewhere = Object.keys(scenario.evaluation.options).length > 0;
  const makeForEvaluation = isEvaluatedElsewhere ? await evaluationEnvironmentOf(scenario) : undefined;
  const scripted = learner.name === 'scripted' ? controllerOf(scenario, environment, '/learner/name') : undefined;
  try {
    const exam = await examOf(scenario, make);
    const examined = (training: Training): Promise<Training> => taking(exam, training);
    const { copies } = environment;
    const common = { seed, steps, make, makeForEvaluation, copies, executor, device, threads };
    if (learner.name === 'shared') {
      if (scenario.curriculum !== null) throw ignored(learner.name);
      return await examined(await buildTeam(scenario, { ...common, learner }, company));
    }
    if (learner.name === 'game') {
      if (scenario.curriculum !== null) throw ignored(learner.name);
      return await examined(await buildGame({ ...common, learner }));
    }
    return await examined(await createTraining({ ...common, scripted, learner, ...(await levelsOf(scenario, make)) }));
  } catch (error) {
    throw placed(error, scenario);
  }
}

/** The levels that evaluations play besides, where the scenario names some. */
async function examOf(scenario: EnvironmentScenario, make: MakeEnvironment): Promise<LevelExam | undefined> {
  const { levels } = scenario.evaluation;
  if (levels === null) return undefined;
  const makeLevels = await levelsEnvironmentOf(scenario, make, levels.options, '/evaluation/levels/options');
  const { set: words, episodes, solved } = levels;
  return levelExam(makeLevels, { words, episodes, solved: solved ?? undefined }, '/evaluation/levels/set');
}

async function taking(exam: LevelExam | undefined, training: Training): Promise<Training> {
  if (exam === undefined) return training;
  if (training.player !== undefined) return withLevels(training, exam);
  await training.close();
  throw notPlayed('/evaluation/levels');
}

function ignored(learner: string): LightbulbError {
  return new LightbulbError('unsupported', `the learner "${learner}" takes no levels from a curriculum`, {
    where: '/curriculum',
    cure: 'Set it to null',
  });
}

/**
 * The scenario's curriculum over the levels of its environment, made for one training; nothing where it has none. Curricula
 * are loaded late, as what trains is: some have learners of their own.
 */
async function levelsOf(
  { seed, curriculum }: EnvironmentScenario,
  make: MakeEnvironment,
): Promise<Pick<TrainingSpec, 'curriculum' | 'rounds'>> {
  if (curriculum === null) return {};
  const { createCurriculum, createLevelFeed, createLevelRounds, playsRounds } = await import('../curricula/index.ts');
  const probe = make(1);
  const { levels } = probe;
  probe.close?.();
  const random = stream(seed, 'curriculum');
  if (levels !== undefined) {
    if (playsRounds(curriculum)) {
      return { rounds: (learners) => createLevelRounds(curriculum, levels, random, learners) };
    }
    return { curriculum: createLevelFeed(createCurriculum(curriculum), levels, random) };
  }
  throw new LightbulbError('unsupported', 'this environment has no levels for a curriculum', {
    where: '/curriculum',
    cure: 'Leave "curriculum" out, or declare levels in the environment',
  });
}

/**
 * An environment that a scenario names, at the JSON pointer `at`. A module is loaded here, once; options are checked by
 * making a copy.
 */
export async function environmentOf(
  scenario: Scenario,
  environment: EnvironmentIdentity,
  at: string,
): Promise<MakeEnvironment> {
  if ('module' in environment) return (await loadEnvironment(environment.module, environment.options)).make;
  const { name, options } = environment;
  const make = (copies: number) => builtin(name).make(copies, options);
  try {
    make(1).close?.();
  } catch (error) {
    throw placed(error, scenario, { at: `${at}/options` });
  }
  return make;
}

/** What evaluations play in. */
export async function evaluationEnvironmentOf(scenario: EnvironmentScenario): Promise<MakeEnvironment> {
  const { environment, evaluation } = scenario;
  const options = { ...environment.options, ...evaluation.options };
  return environmentOf(scenario, { ...environment, options }, '/evaluation');
}

/**
 * What chosen levels are played in: as evaluations, with `options` over theirs. The agents' spaces must be those that
 * training has, in copies by `make`; else error `mismatch`, `at` the options.
 */
export async function levelsEnvironmentOf(
  scenario: EnvironmentScenario,
  make: MakeEnvironment,
  options: JsonObject,
  at: string,
): Promise<MakeEnvironment> {
  const { environment, evaluation } = scenario;
  const all = { ...environment.options, ...evaluation.options, ...options };
  const makeLevels = await environmentOf(scenario, { ...environment, options: all }, at);
  const { requireSameGroups } = await import('../agents/index.ts');
  try {
    requireSameGroups(make, makeLevels);
  } catch (error) {
    throw placed(error, scenario, { at });
  }
  return makeLevels;
}

/** The environment's own controller, where it comes with one. `at`: what asked for it. */
export function controllerOf(
  scenario: Scenario,
  environment: EnvironmentIdentity,
  at: string,
): ScriptedPolicy | undefined {
  if ('module' in environment) return undefined;
  try {
    return builtin(environment.name).scripted(environment.options);
  } catch (error) {
    throw placed(error, scenario, { at });
  }
}

/**
 * The error with its place in the scenario's file, where it names one by JSON pointer (in the part of the scenario at
 * `under`) or the caller knows it (`at`).
 */
export function placed(
  error: unknown,
  scenario: Scenario,
  { at, under = '' }: { readonly at?: string; readonly under?: string } = {},
): unknown {
  if (!(error instanceof LightbulbError) || !error.isInput) return error;
  const { where } = error.parts;
  const pointer = at ?? (where?.startsWith('/') ? `${under}${where}` : undefined);
  if (pointer === undefined) return error;
  const problem =
    where !== undefined && error.message.startsWith(where) ? error.message.slice(where.length + 2) : error.message;
  return new LightbulbError(error.code, problem, { where: placeIn(scenario, pointer), cause: error });
}

/** Loaded late: the engine behind it is big, and not everything that reads scenarios trains. */
export async function createDefault(spec: TrainingSpec): Promise<Training> {
  const { createTraining } = await import('../agents/index.ts');
  return createTraining(spec);
}
