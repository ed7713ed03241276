import type { Report } from '../report.ts';

/**
 * What final scores are called: `final return`, `final team objective`, `final evaluation/score/rouge1`. Over several
 * tasks (`task` left out) whose scores are different numbers, `final score`.
 */
export function finalTitle({ measures }: Report, task?: string): string {
  const of = task === undefined ? Object.values(measures) : [measures[task]!];
  const titles = new Set(of.map(({ title }) => title));
  return `final ${titles.size === 1 ? [...titles][0] : 'score'}`;
}

/** Names of what is compared, in the order of the tasks, each once. */
export function comparedMetrics({ tasks, measures }: Report): string[] {
  return [...new Set(tasks.map((task) => measures[task]!.metric))];
}

const TITLES: Readonly<Record<string, string>> = {
  'evaluation/return/mean': 'return of an episode, evaluation',
  'evaluation/team': 'team objective of an episode, evaluation',
  'return/mean': 'return of an episode, training',
};

/** What a metric is called at an axis. */
export function metricTitle(metric: string): string {
  return TITLES[metric] ?? metric;
}

/** With a capital, as a heading begins. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
