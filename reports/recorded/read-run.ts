import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { JsonObject } from '../../core/index.ts';
import { holderOf, type LevelsEvaluation, type MachineFacts, machinesOf, type Summary } from '../../scenarios/index.ts';
import { readEvents, type Told } from './events-file.ts';
import type { FoundRun } from './find-runs.ts';
import { readLevels } from './levels-files.ts';
import type { LinesRead } from './lines.ts';
import { readMetrics } from './metrics-file.ts';
import { GrowingSeries, type Series } from './series.ts';

/** A run as its folder tells it. */
export interface RecordedRun {
  readonly folder: string;
  readonly key: string;
  /** The job's arm, or the scenario's name. */
  readonly arm: string;
  /** The environment's name; of one's own environment, its file's; of several tasks, the scenario's. */
  readonly task: string;
  readonly seed: number;
  /** As `scenario.json` has it. */
  readonly scenario: JsonObject;
  readonly state: 'finished' | 'interrupted' | 'running' | 'failed';
  /** Why it failed or stopped. */
  readonly message: string | null;
  readonly steps: number;
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /** Mean return of the final evaluation; null unless the run finished. */
  readonly final: number | null;
  /** Mean of the team's objective in it; null also where the environment has none of its own. */
  readonly team: number | null;
  /** Every number of `metrics.jsonl` by name, and `stepsPerSecond` of the events. */
  readonly series: ReadonlyMap<string, Series>;
  readonly machines: readonly MachineFacts[];
  /** Evaluations on chosen levels. */
  readonly levels: readonly LevelsEvaluation[];
}

/** A run, or null where its folder is too broken to say what it was; and what there is to say about reading it. */
export interface ReadRun {
  readonly run: RecordedRun | null;
  readonly warnings: readonly string[];
}

/** Reads everything of a run from its folder. Never throws for what is in the files. */
export async function readRun({ folder, key, job, failure }: FoundRun): Promise<ReadRun> {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(`${folder}: ${text}`);
  const scenario = jsonIn(join(folder, 'scenario.json'), warn);
  const task = scenario === undefined ? undefined : taskOf(scenario);
  const name = job?.arm ?? scenario?.name;
  const seed = job?.seed ?? scenario?.seed;
  if (scenario === undefined || task === undefined || typeof name !== 'string' || typeof seed !== 'number') {
    if (scenario !== undefined) warn('scenario.json says no name, seed or environment');
    return { run: null, warnings: [...warnings, `${folder} is left out`] };
  }
  const told = await eventsOf(folder, warn);
  const series = await metricsOf(folder, warn);
  if (told.stepsPerSecond.steps.length > 0) series.set('stepsPerSecond', told.stepsPerSecond);
  const summary = summaryOf(jsonIn(join(folder, 'summary.json'), warn, false));
  const { state, message } = asItsBatchSays(stateOf(folder, told, summary), failure);
  const isSummed = summary !== undefined && state === summary.state;
  const evaluation = isSummed && state === 'finished' ? summary.evaluation : null;
  const steps = isSummed ? summary.steps : told.steps;
  const seconds = isSummed ? summary.seconds : told.seconds;
  const run: RecordedRun = {
    folder,
    key,
    arm: name,
    task,
    seed,
    scenario,
    state,
    message,
    steps,
    seconds,
    stepsPerSecond: seconds > 0 ? steps / seconds : 0,
    final: numberOr(evaluation?.return?.mean),
    team: numberOr(evaluation?.team),
    series,
    machines: machinesOf(folder),
    levels: readLevels(folder, warn),
  };
  return { run, warnings };
}

async function eventsOf(folder: string, warn: (text: string) => void): Promise<Told> {
  const file = join(folder, 'events.jsonl');
  const none = { broken: [], endsInHalfALine: false };
  const nothing = {
    last: null,
    steps: 0,
    seconds: 0,
    stepsPerSecond: new GrowingSeries().series,
    warnings: [],
    lines: none,
  };
  try {
    const told = existsSync(file) ? await readEvents(file) : nothing;
    if (!existsSync(file)) warn('there is no events.jsonl');
    for (const message of told.warnings) warn(message);
    warnOfLines('events.jsonl', told.lines, warn);
    return told;
  } catch (error) {
    warn(`events.jsonl cannot be read: ${(error as Error).message}`);
    return nothing;
  }
}

async function metricsOf(folder: string, warn: (text: string) => void): Promise<Map<string, Series>> {
  const file = join(folder, 'metrics.jsonl');
  if (!existsSync(file)) {
    warn('there is no metrics.jsonl');
    return new Map();
  }
  try {
    const { series, lines } = await readMetrics(file);
    warnOfLines('metrics.jsonl', lines, warn);
    return series;
  } catch (error) {
    warn(`metrics.jsonl cannot be read: ${(error as Error).message}`);
    return new Map();
  }
}

function warnOfLines(file: string, { broken, endsInHalfALine }: LinesRead, warn: (text: string) => void): void {
  if (broken.length > 0) warn(`${broken.length} lines of ${file} cannot be read, the first is line ${broken[0]}`);
  if (endsInHalfALine) warn(`${file} ends in half a line, which is left out`);
}

/** What the last event says. A run that began and never said that it ended runs on, or its process died. */
function stateOf(folder: string, { last }: Told, summary: Summary | undefined): Pick<RecordedRun, 'state' | 'message'> {
  if (last === null) return summary === undefined ? dead(folder) : { state: summary.state, message: null };
  if (last.kind === 'started') return dead(folder);
  return { state: last.kind, message: last.kind === 'failed' ? `${last.code}: ${last.message}` : null };
}

/** A run that was stopped for its limits, or killed, says itself that it was interrupted, or nothing. */
function asItsBatchSays(own: Pick<RecordedRun, 'state' | 'message'>, failure: string | null) {
  return own.state === 'interrupted' && failure !== null ? { state: 'failed' as const, message: failure } : own;
}

function dead(folder: string): Pick<RecordedRun, 'state' | 'message'> {
  if (holderOf(folder) !== undefined) return { state: 'running', message: null };
  return { state: 'interrupted', message: 'it ended without saying so: no process of this machine runs it' };
}

function taskOf({ environment, tasks, name: own }: JsonObject): string | undefined {
  if (typeof tasks === 'object' && tasks !== null) return typeof own === 'string' ? own : undefined;
  if (typeof environment !== 'object' || environment === null || Array.isArray(environment)) return undefined;
  const { name, module } = environment as JsonObject;
  if (typeof name === 'string') return name;
  return typeof module === 'string' ? basename(module, extname(module)) : undefined;
}

function summaryOf(value: JsonObject | undefined): Summary | undefined {
  const { state, steps, seconds } = value ?? {};
  const isOne = (state === 'finished' || state === 'interrupted') && Number.isFinite(steps) && Number.isFinite(seconds);
  return isOne ? (value as unknown as Summary) : undefined;
}

function numberOr(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function jsonIn(file: string, warn: (text: string) => void, isNeeded = true): JsonObject | undefined {
  if (!existsSync(file)) {
    if (isNeeded) warn(`there is no ${basename(file)}`);
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
    warn(`${basename(file)} is no JSON object`);
  } catch (error) {
    warn(`${basename(file)} cannot be read: ${(error as Error).message}`);
  }
  return undefined;
}
