import type { Report } from '../report.ts';
import { type Figure, panels, WIDTH } from './figure.ts';
import { intervalOption, labelRoom, ROW_HEIGHT, rowHeight } from './intervals.ts';
import type { Theme } from './theme.ts';

/**
 * Probability of improvement (Agarwal et al. 2021, eq. in appendix A.3): for each pair of arms an interval, and a line
 * at one half. Over all tasks where there are such rows, otherwise a block for each task. Null without pairs.
 */
export function improvement(report: Report, theme: Theme): Figure | null {
  const whole = report.comparisons.filter(({ task }) => task === null);
  const shown = whole.length > 0 ? whole : report.comparisons;
  if (shown.length === 0) return null;
  const tasks = [...new Set(shown.map(({ task }) => task))];
  const content = tasks.map((task) => ({
    title: task ?? (report.tasks.length === 1 ? report.tasks[0]! : 'all tasks'),
    axisName: 'P(a run of the first scores above a run of the second)',
    range: [0, 1] as const,
    mark: 0.5,
    rows: shown
      .filter((row) => row.task === task)
      .map(({ better, worse, probability }) => ({
        name: `${better} over ${worse}`,
        // Coloured where the interval leaves one half out.
        colour: probability.low > 0.5 || probability.high < 0.5 ? theme.arms[0]! : theme.muted,
        estimate: probability,
      })),
  }));
  const room = labelRoom(
    content.flatMap(({ rows }) => rows.map(({ name }) => name)),
    420,
  );
  let top = 0;
  const places = content.map(({ rows }, i) => {
    const height = Math.max(48, rows.length * ROW_HEIGHT);
    const [place] = panels(1, 1, { height, left: room, top, bottom: 0 });
    top += rowHeight(height);
    return { ...place!, isLastOfColumn: i === content.length - 1 };
  });
  const text = content.flatMap(({ title, rows }) =>
    rows.map(
      ({ name, estimate: { value, low, high } }) =>
        `${title}, ${name}: ${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
    ),
  );
  return {
    name: 'probability-of-improvement',
    title: 'Probability of improvement',
    description: `For each pair of arms, with 95 % intervals. ${text.join('. ')}.`,
    width: WIDTH,
    height: top,
    option: intervalOption(places, content, theme, room - 10),
  };
}
