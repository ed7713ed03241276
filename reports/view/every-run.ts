import type { CustomSeriesOption } from 'echarts';
import type { Report, RunRow } from '../report.ts';
import { armStyles, axisLook, columnsFor, type Figure, panelTitles, WIDTH } from './figure.ts';
import { labelRoom, panelsBesideNames, rowHeight } from './intervals.ts';
import { capital, comparedMetrics, finalTitle } from './measures.ts';
import { axisNumber } from './numbers.ts';
import { FONT_FAMILY, shortened } from './text-width.ts';
import type { Theme } from './theme.ts';

const ROW = 30;

/** Every run as a dot: its final score, in the row of its arm; a panel for each task. Null where no run has ended. */
export function everyRun(report: Report, theme: Theme): Figure | null {
  const ended = report.runs.filter((run) => run.final !== null && Number.isFinite(run.final));
  const tasks = report.tasks.filter((task) => ended.some((run) => run.task === task));
  if (tasks.length === 0) return null;
  const columns = columnsFor(tasks.length);
  const room = labelRoom(report.arms, 190);
  const height = Math.max(54, report.arms.length * ROW);
  const places = panelsBesideNames(tasks.length, columns, height, room);
  const look = axisLook(theme);
  const isOneMeasure = comparedMetrics(report).length === 1;
  return {
    name: 'every-run',
    title: `${capital(finalTitle(report))} of every run`,
    description: `Each dot is a run; the stroke is the median of the arm. ${describe(report, ended)}`,
    width: WIDTH,
    height: Math.ceil(tasks.length / columns) * rowHeight(height),
    option: {
      title: panelTitles(places, tasks, theme),
      grid: places.map(({ left, top, width }) => ({ left, top, width, height, outerBoundsMode: 'none' as const })),
      xAxis: places.map(({ width, isLastOfColumn }, i) => ({
        ...look,
        type: 'value' as const,
        gridIndex: i,
        scale: true,
        boundaryGap: ['3%', '3%'] as [string, string], // dots at the ends stay whole
        splitNumber: Math.max(2, Math.floor(width / 70)),
        axisLabel: { ...look.axisLabel, formatter: axisNumber },
        name: isLastOfColumn || !isOneMeasure ? shortened(finalTitle(report, tasks[i]), width, 12) : '',
        nameGap: 28,
      })),
      yAxis: places.map(({ isFirstOfRow }, i) => ({
        type: 'category' as const,
        gridIndex: i,
        inverse: true,
        data: report.arms.map((_, row) => String(row)),
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: {
          show: isFirstOfRow,
          interval: 0,
          color: theme.ink,
          fontSize: 12,
          fontFamily: FONT_FAMILY,
          formatter: (row: string) => shortened(report.arms[Number(row)] ?? '', room - 10, 12),
        },
      })),
      series: tasks.map((task, i) =>
        dots(
          report,
          ended.filter((run) => run.task === task),
          i,
          theme,
        ),
      ),
    },
  };
}

function dots(report: Report, runs: readonly RunRow[], panel: number, theme: Theme): CustomSeriesOption {
  const style = armStyles(report.arms, theme);
  const data = report.arms.flatMap((arm, row) => {
    const finals = runs.filter((run) => run.arm === arm).map(({ final }) => final!);
    if (finals.length === 0) return [];
    return [...finals.map((final, i) => [final, row, offset(i), 0]), [median(finals), row, 0, 1]];
  });
  return {
    type: 'custom',
    xAxisIndex: panel,
    yAxisIndex: panel,
    silent: true,
    clip: true,
    dimensions: ['final', 'row', 'offset', 'isMedian'],
    encode: { x: 0, y: 1 },
    data,
    renderItem: (_, api) => {
      const row = Number(api.value(1));
      const [x, y] = api.coord([api.value(0), row]) as [number, number];
      const fill = style(report.arms[row]!).colour;
      if (api.value(3) === 1) {
        return { type: 'rect', shape: { x: x - 1, y: y - 11, width: 2, height: 22 }, style: { fill: theme.ink } };
      }
      return {
        type: 'circle',
        shape: { cx: x, cy: y + Number(api.value(2)) * 16, r: 3.6 },
        style: { fill, opacity: 0.75 },
      };
    },
  };
}

/** Spreads dots of a row over its height, evenly for any number of them: the golden ratio's low-discrepancy sequence. */
function offset(index: number): number {
  return ((index * 0.618033988749895 + 0.5) % 1) - 0.5;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}

function describe({ tasks, arms }: Report, ended: readonly RunRow[]): string {
  return tasks
    .flatMap((task) =>
      arms.flatMap((arm) => {
        const finals = ended.filter((run) => run.task === task && run.arm === arm).map(({ final }) => final!);
        if (finals.length === 0) return [];
        const text = (value: number) => axisNumber(Number(value.toPrecision(4)));
        const ends = `${text(Math.min(...finals))} to ${text(Math.max(...finals))}`;
        return [`${task}, ${arm}: ${ends}, median ${text(median(finals))}.`];
      }),
    )
    .join(' ');
}
