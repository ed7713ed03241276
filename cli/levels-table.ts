import type { LevelSetReport } from '../reports/index.ts';
import { hardestFirst, type LevelsEvaluation } from '../scenarios/index.ts';
import { estimate, tableOf } from './final-table.ts';
import { percent, short } from './summary.ts';

/** Levels of one run that are shown one by one. */
const MOST_LEVELS = 40;
/** Of larger sets, the hardest. */
const HARDEST = 10;

/** How one run's policy plays levels: each of them (of many, the hardest), and the scores over all. */
export async function levelsTable({ set, levels, scores, episodes, deterministic }: LevelsEvaluation): Promise<string> {
  const shown = levels.length > MOST_LEVELS ? hardestFirst(levels).slice(0, HARDEST) : levels;
  const [first] = levels;
  const names = Object.keys(first?.description ?? {});
  const hasSolved = first?.solved !== undefined;
  const hasRegret = first?.regret !== undefined;
  const table = await tableOf(
    ['level', ...names, ...(hasSolved ? ['solved'] : []), 'return', ...(hasRegret ? ['regret'] : []), 'steps'],
    ['left'],
    shown.map(({ name, description = {}, solved, return: mean, regret, length }) => [
      name,
      ...names.map((each) => short(description[each] ?? Number.NaN)),
      ...(solved === undefined ? [] : [percent(solved)]),
      short(mean),
      ...(regret === undefined ? [] : [short(regret)]),
      short(length),
    ]),
  );
  const which = shown.length < levels.length ? `, the ${shown.length} hardest of which are shown` : '';
  return [
    `${set}: ${levels.length} levels${which}; ${episodes} episodes each, ${actionsText(deterministic)}`,
    table,
    scoresText(scores),
  ].join('\n');
}

function scoresText(scores: LevelsEvaluation['scores']): string {
  const { mean, cvar10, cvar1, solved, regret, maximumRegret } = scores;
  return [
    `return ${short(mean)}, worst 10 % ${short(cvar10)}, worst 1 % ${short(cvar1)}`,
    ...(solved === undefined ? [] : [`solved ${percent(solved)}`]),
    ...(regret === undefined || maximumRegret === undefined
      ? []
      : [`regret ${short(regret)}, the largest ${short(maximumRegret)}`]),
  ].join('; ');
}

/** How the arms do over the levels of a set, a row for each. */
export async function armLevelsTable(report: LevelSetReport): Promise<string> {
  const { set, task, count, episodes, deterministic, arms } = report;
  const columns = COLUMNS.filter(({ name }) => arms.some(({ scores }) => scores[name] !== null));
  const table = await tableOf(
    ['arm', 'runs', ...columns.map(({ title }) => title)],
    ['left', 'right'],
    arms.map(({ arm, runs, scores }) => [
      arm,
      runs,
      ...columns.map(({ name }) => {
        const score = scores[name];
        return score === null ? '' : estimate(score);
      }),
    ]),
  );
  return [
    `${set} on ${task}: ${count} levels, ${episodes} episodes each, ${actionsText(deterministic)}`,
    table,
    'Interquartile means over runs, in brackets stratified bootstrap 95 % intervals.',
  ].join('\n');
}

const COLUMNS = [
  { name: 'mean', title: 'return' },
  { name: 'cvar10', title: 'worst 10 %' },
  { name: 'cvar1', title: 'worst 1 %' },
  { name: 'solved', title: 'solved' },
  { name: 'regret', title: 'regret' },
  { name: 'maximumRegret', title: 'largest regret' },
] as const;

function actionsText(deterministic: boolean): string {
  return deterministic ? 'the most likely action each time' : 'actions drawn';
}
