import type { SelectionOptions } from './options.ts';
import type { DreamNews, Dreamt } from './stage.ts';
import type { Standings } from './standings.ts';

/** What the dreams that are over say of their levels. */
export function toldTo(standings: Standings, { dreams }: DreamNews, { by, against }: SelectionOptions): void {
  for (const dream of dreams) {
    const { level, protagonist, antagonist } = dream;
    standings.dreamt(level, Math.max(protagonist, antagonist ?? protagonist));
    if (against === 'optimum') continue;
    const score = scoreOf(dream, by);
    if (score !== undefined) standings.score(level, score);
  }
}

function scoreOf({ protagonist, antagonist, error }: Dreamt, by: SelectionOptions['by']): number | undefined {
  if (by === 'regret') return antagonist === undefined ? undefined : antagonist - protagonist;
  if (by === 'value') return -protagonist;
  return by === 'error' ? error : undefined;
}

/** Means over the dreams that are over, and over the adversary's moves; what there was none of is left out. */
export function newsMetrics(
  { dreams, disturbed, nats, refused, paid, moves }: DreamNews,
  standings: Standings,
  { solvable }: SelectionOptions,
): Record<string, number> {
  const metrics: Record<string, number> = { 'game/dreams': dreams.length, 'game/levels': standings.size };
  const mean = (name: string, of: (dream: Dreamt) => number): void => {
    if (dreams.length === 0) return;
    metrics[`game/${name}`] = dreams.reduce((sum, dream) => sum + of(dream), 0) / dreams.length;
  };
  mean('protagonist', ({ protagonist }) => protagonist);
  mean('error', ({ error }) => error);
  if (dreams[0]?.antagonist !== undefined) {
    mean('antagonist', ({ antagonist }) => antagonist!);
    mean('regret', ({ protagonist, antagonist }) => antagonist! - protagonist);
  }
  const { threshold = 0, tries = 1 } = solvable ?? {};
  mean('solvable', ({ level }) => (standings.isSolvable(level, { threshold, tries }) === false ? 0 : 1));
  if (disturbed > 0) {
    metrics['game/nats'] = nats / disturbed;
    metrics['game/refused'] = refused / disturbed;
  }
  if (moves > 0) metrics['game/paid'] = paid / moves;
  return metrics;
}
