import type { Curve, Estimate, LevelSetReport, LevelSummary, Report } from '../report.ts';
import { armStyles, columnsFor, type Figure, plainName } from './figure.ts';
import { intervalFigure } from './final-scores.ts';
import type { IntervalPanel } from './intervals.ts';
import { type CurvePanel, curvesFigure } from './learning-curves.ts';
import type { Theme } from './theme.ts';

/** Scores over levels, in the order of reading. */
const LEVEL_SCORES: readonly {
  readonly name: keyof LevelSummary;
  readonly title: string;
  readonly axisName: string;
}[] = [
  { name: 'mean', title: 'Mean return', axisName: 'return' },
  { name: 'cvar10', title: 'Return, worst 10 %', axisName: 'return' },
  { name: 'cvar1', title: 'Return, worst 1 %', axisName: 'return' },
  { name: 'solved', title: 'Solve rate', axisName: 'share of episodes' },
  { name: 'regret', title: 'Mean regret', axisName: 'less is better' },
  { name: 'maximumRegret', title: 'Largest regret', axisName: 'less is better' },
];

/** Those of them that some arm has. */
export function scoresShown({ arms }: LevelSetReport): typeof LEVEL_SCORES {
  return LEVEL_SCORES.filter(({ name }) => arms.some(({ scores }) => scores[name] !== null));
}

/** `held-out`, on a task where the report has several. */
export function levelsTitle({ tasks }: Report, { set, task }: LevelSetReport): string {
  return tasks.length > 1 ? `${set} on ${task}` : set;
}

const NOTHING: Estimate = { value: Number.NaN, low: Number.NaN, high: Number.NaN };

/** Scores of the arms over the levels of a set: a panel for each. */
export function levelScores(report: Report, set: LevelSetReport, theme: Theme): Figure {
  const style = armStyles(report.arms, theme);
  const content = scoresShown(set).map(
    ({ name, title, axisName }): IntervalPanel => ({
      title,
      axisName,
      rows: set.arms.map(({ arm, scores }) => ({
        name: arm,
        colour: style(arm).colour,
        estimate: scores[name] ?? NOTHING,
      })),
    }),
  );
  const title = `Scores over levels: ${levelsTitle(report, set)}`;
  return intervalFigure(
    `levels-${plainName(`${set.task} ${set.set}`)}`,
    title,
    content,
    columnsFor(content.length),
    theme,
  );
}

/** What curricula record of levels while an agent trains; each becomes a picture with a panel for each number. */
const TRAINED_ON: readonly { readonly name: string; readonly title: string; readonly metric: RegExp }[] = [
  { name: 'levels-played', title: 'Levels played in training', metric: /^curriculum\/(?:level|regret)\/(.+)$/ },
  { name: 'levels-kept', title: 'Levels in the buffer', metric: /^curriculum\/buffer(?:\/level)?\/(.+)$/ },
  {
    name: 'score-correlations',
    title: 'Rank correlation of scores with exact regret',
    metric: /^curriculum\/correlation\/(.+)$/,
  },
];

/** Whether a metric is shown by `levelCurves`. */
export function isOfLevels(metric: string): boolean {
  return TRAINED_ON.some((each) => each.metric.test(metric));
}

/** How complex the levels of training are, and how well scores follow regret, over its steps. */
export function levelCurves(report: Report, theme: Theme): Figure[] {
  return TRAINED_ON.flatMap(({ name, title, metric }) =>
    report.tasks.flatMap((task) => {
      const content = panelsOf(
        report.curves.filter((curve) => curve.task === task),
        metric,
      );
      if (content.length === 0) return [];
      const isOne = report.tasks.length === 1;
      const head = {
        name: isOne ? name : `${name}-${plainName(task)}`,
        title: isOne ? title : `${title}: ${task}`,
        axisName: null,
      };
      return [curvesFigure(report, head, content, theme)];
    }),
  );
}

function panelsOf(curves: readonly Curve[], pattern: RegExp): CurvePanel[] {
  const titles = new Map<string, string>();
  for (const { metric } of curves) {
    const [, title] = pattern.exec(metric) ?? [];
    if (title !== undefined) titles.set(metric, TITLES[title] ?? title);
  }
  return [...titles].map(([metric, title]) => ({ title, curves: curves.filter((curve) => curve.metric === metric) }));
}

const TITLES: Readonly<Record<string, string>> = {
  path: 'shortest path',
  solvable: 'share that can be solved',
  exact: 'exact regret',
};
