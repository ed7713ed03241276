import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Json, LightbulbError, suggest } from '../../core/index.ts';
import { playsTasks } from '../kinds.ts';
import { scenarioOfSource } from '../load.ts';
import { mistakesIn, mistakesOf, report } from '../mistakes.ts';
import { type Override, override } from '../overrides.ts';
import { presetFile, presetNames } from '../presets.ts';
import type { Scenario } from '../schema.ts';
import { schemaCheck } from '../schema-check.ts';
import { type Path, pathOf, pointer, readSource, type Source } from '../source.ts';
import type { Experiment, Job } from './experiment.ts';
import type { ExperimentFile } from './experiment-schema.ts';
import { pointName } from './key.ts';
import { gridPoints, type Point, randomPoints } from './search.ts';

type Filled = Required<Omit<ExperimentFile, '$schema' | 'search'>> &
  Pick<ExperimentFile, 'search'> & { readonly limits: Experiment['limits'] };

const experimentCheck = schemaCheck<Filled>(new URL('../experiment.schema.json', import.meta.url));

export interface ExperimentOverrides {
  /** Over the base scenario; arms and search come after it. */
  readonly base?: readonly Override[];
  /** Over every run, whatever the file says. */
  readonly all?: readonly Override[];
}

/** What a combination of an arm and a search point sets. */
interface Variant {
  readonly arm: string;
  readonly name: string;
  readonly overrides: readonly Override[];
  readonly settings: Readonly<Record<string, Json>>;
}

/**
 * Reads an experiment file and expands it: arms times search points times seeds, each resolved to a whole scenario
 * and checked as `loadScenario` does. Throws one `LightbulbError` that lists every mistake with its place; one that an
 * arm or a search value makes stands at its line, and names the arm.
 */
export function loadExperiment(file: string, overrides: ExperimentOverrides = {}): Experiment {
  const source = readSource(file);
  const filled = structuredClone(source.value);
  const check = experimentCheck();
  if (!check(filled)) throw report(file, mistakesIn(source, check.errors ?? [], 'the experiment'));
  const mistakes = [...wrongArms(source, filled), ...wrongSearch(source, filled)];
  if (mistakes.length > 0) throw report(file, mistakes);

  const base = override(baseOf(source, filled.scenario), overrides.base ?? []);
  const { threads } = filled;
  const forAll: Override[] =
    threads === null ? [] : [{ path: ['threads'], value: threads, from: source.where(['threads']) }];
  const variants = variantsOf(source, filled);
  const scenarios = resolveAll(file, base, forAll, variants, overrides.all ?? []);
  const jobs = variants.flatMap((variant, i) =>
    seedsOf(filled).map((seed): Job => {
      const key = `${variant.name}-s${seed}`;
      return { key, arm: variant.arm, settings: variant.settings, seed, scenario: scenarios[i]!(seed) };
    }),
  );
  mustBeUnique(source, jobs);
  mustBePlayed(source, filled, jobs);
  const { name, description, parallel, retries, limits, scores } = filled;
  return { name, description, jobs, parallel, retries, limits, scores };
}

/** The base scenario with its places: in a file of its own, or in the experiment's. */
function baseOf(source: Source, scenario: ExperimentFile['scenario']): Source {
  if (typeof scenario !== 'string') {
    const value = (source.value as { scenario: unknown }).scenario;
    return { file: source.file, value, where: (path) => source.where(['scenario', ...path]) };
  }
  const path = resolve(dirname(source.file), scenario);
  if (existsSync(path) && statSync(path).isFile()) return readSource(path);
  const names = presetNames();
  if (names.includes(scenario)) return readSource(presetFile(scenario));
  throw new LightbulbError('invalid_input', `there is no scenario "${scenario}"`, {
    where: source.where(['scenario']),
    wanted: `a file (${path}), or the name of a scenario that comes with lightbulb`,
    cure: suggest(scenario, names),
  });
}

