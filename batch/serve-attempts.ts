import { LightbulbError } from '../core/index.ts';
import { removeUnmade, run, type Summary } from '../scenarios/index.ts';
import type { Outcome } from './attempt.ts';
import type { Order, Report } from './attempt-messages.ts';

/** The child's side: runs what the parent orders, one run after the other, and tells everything that happens. */
export function serve(): void {
  let stop = new AbortController();
  process.on('message', (order: Order) => {
    if (order.kind === 'stop') return stop.abort();
    stop = new AbortController();
    void attempt(order, stop.signal).then((outcome) => tell({ kind: 'ended', outcome }));
  });
  process.on('SIGTERM', () => stop.abort());
  tell({ kind: 'ready' });
}

async function attempt(order: Extract<Order, { kind: 'run' }>, signal: AbortSignal): Promise<Outcome> {
  const { scenario, folder, resume, owner } = order;
  let summary: Summary | undefined;
  try {
    if (!resume) removeUnmade(folder);
    await run(scenario, { folder, resume, owner, signal }).forEach((event) => {
      tell({ kind: 'event', event });
      if (event.kind === 'finished') summary = event.summary;
    });
  } catch (error) {
    const code = error instanceof LightbulbError ? error.code : 'internal';
    return { state: 'failed', code, message: error instanceof Error ? error.message : String(error) };
  }
  return summary === undefined ? { state: 'interrupted' } : { state: 'finished', summary };
}

function tell(report: Report): void {
  process.send?.(report);
}
