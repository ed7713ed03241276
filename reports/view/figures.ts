import type { Report } from '../report.ts';
import type { Figure } from './figure.ts';
import { finalReturns } from './final-returns.ts';
import { finalScores, finalScoresByTask } from './final-scores.ts';
import { improvement } from './improvement.ts';
import { learningCurves, metricsOf } from './learning-curves.ts';
import { pageTheme } from './theme.ts';

/** All pictures of a report, in the order of reading. */
export interface Figures {
  readonly scores: readonly Figure[];
  /** Returns of evaluations and of training. */
  readonly returns: readonly Figure[];
  /** The other numbers that runs record: losses, lengths of episodes. */
  readonly others: readonly Figure[];
  readonly improvement: Figure | null;
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
  const isReturn = (metric: string) => metric === 'return/mean' || metric === 'evaluation/return/mean';
  const metrics = metricsOf(report);
  const taken = new Map<string, number>();
  const curves = (names: readonly string[]) =>
    names.map((metric) => {
      const figure = learningCurves(report, metric, theme);
      const count = (taken.get(figure.name) ?? 0) + 1;
      taken.set(figure.name, count);
      // `loss/value` and `loss-value` may both be there.
      return count === 1 ? figure : { ...figure, name: `${figure.name}-${count}` };
    });
  const scores = [finalScores(report, theme), finalScoresByTask(report, theme), finalReturns(report, theme)];
  return {
    scores: scores.filter((figure) => figure !== null),
    returns: curves(metrics.filter(isReturn)),
    others: curves(metrics.filter((metric) => !isReturn(metric))),
    improvement: improvement(report, theme),
  };
}
