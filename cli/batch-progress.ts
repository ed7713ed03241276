import type { Writable } from 'node:stream';
import Table from 'cli-table3';
import { createLogUpdate } from 'log-update';
import type { BatchEvent } from '../batch/index.ts';
import { BatchState, type RunState } from './batch-state.ts';
import { duration, short } from './summary.ts';
import { printLine } from './terminal.ts';

/** Shows how a batch is doing. */
export interface BatchProgress {
  show(event: BatchEvent): void;
  close(): void;
}

export type Screen = Writable & { readonly isTTY?: boolean; readonly rows?: number; readonly columns?: number };

const REDRAW_MS = 200;
const SECONDS_BETWEEN_LINES = 15;
const FAILURES_SHOWN = 3;

/** A table that is drawn over and over on a terminal; elsewhere a line for whatever ends, and now and then a sum. */
export function showBatch(stream: Screen): BatchProgress {
  return stream.isTTY ? new LiveTable(stream) : new BatchLines(stream);
}

class LiveTable implements BatchProgress {
  private readonly state = new BatchState();
  private readonly stream: Screen;
  private readonly draw: ReturnType<typeof createLogUpdate>;
  private readonly timer: NodeJS.Timeout;

  constructor(stream: Screen) {
    this.stream = stream;
    this.draw = createLogUpdate(stream as unknown as NodeJS.WriteStream);
    this.timer = setInterval(() => this.redraw(), REDRAW_MS);
  }

  show(event: BatchEvent): void {
    this.state.take(event, Date.now());
    if (event.kind === 'opened') this.redraw();
  }

  close(): void {
    clearInterval(this.timer);
    this.redraw();
    this.draw.done();
  }

  private redraw(): void {
    if (this.state.runs.size === 0) return;
    const { rows = 24, columns = 80 } = this.stream;
    this.draw(picture(this.state, Date.now(), rows, columns));
  }
}

/** What the live table shows in a terminal of this size: what runs, the sum, and the last failures. */
export function picture(state: BatchState, now: number, rows: number, columns: number): string {
  const failures = state
    .of('failed')
    .slice(-FAILURES_SHOWN)
    .map(({ job, message }) => cut(`failed: ${job.key}: ${message}`, columns));
  const running = state.of('running');
  const room = Math.max(1, rows - failures.length - 3); // header, sum, and the line below all
  const hidden = running.length > room ? running.length - room + 1 : 0;
  const table = new Table({
    head: ['run', 'progress', 'steps/s', 'left', 'return'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    chars: NO_LINES,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...running.slice(0, running.length - hidden).map(row));
  const lines = running.length === 0 ? [] : table.toString().split('\n');
  const more = hidden > 0 ? [`and ${hidden} more`] : [];
  return [...lines, ...more, sum(state, now), ...failures].map((line) => cut(line.trimEnd(), columns)).join('\n');
}

function row({ job, step, stepsPerSecond, latest }: RunState): string[] {
  const { steps } = job.scenario;
  const percent = `${Math.min(100, Math.floor((100 * step) / steps))}%`;
  if (stepsPerSecond === 0) return [job.key, step === 0 ? 'starts' : percent, '-', '-', '-'];
  const left = duration(Math.max(0, steps - step) / stepsPerSecond);
  return [job.key, percent, short(stepsPerSecond), left, latest === undefined ? '-' : short(latest)];
}

/** `3 of 10 finished, 2 running, 5 waiting; 110000 steps/s, 21 s left`. */
export function sum(state: BatchState, now: number): string {
  const others = (['running', 'failed', 'interrupted', 'waiting'] as const)
    .map((each) => [state.count(each), each] as const)
    .filter(([count]) => count > 0)
    .map(([count, each]) => `, ${count} ${each}`);
  const left = state.secondsLeft(now);
  const pace = state.stepsPerSecond > 0 ? `; ${short(state.stepsPerSecond)} steps/s` : '';
  const time = left === undefined || left === 0 ? '' : `, ${duration(left)} left`;
  return `${state.count('finished')} of ${state.runs.size} finished${others.join('')}${pace}${time}`;
}

class BatchLines implements BatchProgress {
  private readonly state = new BatchState();
  private readonly stream: Writable;
  private said = Date.now();

  constructor(stream: Writable) {
    this.stream = stream;
  }

  show(event: BatchEvent): void {
    const now = Date.now();
    this.state.take(event, now);
    if (event.kind === 'opened') {
      const done = event.finished.length > 0 ? `, ${event.finished.length} finished before` : '';
      this.say(`${event.jobs.length} runs, ${event.parallel} side by side${done}`);
    } else if (event.kind === 'run') {
      if (event.event.kind === 'started') {
        const { resumed, step } = event.event;
        this.say(`${event.key}: ${resumed ? `going on from step ${step}` : 'started'}`);
      } else if (event.event.kind === 'warning') this.say(`${event.key}: warning: ${event.event.message}`);
    } else if (event.kind === 'outcome') this.say(`${event.key}: ${outcomeText(event)}`);
    if (event.kind !== 'closed' && now - this.said > SECONDS_BETWEEN_LINES * 1000) {
      this.said = now;
      this.say(sum(this.state, now));
    }
  }

  close(): void {}

  private say(text: string): void {
    printLine(this.stream, text);
  }
}

function outcomeText({ outcome, retry }: Extract<BatchEvent, { kind: 'outcome' }>): string {
  if (outcome.state === 'interrupted') return 'interrupted';
  if (outcome.state === 'failed')
    return `failed (${outcome.code}): ${outcome.message}${retry ? '; will be tried again' : ''}`;
  const { steps, seconds, evaluation } = outcome.summary;
  const reached = evaluation === null ? '' : `, return ${short(evaluation.return.mean)}`;
  return `finished: ${steps} steps in ${duration(seconds)}${reached}`;
}

function cut(line: string, columns: number): string {
  const first = line.split('\n')[0]!;
  return first.length < columns ? first : `${first.slice(0, columns - 2)}…`;
}

/** A table without lines: it fits small terminals. */
export const NO_LINES = Object.fromEntries(
  [
    'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right',
    'left left-mid mid mid-mid right right-mid middle',
  ].flatMap((names) => names.split(' ').map((name) => [name, ''])),
);