function seedsOf({ seeds }: Filled): readonly number[] {
  return 'from' in seeds ? Array.from({ length: seeds.count }, (_, i) => seeds.from + i) : seeds;
}

/** Every arm with every point of the search, in the order of the file. */
function variantsOf(source: Source, { arms, search }: Filled): Variant[] {
  const points: Point[] = search?.grid
    ? gridPoints(search.grid)
    : search?.random
      ? randomPoints(search.random)
      : [{ values: {}, places: {} }];
  return Object.entries(arms).flatMap(([arm, set]) =>
    points.map((point) => {
      const ofArm = Object.entries(set).map(([path, value]) => setting(source, path, value, ['arms', arm, path]));
      const ofPoint = Object.entries(point.values).map(([path, value]) =>
        setting(source, path, value, ['search', ...point.places[path]!]),
      );
      const name = pointName(
        point,
        ofPoint.map(({ path }) => pointer(path)),
      );
      const given = [...Object.entries(set), ...Object.entries(point.values)];
      return {
        arm,
        name: ofPoint.length === 0 ? arm : `${arm}-${name}`,
        overrides: [...ofArm, ...ofPoint],
        settings: Object.fromEntries(given.map(([path, value]) => [pointer(pathOfSetting(path)), value])),
      };
    }),
  );
}

function setting(source: Source, path: string, value: Json, place: Path): Override {
  const set = pathOfSetting(path);
  return { path: set, value: fromHere(source, set, value), from: source.where(place) };
}

/** As `--set` spells paths: `/learner/clip` or `learner.clip`. */
function pathOfSetting(text: string): Path {
  return text.startsWith('/') ? pathOf(text) : text.split('.');
}

/** Files that the experiment file names lie beside it, wherever the base scenario lies. */
function fromHere(source: Source, path: Path, value: Json): Json {
  const absolute = (file: Json): Json => (typeof file === 'string' ? resolve(dirname(source.file), file) : file);
  const at = pointer(path);
  if (FILES.some((file) => file.test(at))) return absolute(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fromHere(source, [...path, key], part)]));
}

/** Where in a scenario paths of files stand. */
const FILES = [
  /^\/environment\/module$/,
  /^\/tasks\/[^/]+\/(dataset|environment\/module)$/,
  /^\/learner\/tokens\/text\/file$/,
];

/** A scenario by seed for each variant; the mistakes of all of them at once. */
function resolveAll(
  file: string,
  base: Source,
  forAll: readonly Override[],
  variants: readonly Variant[],
  last: readonly Override[],
): ((seed: number) => Scenario)[] {
  const wrong = new Map<string, { readonly error: LightbulbError; readonly arms: Set<string> }>();
  const made = variants.map(({ arm, overrides }) => {
    const make = (seed: number): Scenario =>
      scenarioOfSource(
        override(base, [...forAll, ...overrides, ...last, { path: ['seed'], value: seed, from: '/seeds' }]),
      );
    try {
      make(1);
    } catch (error) {
      if (!(error instanceof LightbulbError)) throw error;
      for (const each of mistakesOf(error)) {
        const known = wrong.get(each.message) ?? { error: each, arms: new Set() };
        wrong.set(each.message, { ...known, arms: known.arms.add(arm) });
      }
    }
    return make;
  });
  const arms = new Set(variants.map(({ arm }) => arm)).size;
  const mistakes = [...wrong.values()].map(({ error, arms: of }) => (of.size < arms ? inArm([...of], error) : error));
  if (mistakes.length > 0) throw report(file, mistakes);
  return made;
}

function inArm(arms: readonly string[], error: LightbulbError): LightbulbError {
  const names = arms.map((arm) => `"${arm}"`).join(', ');
  return new LightbulbError(error.code, error.message, { where: `arm ${names}`, cause: error });
}

