/* global echarts */
import { COLOURS, digits, short } from './table.mjs';

const DASHES = ['solid', 'dashed', 'dotted'];
/** With more lines than this, a tooltip of all of them hides the picture. */
const MOST_IN_TOOLTIP = 12;

/** The curves: a line for each run in the colour of its arm. */
export class Chart {
  constructor(place) {
    this.place = place;
    this.shown = undefined;
  }

  show(runs, series, arms, metric) {
    this.shown = [runs, series, arms, metric];
    this.chart ??= echarts.init(this.place, null, { renderer: 'canvas' });
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const [ink, muted, grid] = ['ink', 'muted', 'grid'].map(colour);
    const lines = runs.filter(({ id }) => series.has(id));
    const present = arms.filter((arm) => lines.some((run) => run.arm === arm));
    const axis = {
      type: 'value',
      axisLine: { show: true, onZero: false, lineStyle: { color: muted } },
      axisTick: { show: false },
      nameTextStyle: { color: muted },
      nameLocation: 'middle',
    };
    this.chart.setOption(
      {
        animation: false,
        textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
        grid: { left: 72, right: 24, top: present.length > 1 ? 40 : 16, bottom: 52 },
        legend: {
          show: present.length > 1,
          type: 'scroll',
          top: 4,
          left: 'left',
          data: present,
          icon: 'roundRect',
          itemHeight: 4,
          textStyle: { color: ink },
        },
        // Rich text is drawn on the canvas: names of runs never become HTML.
        tooltip: {
          show: lines.length <= MOST_IN_TOOLTIP,
          trigger: 'axis',
          renderMode: 'richText',
          valueFormatter: (value) => (typeof value === 'number' ? digits(value) : '-'),
        },
        xAxis: {
          ...axis,
          name: 'environment steps',
          nameGap: 30,
          splitLine: { show: false },
          axisLabel: { color: ink, formatter: short, hideOverlap: true },
          max: ({ max }) => (Number.isFinite(max) ? max : 1),
        },
        yAxis: {
          ...axis,
          name: metric,
          nameGap: 54,
          scale: true,
          splitLine: { lineStyle: { color: grid } },
          axisLabel: { color: ink, formatter: short },
        },
        series: lines.map((run) => line(run, series.get(run.id), arms.indexOf(run.arm), lines.length, colour)),
      },
      { replaceMerge: ['series'] },
    );
    // What is drawn, for those who cannot see it.
    const points = lines.reduce((sum, { id }) => sum + series.get(id).points.length, 0);
    this.place.dataset.lines = String(lines.length);
    this.place.dataset.points = String(points);
    this.place.setAttribute('aria-label', `${metric} over environment steps: ${lines.length} lines`);
  }

  recolour() {
    if (this.shown !== undefined) this.show(...this.shown);
  }

  resize() {
    this.chart?.resize();
  }
}

function line(run, { points, last }, place, count, colour) {
  const newest = points.at(-1);
  const isNew = last[1] !== null && (newest === undefined || newest[0] !== last[0]);
  const look = Math.max(0, place);
  const own = colour(`arm-${look % COLOURS}`);
  return {
    id: run.id,
    type: 'line',
    name: run.arm,
    data: isNew ? [...points, last] : points,
    showSymbol: points.length < 3,
    symbolSize: 4,
    color: own,
    lineStyle: {
      width: count > 40 ? 1 : 1.6,
      opacity: count > 40 ? 0.5 : 0.9,
      type: DASHES[Math.floor(look / COLOURS) % DASHES.length],
      color: own,
    },
    emphasis: { disabled: true },
  };
}
