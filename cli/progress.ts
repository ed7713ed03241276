import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import type { Event } from '../scenarios/index.ts';
import { duration, evaluationText, short } from './summary.ts';
import { printLine } from './terminal.ts';

/** Shows how far a run is. */
export interface Progress {
  show(event: Event): void;
  close(): void;
}

/** What there is to say at a step. */
interface Position {
  readonly step: number;
  readonly steps: number;
  /** Since this sitting began; 0 where not known yet. */
  readonly stepsPerSecond: number;
  readonly return: string;
}

const SECONDS_BETWEEN_LINES = 5;

/** One line that is written over and over on a terminal, a line every few seconds elsewhere. */
export function showProgress(stream: Writable & { readonly isTTY?: boolean }): Progress {
  const display = stream.isTTY ? new Bar(stream) : new Lines(stream);
  let began: { readonly step: number; readonly steps: number; readonly milliseconds: number } | undefined;
  let latest: number | undefined;
  return {
    show: (event) => {
      const milliseconds = Date.parse(event.time);
      if (event.kind === 'started') {
        began = { step: event.step, steps: event.steps, milliseconds };
        const from = event.resumed ? `going on from step ${event.step}` : `${event.parameters} parameters`;
        display.say(`${event.scenario}: ${from}, ${event.folder}`);
      } else if (event.kind === 'warning') display.say(`warning: ${event.message}`);
      // The last evaluation stands in the summary.
      else if (event.kind === 'evaluation' && event.step < (began?.steps ?? 0))
        display.say(`step ${event.step}: ${evaluationText(event.evaluation)}`);
      else if (event.kind === 'iteration' && began !== undefined) {
        latest = event.metrics['return/mean'] ?? latest;
        const seconds = (milliseconds - began.milliseconds) / 1000;
        display.move(
          {
            step: event.step,
            steps: began.steps,
            stepsPerSecond: seconds > 0 ? (event.step - began.step) / seconds : 0,
            return: latest === undefined ? '-' : short(latest),
          },
          milliseconds / 1000,
        );
      }
    },
    close: () => display.close(),
  };
}

class Lines {
  private readonly stream: Writable;
  private said: number | undefined;

  constructor(stream: Writable) {
    this.stream = stream;
  }

  say(text: string): void {
    printLine(this.stream, text);
  }

  move(position: Position, seconds: number): void {
    this.said ??= seconds;
    if (seconds - this.said < SECONDS_BETWEEN_LINES) return;
    this.said = seconds;
    const percent = Math.min(100, Math.floor((100 * position.step) / position.steps));
    this.say(`step ${position.step} of ${position.steps} (${percent}%), ${remarks(position)}`);
  }

  close(): void {}
}

class Bar {
  private readonly stream: Writable;
  private bar: SingleBar | undefined;

  constructor(stream: Writable) {
    this.stream = stream;
  }

  /** Above the bar, which is drawn again at the next move. */
  say(text: string): void {
    this.close();
    printLine(this.stream, text);
  }

  move(position: Position): void {
    const { step, steps } = position;
    const payload = { remarks: remarks(position) };
    if (this.bar === undefined) {
      this.bar = new SingleBar({
        stream: this.stream as NodeJS.WritableStream,
        format: '{bar} {percentage}% | {remarks}',
        barCompleteChar: '\u2588',
        barIncompleteChar: '\u2591',
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        gracefulExit: false, // signals are the run's business
      });
      this.bar.start(steps, Math.min(step, steps), payload);
    } else this.bar.update(Math.min(step, steps), payload);
  }

  close(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}

function remarks({ step, steps, stepsPerSecond, return: latest }: Position): string {
  const left = stepsPerSecond > 0 ? duration(Math.max(0, steps - step) / stepsPerSecond) : '?';
  return `${short(stepsPerSecond)} steps/s, ${left} left, return ${latest}`;
}