function wrongArms(source: Source, { arms }: Filled): LightbulbError[] {
  return Object.entries(arms).flatMap(([arm, set]) => {
    const name = /^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/.test(arm)
      ? []
      : [
          new LightbulbError('invalid_input', `an arm cannot be called "${arm}"`, {
            where: source.where(['arms', arm]),
            wanted: 'up to 60 letters, digits, dots, dashes and underscores, a letter or digit first',
          }),
        ];
    return [...name, ...Object.keys(set).flatMap((path) => wrongPath(source, path, ['arms', arm, path]))];
  });
}

function wrongSearch(source: Source, { search }: Filled): LightbulbError[] {
  if (search === undefined) return [];
  const { grid, random } = search;
  if ((grid === undefined) === (random === undefined)) {
    const problem = grid === undefined ? 'a search needs "grid" or "random"' : 'give either "grid" or "random"';
    return [new LightbulbError('invalid_input', problem, { where: source.where(['search']) })];
  }
  const [place, over]: [Path, Readonly<Record<string, unknown>>] =
    grid !== undefined ? [['search', 'grid'], grid] : [['search', 'random', 'over'], random!.over];
  const ranges = Object.entries(random?.over ?? {}).flatMap(([path, draw]) => {
    if ('choices' in draw) return [];
    const wanted = [
      draw.low > draw.high ? 'low <= high' : '',
      draw.scale === 'log' && draw.low <= 0 ? 'low > 0 on a logarithmic scale' : '',
      draw.integer && !(Number.isSafeInteger(draw.low) && Number.isSafeInteger(draw.high)) ? 'whole numbers' : '',
    ].find((each) => each !== '');
    if (wanted === undefined) return [];
    const got = `${draw.low} to ${draw.high}`;
    return [new LightbulbError('invalid_input', 'not a range', { where: source.where([...place, path]), wanted, got })];
  });
  return [...Object.keys(over).flatMap((path) => wrongPath(source, path, [...place, path])), ...ranges];
}

function wrongPath(source: Source, path: string, place: Path): LightbulbError[] {
  const set = pathOfSetting(path);
  const where = source.where(place);
  if (set.length === 0 || set.some((key) => key === '')) {
    return [
      new LightbulbError('invalid_input', `"${path}" is not a path`, { where, wanted: 'for example "/learner/clip"' }),
    ];
  }
  if (set[0] === 'seed') {
    return [new LightbulbError('invalid_input', 'seeds are not set one by one', { where, cure: 'See "seeds"' })];
  }
  return [];
}

/** Folders are named after keys, also where large and small letters are the same. */
function mustBeUnique(source: Source, jobs: readonly Job[]): void {
  const seen = new Set<string>();
  for (const { key, arm } of jobs) {
    const name = key.toLowerCase();
    if (seen.has(name)) {
      throw new LightbulbError('invalid_input', `two runs would be called "${key}"`, {
        where: source.where(['arms', arm]),
        cure: 'Does an arm or a value of the search stand there twice?',
      });
    }
    seen.add(name);
  }
}

/** Scores are about tasks that are played; tasks of people's own modules may be called anything. */
function mustBePlayed(source: Source, { scores }: Filled, jobs: readonly Job[]): void {
  const scenarios = jobs.map(({ scenario }) => scenario);
  const environments = scenarios.flatMap(({ environment }) => environment ?? []);
  const names = [
    ...new Set([
      ...environments.flatMap((each) => ('name' in each ? [each.name] : [])),
      ...scenarios.filter(playsTasks).map(({ name }) => name),
    ]),
  ];
  for (const [task, { low, high }] of Object.entries(scores)) {
    const where = source.where(['scores', task]);
    if (low === high) throw new LightbulbError('invalid_input', 'the return that counts as 0 is that of 1', { where });
    if (names.includes(task) || environments.some((each) => 'module' in each)) continue;
    throw new LightbulbError('unknown_key', `no run plays "${task}"`, { where, cure: suggest(task, names) });
  }
}
