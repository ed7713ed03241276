import { createRequire } from 'node:module';
import type { EChartsOption } from 'echarts';
import { escaped } from './markup.ts';
import { FONT_FAMILY, shortened, textWidth } from './text-width.ts';
import { type ArmStyle, armStyle, type Theme } from './theme.ts';

/** A picture: what ECharts draws it from, its size in CSS pixels, and what it shows in words. */
export interface Figure {
  /** Fit for a file's name and an element's id. */
  readonly name: string;
  readonly title: string;
  /** What a person learns from it who cannot see it. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly option: EChartsOption;
}

/** Where the axes of one panel stand, in CSS pixels from the upper left corner of the picture. */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly isFirstOfRow: boolean;
  readonly isLastOfColumn: boolean;
}

export const WIDTH = 960;
export const TEXT_SIZE = 12;
/** Room above the axes of a panel, for its title. */
export const TITLE_ROOM = 34;

type Charts = typeof import('echarts');
let charts: Charts | undefined;

/**
 * ECharts, loaded when first drawn with. As one file: its modules are some hundreds, and take ten times as long.
 * Text is measured in the font that it will be set in.
 */
function echarts(): Charts {
  if (charts === undefined) {
    charts = createRequire(import.meta.url)('echarts/dist/echarts.min') as Charts;
    charts.setPlatformAPI({
      measureText: (text, font = '') => {
        const size = Number(/(\d+(?:\.\d+)?)px/.exec(font)?.[1] ?? TEXT_SIZE);
        return { width: textWidth(text, size, /\bbold\b/.test(font)) };
      },
    });
  }
  return charts;
}

const drawn = new WeakMap<Figure, string>();

/**
 * The picture as SVG, with its title and description inside for those who have it read to them. Drawn once: the page
 * and the files of a report show the same.
 */
export function svgOf(figure: Figure): string {
  const before = drawn.get(figure);
  if (before !== undefined) return before;
  const svg = draw(figure);
  drawn.set(figure, svg);
  return svg;
}

function draw({ name, title, description, width, height, option }: Figure): string {
  const chart = echarts().init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: FONT_FAMILY, fontSize: TEXT_SIZE }, ...option });
    return chart
      .renderToSVGString()
      .replace(/<style\s*>[\s\S]*?<\/style>/g, '') // hover effects of a live chart
      .replace(/ (?:class|ecmeta_\w+|pointer-events)="[^"]*"/g, '')
      .replace(/zr\d+-/g, `${name}-`) // ids that count up in this process
      .replace(/^<svg /, `<svg role="img" aria-labelledby="${name}-title ${name}-description" `)
      .replace(
        '>',
        `>\n<title id="${name}-title">${escaped(title)}</title>` +
          `<desc id="${name}-description">${escaped(description)}</desc>`,
      );
  } finally {
    chart.dispose();
  }
}

/** Panels in rows of equal ones: `columns` of them side by side, each with `left` pixels beside it for its labels. */
export function panels(
  count: number,
  columns: number,
  sizes: {
    readonly height: number;
    readonly left: number;
    readonly top: number;
    /** Between rows, below the axes. */
    readonly bottom: number;
  },
): Panel[] {
  const right = 18;
  const width = Math.floor(WIDTH / columns) - sizes.left - right;
  return Array.from({ length: count }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return {
      left: Math.floor((WIDTH / columns) * column) + sizes.left,
      top: sizes.top + TITLE_ROOM + row * (TITLE_ROOM + sizes.height + sizes.bottom),
      width,
      height: sizes.height,
      isFirstOfRow: column === 0,
      isLastOfColumn: i + columns >= count,
    };
  });
}

/** How many panels stand side by side. */
export function columnsFor(count: number): number {
  return count === 1 ? 1 : count === 2 || count === 4 ? 2 : 3;
}

/** Titles above panels. */
export function panelTitles(places: readonly Panel[], texts: readonly string[], theme: Theme) {
  return places.map(({ left, top, width }, i) => ({
    text: shortened(texts[i] ?? '', width, 13, true),
    left: left + width / 2,
    top: top - TITLE_ROOM + 8,
    textAlign: 'center' as const,
    padding: 0,
    textStyle: { color: theme.ink, fontSize: 13, fontWeight: 'bold' as const, fontFamily: FONT_FAMILY },
  }));
}

/** How lines and labels of axes look everywhere. */
export function axisLook(theme: Theme) {
  return {
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted, width: 1 } },
    axisTick: { show: false },
    axisLabel: { color: theme.ink, fontSize: TEXT_SIZE, fontFamily: FONT_FAMILY, hideOverlap: true },
    splitLine: { show: true, lineStyle: { color: theme.grid, width: 1 } },
    nameTextStyle: { color: theme.muted, fontSize: TEXT_SIZE, fontFamily: FONT_FAMILY },
    nameLocation: 'middle' as const,
  };
}

const LEGEND = { icon: 30, beside: 6, gap: 18, row: 20, longest: 280 };

/** A legend in rows, and how high it is: the panels begin below it and no line runs through it. */
export function legendOf(arms: readonly string[], theme: Theme) {
  let [rows, used] = [1, 0];
  const label = (name: string) => shortened(name, LEGEND.longest, TEXT_SIZE);
  for (const arm of arms) {
    const width = LEGEND.icon + LEGEND.beside + textWidth(label(arm), TEXT_SIZE) + LEGEND.gap;
    if (used > 0 && used + width > WIDTH - 40) {
      rows++;
      used = 0;
    }
    used += width;
  }
  const legend = {
    show: arms.length > 1,
    data: [...arms],
    left: 10,
    top: 6,
    width: WIDTH - 20,
    padding: 0,
    itemWidth: LEGEND.icon,
    itemHeight: 10,
    itemGap: 12,
    align: 'left' as const,
    formatter: label,
    textStyle: { color: theme.ink, fontSize: TEXT_SIZE, fontFamily: FONT_FAMILY },
    inactiveColor: theme.muted,
  };
  return { legend, height: arms.length > 1 ? 12 + rows * LEGEND.row : 0 };
}

/** The style of each arm of a report by name. */
export function armStyles(arms: readonly string[], theme: Theme): (arm: string) => ArmStyle {
  const places = new Map(arms.map((arm, i) => [arm, i]));
  return (arm) => armStyle(theme, places.get(arm) ?? arms.length);
}

/** A name fit for files and ids, of letters and digits alone: `return/mean` gives `return-mean`. */
export function plainName(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'unnamed'
  );
}
