import type { Event } from '../../scenarios/index.ts';
import { type LinesRead, readLines } from './lines.ts';
import { GrowingSeries, type Series } from './series.ts';

/** What `events.jsonl` says of a run besides its metrics. */
export interface Told {
  /** What was told last of beginnings and ends; null where there is no event. */
  readonly last: Extract<Event, { kind: 'started' | 'interrupted' | 'failed' | 'finished' }> | null;
  /** Environment steps so far. */
  readonly steps: number;
  /** Of the iterations that count: what a resumed run made again is not there twice. */
  readonly seconds: number;
  readonly stepsPerSecond: Series;
  readonly warnings: readonly string[];
  readonly lines: LinesRead;
}

export async function readEvents(file: string): Promise<Told> {
  const events = new Events();
  const lines = await readLines(file, (text, start, end) => events.take(text, start, end));
  return { ...events.told(), lines };
}

/** `{"time":"2030-01-01T00:00:00.000Z",` is as long in every event. */
const TIME = 35;
const ITERATION = '"kind":"iteration","step":';
const RATE = ',"stepsPerSecond":';

/**
 * Nearly all events are iterations, of which only the step and the speed are news: the rest is in the metrics. They are
 * read without parsing the line; every other event is parsed.
 */
class Events {
  private last: Told['last'] = null;
  private steps = 0;
  private readonly rates = new GrowingSeries();
  private readonly warnings: string[] = [];

  take(text: string, start: number, end: number): boolean {
    return this.iteration(text, start, end) || this.parse(text.slice(start, end));
  }

  told(): Omit<Told, 'lines'> {
    const stepsPerSecond = this.rates.series;
    let [seconds, before] = [0, 0];
    stepsPerSecond.steps.forEach((step, i) => {
      const rate = stepsPerSecond.values[i]!;
      if (rate > 0) seconds += (step - before) / rate;
      before = step;
    });
    return { last: this.last, steps: this.steps, seconds, stepsPerSecond, warnings: this.warnings };
  }

  private iteration(text: string, start: number, end: number): boolean {
    if (!text.startsWith(ITERATION, start + TIME) || text[end - 1] !== '}') return false;
    const rateAt = text.lastIndexOf(RATE, end);
    const stepAt = start + TIME + ITERATION.length;
    if (rateAt < stepAt) return false;
    const step = Number(text.slice(stepAt, text.indexOf(',', stepAt)));
    const rate = Number(text.slice(rateAt + RATE.length, end - 1));
    if (!Number.isFinite(step) || !Number.isFinite(rate)) return false;
    this.steps = step;
    this.rates.add(step, rate);
    return true;
  }

  private parse(line: string): boolean {
    const event = eventOf(line);
    if (event === undefined) return false;
    switch (event.kind) {
      case 'started':
      case 'interrupted':
      case 'failed':
      case 'finished':
        this.last = event;
        this.steps = event.step;
        break;
      case 'iteration':
        this.steps = event.step;
        this.rates.add(event.step, event.stepsPerSecond);
        break;
      case 'warning':
        this.warnings.push(event.message);
        break;
    }
    return true;
  }
}

function eventOf(line: string): Event | undefined {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event !== 'object' || event === null || !('kind' in event)) return undefined;
    const { kind, step, message } = event as Record<string, unknown>;
    const isFine = kind === 'warning' ? typeof message === 'string' : Number.isFinite(step);
    return isFine ? (event as Event) : undefined;
  } catch {
    return undefined;
  }
}
