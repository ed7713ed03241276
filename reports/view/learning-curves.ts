import type { CustomSeriesOption, LineSeriesOption } from 'echarts';
import type { Curve, Report } from '../report.ts';
import {
  armStyles,
  axisLook,
  columnsFor,
  type Figure,
  legendOf,
  panels,
  panelTitles,
  plainName,
  TITLE_ROOM,
  WIDTH,
} from './figure.ts';
import { comparedMetrics, metricTitle } from './measures.ts';
import { axisNumber } from './numbers.ts';
import { shortened } from './text-width.ts';
import type { Theme } from './theme.ts';

/** More points than this on a line cannot be told apart in a panel. */
const MOST_POINTS = { wide: 240, narrow: 120 };

/** A point of a curve: step, lower end, upper end, centre. */
type Point = readonly [step: number, low: number, high: number, centre: number];

/** What a reader looks for first: what is compared, then returns, evaluations before those of training. */
export function leadingMetrics(report: Report): string[] {
  return [...new Set([...comparedMetrics(report), 'evaluation/return/mean', 'return/mean'])];
}

/** Names of the metrics that a report has curves of, the leading ones first. */
export function metricsOf(report: Report): string[] {
  const recorded = new Set(report.curves.map(({ metric }) => metric));
  const first = leadingMetrics(report).filter((metric) => recorded.has(metric));
  return [...first, ...[...recorded].filter((metric) => !first.includes(metric)).sort()];
}

/** A panel of curves, a line for each arm, and its interval as a band. */
export interface CurvePanel {
  readonly title: string;
  readonly curves: readonly Curve[];
}

/** A metric over environment steps: a panel for each task. */
export function learningCurves(report: Report, metric: string, theme: Theme): Figure {
  const curves = report.curves.filter((curve) => curve.metric === metric);
  const tasks = report.tasks.filter((task) => curves.some((curve) => curve.task === task));
  const title = metricTitle(metric);
  const content = tasks.map((task) => ({ title: task, curves: curves.filter((curve) => curve.task === task) }));
  const heading = `${title} over environment steps`;
  return curvesFigure(report, { name: `curve-${plainName(metric)}`, title: heading, axisName: title }, content, theme);
}

/** Curves over environment steps, panel by panel, of one unit (`axisName`) or each of its own (null). */
export function curvesFigure(
  report: Report,
  { name, title, axisName }: { readonly name: string; readonly title: string; readonly axisName: string | null },
  content: readonly CurvePanel[],
  theme: Theme,
): Figure {
  const arms = report.arms.filter((arm) => content.some(({ curves }) => curves.some((curve) => curve.arm === arm)));
  const style = armStyles(report.arms, theme);
  const { legend, height: legendHeight } = legendOf(arms, theme);
  const columns = columnsFor(content.length);
  const height = columns === 1 ? 340 : columns === 2 ? 240 : 190;
  const places = panels(content.length, columns, { height, left: 74, top: legendHeight, bottom: 52 });
  const bandOpacity = arms.length > 6 ? 0.1 : 0.18;
  const series = content.flatMap(({ curves }, i) =>
    curves.flatMap((curve) => {
      const points = pointsOf(curve, columns === 1 ? MOST_POINTS.wide : MOST_POINTS.narrow);
      const { colour, dash, symbol } = style(curve.arm);
      return [
        band(points, i, colour, bandOpacity),
        {
          type: 'line',
          name: curve.arm,
          xAxisIndex: i,
          yAxisIndex: i,
          data: points.map(([step, , , centre]) => [step, centre]),
          showSymbol: points.length <= 20,
          symbol,
          symbolSize: 5,
          silent: true,
          lineStyle: { width: 1.8, type: dash, color: colour, join: 'round' },
          itemStyle: { color: colour },
          z: 3,
        } satisfies LineSeriesOption,
      ];
    }),
  );
  const look = axisLook(theme);
  const titles = content.map((panel) => panel.title);
  return {
    name,
    title,
    description: describe(content, axisName ?? title),
    width: WIDTH,
    height: legendHeight + Math.ceil(content.length / columns) * (height + 52 + TITLE_ROOM),
    option: {
      legend,
      title: panelTitles(places, titles, theme),
      grid: places.map(({ left, top, width }) => ({ left, top, width, height, outerBoundsMode: 'none' as const })),
      xAxis: places.map(({ isLastOfColumn }, i) => {
        const most = Math.max(1, ...content[i]!.curves.flatMap(({ steps }) => steps.slice(-1)));
        const interval = niceStep(most / (columns === 1 ? 8 : 4));
        return {
          ...look,
          type: 'value' as const,
          gridIndex: i,
          min: 0,
          max: most,
          interval,
          splitLine: { show: false },
          // The end of the axis is the end of the runs, which seldom is a round number.
          axisLabel: {
            ...look.axisLabel,
            formatter: (value: number) => (isMultiple(value, interval) ? axisNumber(value) : ''),
          },
          name: isLastOfColumn ? 'environment steps' : '',
          nameGap: 28,
        };
      }),
      yAxis: places.map(({ isFirstOfRow }, i) => ({
        ...look,
        type: 'value' as const,
        gridIndex: i,
        scale: true,
        splitNumber: columns === 1 ? 6 : 4,
        axisLabel: { ...look.axisLabel, formatter: axisNumber },
        name: isFirstOfRow && axisName !== null ? shortened(axisName, height, 12) : '',
        nameGap: 52,
      })),
      series,
    },
  };
}

/** The interval at each step as one area from its lower ends to its upper ends and back. */
function band(points: readonly Point[], panel: number, colour: string, opacity: number): CustomSeriesOption {
  return {
    type: 'custom',
    xAxisIndex: panel,
    yAxisIndex: panel,
    silent: true,
    clip: true,
    z: 2,
    dimensions: ['step', 'low', 'high'],
    encode: { x: 0, y: [1, 2] },
    data: points.map(([step, low, high]) => [step, low, high]),
    renderItem: (parameters, api) => {
      if (parameters.dataIndex > 0) return null; // one area for all points
      const lower = points.map(([step, low]) => api.coord([step, low]));
      const upper = points.map(([step, , high]) => api.coord([step, high])).reverse();
      return { type: 'polygon', shape: { points: [...lower, ...upper] }, style: { fill: colour, opacity } };
    },
  };
}

/** The points to draw: those that are numbers, and of very many only some, the last among them. */
function pointsOf({ steps, low, high, centre }: Curve, most: number): Point[] {
  const all = steps
    .map((step, i): Point => [step, low[i] ?? centre[i]!, high[i] ?? centre[i]!, centre[i]!])
    .filter((point) => point.every(Number.isFinite));
  const every = Math.ceil(all.length / most);
  return all.filter((_, i) => (all.length - 1 - i) % every === 0);
}

function describe(content: readonly CurvePanel[], what: string): string {
  const ends = content.map(({ title, curves }) => {
    const last = curves
      .filter(({ centre }) => centre.length > 0)
      .map(({ arm, centre }) => `${arm} ${axisNumber(Number(centre.at(-1)!.toPrecision(4)))}`);
    return `${title}: ${last.join(', ')}`;
  });
  return `Lines with bands of 95 % intervals. At the end, ${what} is: ${ends.join('; ')}.`;
}

/** 1, 2 or 5 times a power of ten, not below `rough`. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough * 0.999) ?? 10;
  return factor * power;
}

function isMultiple(value: number, step: number): boolean {
  return Math.abs(value / step - Math.round(value / step)) < 1e-6;
}
