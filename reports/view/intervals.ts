import type { CustomSeriesOption } from 'echarts';
import type { Estimate } from '../report.ts';
import { axisLook, type Panel, panels, panelTitles, TITLE_ROOM, WIDTH } from './figure.ts';
import { axisNumber } from './numbers.ts';
import { FONT_FAMILY, shortened, textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';

/** A named row of an interval plot. */
export interface IntervalRow {
  readonly name: string;
  readonly colour: string;
  readonly estimate: Estimate;
}

/** One panel of an interval plot: numbers with their intervals below each other. */
export interface IntervalPanel {
  readonly title: string;
  readonly rows: readonly IntervalRow[];
  readonly axisName: string;
  /** Ends of the axis; from the numbers where left out. */
  readonly range?: readonly [number, number];
  /** Where a line marks that nothing is different. */
  readonly mark?: number;
}

export const ROW_HEIGHT = 24;
const LABEL_SIZE = 12;

/** Pixels that the longest of these names needs beside a panel. */
export function labelRoom(names: readonly string[], most: number): number {
  return Math.min(most, Math.ceil(Math.max(20, ...names.map((name) => textWidth(name, LABEL_SIZE))))) + 14;
}

/** Below the axis of a panel: its numbers and its name. */
const BELOW = 52;

/** The height of a row of panels with axes `height` high. */
export function rowHeight(height: number): number {
  return TITLE_ROOM + height + BELOW;
}

/** Panels in rows of equal width; names of `room` pixels stand beside the first panel of each row and hold for all. */
export function panelsBesideNames(count: number, columns: number, height: number, room: number): Panel[] {
  const gap = 46;
  const width = Math.floor((WIDTH - room - columns * gap + gap - 20) / columns);
  return panels(count, columns, { height, left: 0, top: 0, bottom: BELOW }).map((place, i) => ({
    ...place,
    width,
    left: room + (i % columns) * (width + gap),
  }));
}

/** ECharts' options for panels of intervals: a bar from the lower to the upper end, a stroke at the value. */
export function intervalOption(
  places: readonly Panel[],
  content: readonly IntervalPanel[],
  theme: Theme,
  room: number,
) {
  const look = axisLook(theme);
  // One name below a column does for all of it where all axes are alike.
  const isOneAxis = new Set(content.map(({ axisName }) => axisName)).size === 1;
  return {
    title: panelTitles(
      places,
      content.map(({ title }) => title),
      theme,
    ),
    grid: places.map(({ left, top, width, height }) => ({
      left,
      top,
      width,
      height,
      outerBoundsMode: 'none' as const,
    })),
    xAxis: content.map(({ axisName, range }, i) => ({
      ...look,
      type: 'value' as const,
      gridIndex: i,
      scale: true,
      splitNumber: Math.max(2, Math.floor(places[i]!.width / 70)),
      ...(range === undefined ? {} : { min: range[0], max: range[1] }),
      axisLabel: { ...look.axisLabel, formatter: axisNumber },
      name: places[i]!.isLastOfColumn || !isOneAxis ? shortened(axisName, places[i]!.width, LABEL_SIZE) : '',
      nameGap: 28,
    })),
    yAxis: content.map(({ rows }, i) => ({
      ...look,
      type: 'category' as const,
      gridIndex: i,
      inverse: true,
      data: rows.map((_, row) => String(row)), // by place: names may be the same when cut short
      splitLine: { show: false },
      axisLine: { show: false },
      axisLabel: {
        show: places[i]!.isFirstOfRow,
        interval: 0,
        color: theme.ink,
        fontSize: LABEL_SIZE,
        fontFamily: FONT_FAMILY,
        formatter: (row: string) => shortened(rows[Number(row)]?.name ?? '', room, LABEL_SIZE),
      },
    })),
    series: content.map((panel, i) => intervals(panel, i, theme)),
  };
}

function intervals({ rows, mark }: IntervalPanel, panel: number, theme: Theme): CustomSeriesOption {
  const usable = rows.flatMap(({ estimate: { value, low, high } }, i) =>
    [value, low, high].every(Number.isFinite) ? [[low, high, value, i]] : [],
  );
  return {
    type: 'custom',
    xAxisIndex: panel,
    yAxisIndex: panel,
    silent: true,
    clip: false, // a stroke at the end of the axis is drawn whole
    dimensions: ['low', 'high', 'value', 'row'],
    encode: { x: [0, 1, 2], y: 3 },
    data: usable,
    renderItem: (_, api) => {
      const row = Number(api.value(3));
      const [left, y] = api.coord([api.value(0), row]) as [number, number];
      const [right] = api.coord([api.value(1), row]) as [number, number];
      const [centre] = api.coord([api.value(2), row]) as [number, number];
      const fill = rows[row]!.colour;
      return {
        type: 'group',
        children: [
          {
            type: 'rect',
            shape: { x: left, y: y - 6, width: Math.max(1, right - left), height: 12 },
            style: { fill, opacity: 0.4 },
          },
          { type: 'rect', shape: { x: centre - 1.5, y: y - 8, width: 3, height: 16 }, style: { fill } },
        ],
      };
    },
    ...(mark === undefined
      ? {}
      : {
          markLine: {
            silent: true,
            symbol: 'none',
            label: { show: false },
            lineStyle: { color: theme.muted, type: 'dashed', width: 1.2 },
            data: [{ xAxis: mark }],
          },
        }),
  };
}
