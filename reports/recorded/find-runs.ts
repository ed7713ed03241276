import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import type { Plan, ScoreRange } from '../../scenarios/index.ts';

/** A run's folder, and its job where it belongs to a batch. */
export interface FoundRun {
  readonly folder: string;
  readonly key: string;
  readonly job: Plan['jobs'][number] | null;
  /** Why its batch counts it as failed: an error's code, `time_limit`, `memory_limit`, `killed`; null where it does not. */
  readonly failure: string | null;
}

export interface Found {
  readonly runs: readonly FoundRun[];
  /** Folders of batches, in the order in which they were found. */
  readonly batches: readonly string[];
  readonly plans: readonly Plan[];
  readonly scores: Readonly<Record<string, ScoreRange>>;
  readonly warnings: readonly string[];
}

/** How deep below a path runs are looked for. */
const DEPTH = 4;

/**
 * The runs at `paths`: run folders, batch folders, or folders with such somewhere below. A run that is named twice is
 * found once. `invalid_input` where a path is not there or nothing at all is found.
 */
export function findRuns(paths: readonly string[]): Found {
  const search = new Search();
  for (const path of paths) {
    if (!existsSync(path) || !statSync(path).isDirectory()) {
      throw new LightbulbError('invalid_input', existsSync(path) ? 'not a folder' : 'there is no such folder', {
        where: path,
        wanted: WANTED,
      });
    }
    search.look(path, DEPTH);
  }
  if (search.runs.size === 0) {
    throw new LightbulbError('invalid_input', 'there are no runs', {
      where: paths.join(', '),
      wanted: WANTED,
      got: search.warnings.length > 0 ? search.warnings.slice(0, 3).join('; ') : 'neither, nor below',
    });
  }
  return { ...search, runs: [...search.runs.values()] };
}

const WANTED =
  'the folder of a run (scenario.json, events.jsonl), of a batch (plan.json, runs/), or one that holds them';

class Search {
  readonly runs = new Map<string, FoundRun>();
  readonly batches: string[] = [];
  readonly plans: Plan[] = [];
  scores: Readonly<Record<string, ScoreRange>> = {};
  readonly warnings: string[] = [];

  look(folder: string, depth: number): void {
    if (isRun(folder)) this.add({ folder, key: basename(folder), job: null, failure: null });
    else if (existsSync(join(folder, 'plan.json'))) this.batch(folder);
    else if (depth > 0) for (const below of foldersIn(folder)) this.look(below, depth - 1);
  }

  private batch(folder: string): void {
    if (this.batches.some((other) => realpathSync(other) === realpathSync(folder))) return;
    const plan = this.planOf(join(folder, 'plan.json'));
    const found = foldersIn(join(folder, 'runs'));
    this.batches.push(folder);
    if (plan !== undefined) {
      this.plans.push(plan);
      this.scores = { ...plan.scores, ...this.scores };
    }
    const failures = failuresIn(join(folder, 'results.json'));
    const missing = new Set(plan?.jobs.map(({ key }) => key));
    const jobs = new Map(plan?.jobs.map((job) => [job.key, job]));
    const place = new Map(plan?.jobs.map(({ key }, i) => [key, i]));
    const order = (path: string) => place.get(basename(path)) ?? Number.POSITIVE_INFINITY;
    for (const below of found.sort((a, b) => order(a) - order(b) || 0)) {
      const key = basename(below);
      if (!isRun(below)) continue;
      this.add({ folder: below, key, job: jobs.get(key) ?? null, failure: failures.get(key) ?? null });
      missing.delete(key);
    }
    if (plan !== undefined && missing.size > 0) {
      this.warnings.push(`${missing.size} of ${plan.jobs.length} planned runs have not begun: ${someOf([...missing])}`);
    }
  }

  private planOf(file: string): Plan | undefined {
    try {
      const plan = JSON.parse(readFileSync(file, 'utf8')) as Partial<Plan> | null;
      if (!Array.isArray(plan?.jobs) || !plan.jobs.every((job) => isJob(job))) throw new Error('it lists no jobs');
      const { experiment = '', description = '', scores = {}, jobs } = plan;
      return { experiment, description, scores, jobs };
    } catch (error) {
      this.warnings.push(`${file} cannot be read, so its runs go by their own names: ${(error as Error).message}`);
      return undefined;
    }
  }

  private add(run: FoundRun): void {
    const path = realpathSync(run.folder);
    const before = this.runs.get(path);
    if (before === undefined || (before.job === null && run.job !== null)) this.runs.set(path, run);
  }
}

/** The first few names, and how many more there are. */
export function someOf(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

/** A folder with a scenario and anything that a run leaves; or with what a run leaves and no scenario any more. */
function isRun(folder: string): boolean {
  return existsSync(join(folder, 'events.jsonl')) || existsSync(join(folder, 'metrics.jsonl'));
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => join(folder, name))
      .filter((path) => existsSync(path) && statSync(path).isDirectory())
      .sort();
  } catch {
    return []; // not ours to read, or gone
  }
}

/** The runs that a batch counts as failed, and why. A batch that still runs has no results yet. */
function failuresIn(file: string): Map<string, string> {
  try {
    const results: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const failed = (Array.isArray(results) ? results : []).filter((result) => result?.state === 'failed');
    return new Map(failed.map(({ key, code }) => [String(key), String(code)]));
  } catch {
    return new Map();
  }
}

function isJob(job: unknown): boolean {
  if (typeof job !== 'object' || job === null) return false;
  const { key, arm, seed } = job as Record<string, unknown>;
  return typeof key === 'string' && typeof arm === 'string' && typeof seed === 'number';
}
