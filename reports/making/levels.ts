import { stream } from '../../core/index.ts';
import { hardestFirst, type LevelsEvaluation } from '../../scenarios/index.ts';
import type { ArmLevels, Estimate, HardLevel, LevelScore, LevelSetReport, LevelSummary } from '../report.ts';
import { aggregate } from '../statistics/index.ts';

/** An evaluation on levels, and whose it is. */
export interface OwnedLevels {
  readonly task: string;
  readonly arm: string;
  readonly evaluation: LevelsEvaluation;
}

/** Sets of at most so many levels are shown level by level. */
export const MOST_LISTED = 40;
/** Hardest levels that are shown of each arm. */
const HARDEST = 6;

/**
 * What runs reached on levels, a report for each task and set. Evaluations of one set that were made otherwise (of other
 * levels or options, with another number of episodes, greedy or drawn, other episodes) do not compare: they are apart, and a warning says so.
 */
export function levelReports(all: readonly OwnedLevels[], arms: readonly string[]) {
  const reports: LevelSetReport[] = [];
  const warnings: string[] = [];
  for (const [name, owned] of groupsOf(all, ({ task, evaluation }) => JSON.stringify([task, evaluation.set]))) {
    const alike = [...groupsOf(owned, ({ evaluation }) => howMade(evaluation)).values()];
    const [task, set] = JSON.parse(name) as [string, string];
    if (alike.length > 1)
      warnings.push(
        `levels of ${set} on ${task} were played in ${alike.length} ways (other levels, options, episodes or seeds), which are shown apart`,
      );
    alike.forEach((group, i) => {
      reports.push(reportOf(group, arms, i === 0 ? set : `${set} (${i + 1})`));
    });
  }
  return { reports, warnings };
}

function howMade({ levels, options, episodes, seed, deterministic, solvedAbove }: LevelsEvaluation): string {
  return JSON.stringify([levels.map(({ level }) => level), options, episodes, seed, deterministic, solvedAbove]);
}

function reportOf(owned: readonly OwnedLevels[], arms: readonly string[], set: string): LevelSetReport {
  const { task, evaluation } = owned[0]!;
  const { levels, episodes, deterministic, solvedAbove } = evaluation;
  const present = arms.filter((arm) => owned.some((each) => each.arm === arm));
  const byArm = present.map((arm) => ({
    arm,
    runs: owned.filter((each) => each.arm === arm).map((each) => each.evaluation),
  }));
  return {
    set,
    task,
    count: levels.length,
    episodes,
    deterministic,
    solvedAbove,
    arms: byArm.map(
      ({ arm, runs }): ArmLevels => ({ arm, runs: runs.length, scores: scoresOf(runs, `${task}/${set}/${arm}`) }),
    ),
    levels: levels.length > MOST_LISTED ? [] : levels.map((_, i) => levelOf(byArm, i, `${task}/${set}`)),
    hardest: byArm.flatMap(({ arm, runs }) => hardestOf(arm, runs)),
  };
}

function scoresOf(runs: readonly LevelsEvaluation[], name: string): LevelSummary {
  const of = (score: keyof LevelSummary): Estimate | null => {
    const values = runs.flatMap(({ scores }) => scores[score] ?? []);
    return values.length < runs.length ? null : estimate(values, `${name}/${score}`);
  };
  return {
    mean: of('mean')!,
    cvar10: of('cvar10')!,
    cvar1: of('cvar1')!,
    solved: of('solved'),
    regret: of('regret'),
    maximumRegret: of('maximumRegret'),
  };
}

type Runs = readonly { readonly arm: string; readonly runs: readonly LevelsEvaluation[] }[];

function levelOf(byArm: Runs, i: number, name: string): LevelScore {
  const { name: level, description = {}, optimum = null } = byArm[0]!.runs[0]!.levels[i]!;
  const arms = byArm.map(({ arm, runs }) => {
    const results = runs.map(({ levels }) => levels[i]!);
    const solved = results.flatMap((each) => each.solved ?? []);
    return {
      arm,
      return: estimate(
        results.map((each) => each.return),
        `${name}/${level}/${arm}/return`,
      ),
      solved: solved.length < results.length ? null : estimate(solved, `${name}/${level}/${arm}/solved`),
    };
  });
  return { name: level, description, optimum, arms };
}

/** The levels on which the runs of an arm lose most, by the mean over the runs. */
function hardestOf(arm: string, runs: readonly LevelsEvaluation[]): HardLevel[] {
  const levels = runs[0]!.levels.map(({ name, description = {}, optimum = null }, i) => {
    const results = runs.map(({ levels: own }) => own[i]!);
    const solved = results.flatMap((each) => each.solved ?? []);
    const mean = average(results.map((each) => each.return));
    return {
      arm,
      name,
      description,
      return: mean,
      solved: solved.length < results.length ? null : average(solved),
      ...(optimum === null ? {} : { regret: optimum - mean }),
      picture: results.find(({ picture }) => picture !== undefined)?.picture ?? null,
    };
  });
  return hardestFirst(levels)
    .slice(0, HARDEST)
    .map(({ regret = null, ...level }) => ({ ...level, regret }));
}

/** The interquartile mean over runs, with its interval. */
function estimate(values: readonly number[], name: string): Estimate {
  return aggregate([values], { random: stream(0, `report/levels/${name}`) }).interquartileMean;
}

function groupsOf<T>(all: readonly T[], key: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) groups.set(key(each), [...(groups.get(key(each)) ?? []), each]);
  return groups;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
