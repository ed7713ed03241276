import type { Estimate, FinalRow, Report } from '../report.ts';
import { armStyles, columnsFor, type Figure, WIDTH } from './figure.ts';
import {
  type IntervalPanel,
  intervalOption,
  labelRoom,
  panelsBesideNames,
  ROW_HEIGHT,
  rowHeight,
} from './intervals.ts';
import { finalTitle } from './measures.ts';
import { axisNumber } from './numbers.ts';
import type { Theme } from './theme.ts';

interface Statistic {
  readonly title: string;
  readonly axisName?: string;
  readonly of: (row: FinalRow) => Estimate | null;
}

const STATISTICS: readonly Statistic[] = [
  { title: 'Mean', of: ({ mean }) => mean },
  { title: 'Median', of: ({ median }) => median },
  { title: 'Interquartile mean', of: ({ interquartileMean }) => interquartileMean },
  { title: 'Optimality gap', axisName: 'less is better', of: ({ optimalityGap }) => optimalityGap },
];

/** Pixels that names of arms may take beside panels. */
const LONGEST_NAME = 190;

/**
 * Final scores over all tasks: a panel for each statistic. Where scores cannot be put together (raw ones of several
 * tasks) there is none. With a single task it is that task's.
 */
export function finalScores(report: Report, theme: Theme): Figure | null {
  const whole = report.finals.filter(({ task }) => task === null);
  const rows = whole.length > 0 ? whole : report.tasks.length === 1 ? onOneScale(report.finals) : [];
  if (rows.length === 0) return null;
  const statistics = STATISTICS.filter(({ of }) => rows.some((row) => of(row) !== null));
  const axisName = rows.every(({ isNormalised }) => isNormalised) ? 'normalised score' : finalTitle(report);
  const content = statistics.map(({ title, of, axisName: own }) =>
    panelOf(report, rows, title, of, own ?? axisName, theme),
  );
  const where = whole.length > 0 && report.tasks.length > 1 ? 'all tasks' : (report.tasks[0] ?? 'all tasks');
  return intervalFigure('final-scores', `Final scores, ${where}`, content, statistics.length, theme);
}

/** The interquartile mean on each task: a panel for each; null for a single task. */
export function finalScoresByTask(report: Report, theme: Theme): Figure | null {
  const tasks = report.tasks.filter((task) => report.finals.some((row) => row.task === task));
  if (tasks.length < 2) return null;
  const content = tasks.map((task) => {
    const rows = onOneScale(report.finals.filter((row) => row.task === task));
    const axisName = rows.every(({ isNormalised }) => isNormalised) ? 'normalised score' : finalTitle(report, task);
    return panelOf(report, rows, task, ({ interquartileMean }) => interquartileMean, axisName, theme);
  });
  const title = 'Interquartile mean of final scores, by task';
  return intervalFigure('final-scores-by-task', title, content, columnsFor(tasks.length), theme);
}

/** The normalised scores where there are any, as rliable shows them; otherwise the raw ones. */
function onOneScale(rows: readonly FinalRow[]): readonly FinalRow[] {
  const normalised = rows.filter(({ isNormalised }) => isNormalised);
  return normalised.length > 0 ? normalised : rows;
}

/** Panels of intervals with the names of their rows beside the first one. */
export function intervalFigure(
  name: string,
  title: string,
  content: readonly IntervalPanel[],
  columns: number,
  theme: Theme,
): Figure {
  const names = content[0]!.rows.map((row) => row.name);
  const room = labelRoom(names, LONGEST_NAME);
  const height = Math.max(48, names.length * ROW_HEIGHT);
  const places = panelsBesideNames(content.length, columns, height, room);
  return {
    name,
    title,
    description: describe(title, content),
    width: WIDTH,
    height: Math.ceil(content.length / columns) * rowHeight(height),
    option: intervalOption(places, content, theme, room - 10),
  };
}

function panelOf(
  report: Report,
  rows: readonly FinalRow[],
  title: string,
  of: Statistic['of'],
  axisName: string,
  theme: Theme,
): IntervalPanel {
  const style = armStyles(report.arms, theme);
  const nothing: Estimate = { value: Number.NaN, low: Number.NaN, high: Number.NaN };
  return {
    title,
    axisName,
    // Every arm has its row in every panel, so that names beside the first panel hold for all.
    rows: report.arms.map((arm) => {
      const row = rows.find((each) => each.arm === arm);
      return { name: arm, colour: style(arm).colour, estimate: (row === undefined ? null : of(row)) ?? nothing };
    }),
  };
}

function describe(title: string, content: readonly IntervalPanel[]): string {
  const text = (value: number) => axisNumber(Number(value.toPrecision(4)));
  const lines = content.map(({ title: panel, rows }) => {
    const values = rows
      .filter(({ estimate }) => Number.isFinite(estimate.value))
      .map(({ name, estimate: { value, low, high } }) => `${name} ${text(value)} (${text(low)} to ${text(high)})`);
    return `${panel}: ${values.join(', ')}`;
  });
  return `${title}, with 95 % intervals. ${lines.join('. ')}.`;
}
