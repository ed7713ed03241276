import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LightbulbError, suggest } from '../core/index.ts';
import { environmentNames } from '../worlds/index.ts';
import type { EnvironmentIdentity, Scenario, TaskChoice } from './schema.ts';
import type { Path, Source } from './source.ts';

/** Learners that ask a curriculum for their levels. */
const TAKE_LEVELS: readonly string[] = ['ppo', 'tabular', 'dreamer'];
/** Curricula that follow an error of the world model, and the learners that tell it; with others they would do nothing. */
const TOLD_BY: Readonly<Record<string, readonly string[]>> = {
  'waker-m': ['tabular', 'dreamer'],
  'waker-r': ['tabular', 'dreamer'],
  'true-error': ['tabular'],
};

type Parts = Pick<Scenario, 'environment' | 'tasks' | 'learner' | 'curriculum' | 'mas' | 'steps' | 'evaluation'>;

/** What a schema cannot see: parts that do not go together, names of nothing, files that are not there. */
export function wrongParts(
  source: Source,
  { environment, tasks, learner, curriculum, mas, steps, evaluation }: Parts,
): LightbulbError[] {
  const wrong = (path: Path, problem: string, parts: { wanted?: string; got?: string; cure?: string } = {}) =>
    new LightbulbError('invalid_input', problem, { where: source.where(path), ...parts });
  if (environment !== null && tasks !== null) {
    return [wrong(['tasks'], 'a scenario has an environment or tasks, not both', { cure: 'Leave one of them out' })];
  }
  if (learner.name !== 'shared' && mas.bus !== 'memory:') {
    return [wrong(['mas'], 'only the learner "shared" talks over a bus', { got: JSON.stringify(learner.name) })];
  }
  if (curriculum !== null && !TAKE_LEVELS.includes(learner.name)) {
    const wanted = `a learner that takes levels: ${TAKE_LEVELS.join(', ')}`;
    return [wrong(['curriculum'], 'this learner takes no curriculum', { wanted, got: JSON.stringify(learner.name) })];
  }
  const tellers = curriculum === null ? undefined : TOLD_BY[curriculum.name];
  if (tellers !== undefined && !tellers.includes(learner.name)) {
    const problem = `"${curriculum!.name}" follows an error that this learner does not tell`;
    const wanted = `the learner ${tellers.join(' or ')}`;
    return [wrong(['curriculum', 'name'], problem, { wanted, got: JSON.stringify(learner.name) })];
  }
  if (tasks !== null && Object.keys(evaluation.options).length > 0) {
    const cure = 'Write them into the "evaluation" of the task that they are for';
    return [wrong(['evaluation', 'options'], 'each task has options of its own', { cure })];
  }
  if (tasks !== null && evaluation.levels !== null) {
    return [wrong(['evaluation', 'levels'], 'tasks are not evaluated on levels', { cure: 'Leave it out' })];
  }
  if (tasks === null) {
    if (learner.name === 'gato') {
      return [wrong(['learner', 'name'], '"gato" learns tasks', { cure: 'Give "tasks" in place of "environment"' })];
    }
    if (environment !== null) return wrongEnvironment(source, environment, ['environment']);
    return [wrong([], '"environment" is missing', { wanted: 'an environment, or tasks for the learner "gato"' })];
  }
  if (learner.name !== 'gato') {
    return [
      wrong(['learner', 'name'], 'tasks are learned by the learner "gato"', {
        got: JSON.stringify(learner.name),
        cure: 'Write "learner": { "name": "gato" }',
      }),
    ];
  }
  const mistakes = Object.entries(tasks).flatMap(([name, task]) => wrongTask(source, ['tasks', name], task));
  const { text } = learner.tokens;
  if (text !== 'bytes' && 'file' in text) {
    mistakes.push(...missingFile(source, ['learner', 'tokens', 'text', 'file'], text.file));
  }
  if (learner.reinforcement !== null) {
    const { task, after } = learner.reinforcement;
    const played = Object.keys(tasks).filter((name) => tasks[name]!.environment !== null);
    const at: Path = ['learner', 'reinforcement'];
    if (!played.includes(task)) {
      mistakes.push(wrong([...at, 'task'], `no task "${task}" is played`, { cure: suggest(task, played) }));
    }
    if (after >= steps) {
      const wanted = `fewer than the ${steps} updates in all`;
      mistakes.push(wrong([...at, 'after'], 'no update is left to reinforce in', { wanted, got: String(after) }));
    }
  }
  return mistakes;
}

function wrongTask(source: Source, at: Path, task: TaskChoice): LightbulbError[] {
  const { environment, expert, dataset, evaluation } = task;
  const wrong = (path: Path, problem: string, parts: { wanted?: string; cure?: string } = {}) =>
    new LightbulbError('invalid_input', problem, { where: source.where([...at, ...path]), ...parts });
  const mistakes: LightbulbError[] = [];
  if (expert === null && dataset === null) {
    mistakes.push(
      wrong([], '"expert" is missing', { wanted: 'an expert to record, or a dataset that is there already' }),
    );
  }
  if (expert !== null && dataset !== null) {
    mistakes.push(wrong(['dataset'], 'a task has an expert or a dataset, not both', { cure: 'Leave one of them out' }));
  }
  if (expert !== null) {
    const { learner, steps } = expert;
    if (environment === null)
      mistakes.push(wrong([], '"environment" is missing', { wanted: 'what the expert plays in' }));
    if (steps === null && learner.name !== 'random' && learner.name !== 'scripted') {
      const wanted = `how many environment steps "${learner.name}" learns for`;
      mistakes.push(wrong(['expert'], '"steps" is missing', { wanted }));
    }
  }
  if (environment !== null) mistakes.push(...wrongEnvironment(source, environment, [...at, 'environment']));
  else if (Object.keys(evaluation.options).length > 0) {
    mistakes.push(wrong(['evaluation', 'options'], 'a task without an environment is not played'));
  }
  if (dataset !== null) {
    mistakes.push(
      ...missingFile(source, [...at, 'dataset'], join(dataset, 'manifest.json'), 'the folder of a dataset'),
    );
  }
  return mistakes;
}

/** A name that no built-in has, a module that is not there. */
function wrongEnvironment(source: Source, environment: EnvironmentIdentity, at: Path): LightbulbError[] {
  if ('module' in environment) {
    const path = resolve(dirname(source.file), environment.module);
    if (existsSync(path)) return [];
    return [
      new LightbulbError('missing_module', `there is no module "${environment.module}"`, {
        where: source.where([...at, 'module']),
        wanted: `a file at ${path}`,
        ...elsewhere(environment.module),
      }),
    ];
  }
  if (environmentNames.includes(environment.name)) return [];
  return [
    new LightbulbError('invalid_input', `there is no built-in environment "${environment.name}"`, {
      where: source.where([...at, 'name']),
      cure: suggest(environment.name, environmentNames),
    }),
  ];
}

function missingFile(source: Source, at: Path, file: string, what = 'a file'): LightbulbError[] {
  const path = resolve(dirname(source.file), file);
  if (existsSync(path)) return [];
  return [
    new LightbulbError('invalid_input', what === 'a file' ? 'there is no such file' : `this is not ${what}`, {
      where: source.where(at),
      wanted: `a file at ${path}`,
      ...elsewhere(file),
    }),
  ];
}

/** The cure where a path would have been right from the working directory. */
function elsewhere(path: string): { readonly cure?: string } {
  if (!existsSync(resolve(path))) return {};
  return { cure: "Paths are relative to the scenario's folder, not to where the command runs" };
}
