import type { ServerResponse } from 'node:http';
import type { LiveRow, LiveRun } from './live-run.ts';
import type { Cursor, Points } from './thinned-series.ts';
import type { Change } from './watch-runs.ts';

/** What a browser is sent: everything when it comes (`isWhole`), then what is new. */
export interface Message {
  readonly isWhole: boolean;
  readonly title: string;
  readonly metric: string;
  readonly metrics: readonly string[];
  readonly rows: readonly LiveRow[];
  readonly series: readonly ({ readonly id: string } & Pick<Points, 'replace' | 'points' | 'last'>)[];
}

/** Points of all lines of a picture together; a run has its share of them, within bounds. */
const POINTS = { all: 60_000, most: 512, least: 64 };
/** Bytes that may wait for a browser that does not take them. */
const MOST_WAITING = 8 << 20;
const FIRST_METRICS = ['return/mean', 'evaluation/return/mean'];

/** The browsers that look on, each with the metric it has chosen. */
export class Audience {
  private readonly title: string;
  private readonly listeners = new Set<Listener>();
  private runs: readonly LiveRun[] = [];

  constructor(title: string) {
    this.title = title;
  }

  /** Sends everything to a browser, and from now on what changes. */
  join(response: ServerResponse, metric: string): void {
    const listener = new Listener(response, metric);
    this.listeners.add(listener);
    response.on('close', () => this.listeners.delete(listener));
    response.write('retry: 1000\n\n');
    this.tell(listener, this.runs, true);
  }

  take({ runs, changed }: Change): void {
    this.runs = runs;
    for (const listener of this.listeners) this.tell(listener, changed, false);
  }

  /** A comment now and then, so that nothing on the way takes the silence for an end. */
  keepAlive(): void {
    for (const { response } of this.listeners) response.write(': still here\n\n');
  }

  end(): void {
    for (const { response } of this.listeners) response.end();
    this.listeners.clear();
  }

  private tell(listener: Listener, changed: readonly LiveRun[], isWhole: boolean): void {
    for (const run of changed) listener.waiting.add(run);
    // What it lacks is found out when it is sent: whoever is slow gets less often, not ever more.
    if (listener.response.writableLength > MOST_WAITING) return;
    const most = Math.max(POINTS.least, Math.min(POINTS.most, Math.floor(POINTS.all / Math.max(1, this.runs.length))));
    const rows = [...listener.waiting];
    listener.waiting.clear();
    const message: Message = {
      isWhole,
      title: this.title,
      metric: listener.metric,
      metrics: this.metrics(),
      rows: rows.map(({ row }) => row),
      series: rows.flatMap((run) => listener.lacks(run, most)),
    };
    listener.response.write(`data: ${JSON.stringify(message)}\n\n`);
  }

  private metrics(): string[] {
    const names = new Set(this.runs.flatMap(({ series }) => [...series.keys()]));
    const rest = [...names].filter((name) => !FIRST_METRICS.includes(name)).sort();
    return [...FIRST_METRICS.filter((name) => names.has(name)), ...rest];
  }
}

class Listener {
  readonly response: ServerResponse;
  readonly metric: string;
  readonly waiting = new Set<LiveRun>();
  private readonly cursors = new Map<LiveRun, Cursor>();

  constructor(response: ServerResponse, metric: string) {
    this.response = response;
    this.metric = metric;
  }

  lacks(run: LiveRun, most: number): Message['series'] {
    const fresh = run.series.get(this.metric)?.since(this.cursors.get(run), most);
    if (fresh === undefined) {
      // A run that began anew has no points, and its old ones must go.
      return this.cursors.delete(run) ? [{ id: run.id, replace: true, points: [], last: [0, Number.NaN] }] : [];
    }
    const { cursor, ...rest } = fresh;
    this.cursors.set(run, cursor);
    return [{ id: run.id, ...rest }];
  }
}
