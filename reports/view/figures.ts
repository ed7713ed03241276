import type { Report } from '../report.ts';
import { everyRun } from './every-run.ts';
import type { Figure } from './figure.ts';
import { finalScores, finalScoresByTask } from './final-scores.ts';
import { improvement } from './improvement.ts';
import { leadingMetrics, learningCurves, metricsOf } from './learning-curves.ts';
import { isOfLevels, levelCurves, levelScores } from './level-figures.ts';
import { pageTheme } from './theme.ts';

/** All pictures of a report, in the order of reading. */
export interface Figures {
  readonly scores: readonly Figure[];
  /** What is compared, and returns of evaluations and of training, over the steps. */
  readonly leading: readonly Figure[];
  /** The other numbers that runs record: losses, lengths of episodes. */
  readonly others: readonly Figure[];
  readonly improvement: Figure | null;
  /** Scores over levels: one for each of the report's sets, in their order. */
  readonly levels: readonly Figure[];
  /** What the levels of training are like, over the steps. */
  readonly levelCurves: readonly Figure[];
}

/** All of them, in one list. */
export function everyFigure({ scores, levels, leading, levelCurves, others, improvement }: Figures): Figure[] {
  return [...scores, ...levels, ...leading, ...levelCurves, ...others, ...(improvement === null ? [] : [improvement])];
}

const made = new WeakMap<Report, Figures>();

/** The pictures of a report in the colours of the page. Made once for each report. */
export function figuresOf(report: Report): Figures {
  const before = made.get(report);
  if (before !== undefined) return before;
  const figures = make(report);
  made.set(report, figures);
  return figures;
}

function make(report: Report): Figures {
  const theme = pageTheme;
  const metrics = metricsOf(report);
  const leading = leadingMetrics(report).filter((metric) => metrics.includes(metric));
  const taken = new Map<string, number>();
  const curves = (names: readonly string[]) =>
    names.map((metric) => {
      const figure = learningCurves(report, metric, theme);
      const count = (taken.get(figure.name) ?? 0) + 1;
      taken.set(figure.name, count);
      // `loss/value` and `loss-value` may both be there.
      return count === 1 ? figure : { ...figure, name: `${figure.name}-${count}` };
    });
  const scores = [finalScores(report, theme), finalScoresByTask(report, theme), everyRun(report, theme)];
  return {
    scores: scores.filter((figure) => figure !== null),
    leading: curves(leading),
    others: curves(metrics.filter((metric) => !leading.includes(metric) && !isOfLevels(metric))),
    levels: report.levels.map((set) => levelScores(report, set, theme)),
    levelCurves: levelCurves(report, theme),
    improvement: improvement(report, theme),
  };
}
