import { join } from 'node:path';
import type { Evaluation } from '../../agents/index.ts';
import type { Event } from '../../scenarios/index.ts';
import { LineTail } from './line-tail.ts';
import { ThinnedSeries } from './thinned-series.ts';

export type LiveState = 'waiting' | 'running' | 'finished' | 'interrupted' | 'failed';

/** A run as its row in the table says it. */
export interface LiveRow {
  readonly id: string;
  readonly name: string;
  readonly arm: string;
  readonly seed: number | null;
  readonly state: LiveState;
  readonly step: number;
  /** To be made in all; null before the run has started. */
  readonly steps: number | null;
  readonly stepsPerSecond: number | null;
  /** Mean return of training's last episodes. */
  readonly latestReturn: number | null;
  /** What the last evaluation found: the team's objective where the environment has one of its own, or the return. */
  readonly evaluated: number | null;
  /** Seconds; null where the run does not run. */
  readonly left: number | null;
  /** Time of its last event (ISO 8601): a run that was killed says nothing more. */
  readonly time: string | null;
  readonly message: string | null;
}

type Known = Pick<LiveRow, 'id' | 'name'> & { readonly path: string; readonly arm?: string; readonly seed?: number };

/** Follows one run's events. */
export class LiveRun {
  readonly id: string;
  readonly path: string;
  readonly series = new Map<string, ThinnedSeries>();
  private readonly tail: LineTail;
  private readonly known: Known;
  private row_: LiveRow;

  constructor(known: Known) {
    this.id = known.id;
    this.path = known.path;
    this.known = known;
    this.tail = new LineTail(join(known.path, 'events.jsonl'));
    this.row_ = this.blank();
  }

  get row(): LiveRow {
    return this.row_;
  }

  /** Reads what its file has grown by. True where anything came. */
  async refresh(): Promise<boolean> {
    const { restarted, lines } = await this.tail.read();
    if (restarted) {
      this.row_ = this.blank();
      for (const series of this.series.values()) series.cutAfter(Number.NEGATIVE_INFINITY);
    }
    for (const line of lines) {
      const event = eventOf(line);
      if (event !== undefined) this.take(event);
    }
    return restarted || lines.length > 0;
  }

  private blank(): LiveRow {
    const { id, name, arm = '', seed = null } = this.known;
    const nothing = {
      stepsPerSecond: null,
      latestReturn: null,
      evaluated: null,
      left: null,
      time: null,
      message: null,
    };
    return { id, name, arm, seed, state: 'waiting', step: 0, steps: null, ...nothing };
  }

  private take(event: Event): void {
    const { time } = event;
    const row = this.row_;
    switch (event.kind) {
      case 'preparing':
        this.row_ = {
          ...row,
          arm: this.known.arm ?? event.scenario,
          seed: event.seed,
          state: 'running',
          step: event.step,
          steps: event.steps,
          message: `prepares ${event.tasks.join(', ')}`,
          time,
        };
        break;
      case 'expert':
      case 'prepared':
        this.row_ = { ...row, time };
        break;
      case 'started':
        // Metrics after the checkpoint that a run goes on from are made again.
        for (const series of this.series.values()) series.cutAfter(event.step);
        this.row_ = {
          ...row,
          arm: this.known.arm ?? event.scenario,
          seed: event.seed,
          state: 'running',
          step: event.step,
          steps: event.steps,
          stepsPerSecond: null,
          left: null,
          message: null,
          time,
        };
        break;
      case 'iteration': {
        const { step, metrics, stepsPerSecond } = event;
        for (const [name, value] of Object.entries(metrics)) this.add(name, step, value);
        // Speeds of single iterations jump; the mean over about the last ten is what time is told by.
        const speed = row.stepsPerSecond === null ? stepsPerSecond : 0.9 * row.stepsPerSecond + 0.1 * stepsPerSecond;
        this.row_ = {
          ...row,
          step,
          stepsPerSecond: speed,
          latestReturn: metrics['return/mean'] ?? row.latestReturn,
          left: row.steps === null || speed <= 0 ? null : Math.max(0, row.steps - step) / speed,
          time,
        };
        break;
      }
      case 'evaluation':
        this.addEvaluation(event.step, event.evaluation);
        this.row_ = { ...row, evaluated: event.evaluation.team ?? event.evaluation.return.mean, time };
        break;
      case 'warning':
        this.row_ = { ...row, message: event.message, time };
        break;
      case 'failed':
        this.row_ = { ...row, state: 'failed', message: event.message, left: null, time };
        break;
      case 'finished':
      case 'interrupted':
        this.row_ = {
          ...row,
          state: event.kind,
          step: event.step,
          stepsPerSecond: event.summary.stepsPerSecond,
          left: null,
          time,
        };
        break;
      case 'checkpoint':
        this.row_ = { ...row, time };
    }
  }

  private addEvaluation(step: number, { return: of, length, team, scores = {}, tasks = {} }: Evaluation): void {
    if (team !== undefined) this.add('evaluation/team', step, team);
    this.add('evaluation/return/mean', step, of.mean);
    this.add('evaluation/length', step, length);
    for (const [name, value] of Object.entries(scores)) this.add(`evaluation/score/${name}`, step, value);
    for (const [task, { return: returns, score }] of Object.entries(tasks)) {
      this.add(`evaluation/${task}/return`, step, returns.mean);
      this.add(`evaluation/${task}/score`, step, score);
    }
  }

  private add(name: string, step: number, value: number): void {
    if (!Number.isFinite(value)) return;
    let series = this.series.get(name);
    if (series === undefined) {
      series = new ThinnedSeries();
      this.series.set(name, series);
    }
    series.add(step, value);
  }
}

/** An event, or nothing where the line is none: a file that was damaged shall not end the watching. */
function eventOf(line: string): Event | undefined {
  try {
    const value = JSON.parse(line) as Event;
    return typeof value === 'object' && value !== null && typeof value.kind === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
