import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import type { Event, Prepared } from '../scenarios/index.ts';
import { duration, evaluationText, short } from './summary.ts';
import { printLine } from './terminal.ts';

/** Shows how far a run is. */
export interface Progress {
  show(event: Event): void;
  close(): void;
}

/** What there is to say at a step. */
interface Position {
  /** What is on its way, where it is not the run itself: `expert of cartpole`. */
  readonly what: string;
  readonly step: number;
  readonly steps: number;
  /** What a step is called. */
  readonly unit: 'steps' | 'updates';
  /** Since this sitting began; 0 where not known yet. */
  readonly stepsPerSecond: number;
  /** `return 12.3`, or what else shows how it goes. */
  readonly latest: string;
}

const SECONDS_BETWEEN_LINES = 5;

/** One line that is written over and over on a terminal, a line every few seconds elsewhere. */
export function showProgress(stream: Writable & { readonly isTTY?: boolean }): Progress {
  const display = stream.isTTY ? new Bar(stream) : new Lines(stream);
  let began: { readonly step: number; readonly steps: number; readonly milliseconds: number } | undefined;
  let latest: string | undefined;
  let unit: Position['unit'] = 'steps';
  let expert: { readonly task: string; readonly learned: number; readonly milliseconds: number } | undefined;
  let isNamed = false;

  const greet = (
    { scenario, folder, resumed, step }: Extract<Event, { kind: 'started' | 'preparing' }>,
    what: string,
  ) => {
    const from = resumed && step > 0 ? `going on from step ${step}` : what;
    display.say(isNamed ? from : `${scenario}: ${from}, ${folder}`);
    isNamed = true;
  };
  const showExpert = (event: Extract<Event, { kind: 'expert' }>, milliseconds: number): void => {
    const { task, learned, toLearn, metrics } = event;
    if (expert?.task !== task) expert = { task, learned, milliseconds };
    const seconds = (milliseconds - expert.milliseconds) / 1000;
    const speed = seconds > 0 ? (learned - expert.learned) / seconds : event.stepsPerSecond;
    const reached = metrics['return/mean'];
    const how = `return ${reached === undefined ? '-' : short(reached)}`;
    const what = `expert of ${task}: `;
    display.move(
      { what, step: learned, steps: toLearn, unit: 'steps', stepsPerSecond: speed, latest: how },
      milliseconds / 1000,
    );
  };

  return {
    show: (event) => {
      const milliseconds = Date.parse(event.time);
      if (event.kind === 'preparing') {
        greet(event, `first the tasks ${event.tasks.join(', ')}`);
      } else if (event.kind === 'expert') showExpert(event, milliseconds);
      else if (event.kind === 'prepared') display.say(preparedText(event.prepared));
      else if (event.kind === 'started') {
        unit = event.tasks === undefined ? 'steps' : 'updates';
        began = { step: event.step, steps: event.steps, milliseconds };
        greet(event, `${event.parameters} parameters`);
      } else if (event.kind === 'warning') display.say(`warning: ${event.message}`);
      // The last evaluation stands in the summary.
      else if (event.kind === 'evaluation' && event.step < (began?.steps ?? 0))
        display.say(`step ${event.step}: ${evaluationText(event.evaluation)}`);
      else if (event.kind === 'iteration' && began !== undefined) {
        latest = howItGoes(event.metrics) ?? latest;
        const seconds = (milliseconds - began.milliseconds) / 1000;
        display.move(
          {
            what: '',
            step: event.step,
            steps: began.steps,
            unit,
            stepsPerSecond: seconds > 0 ? (event.step - began.step) / seconds : 0,
            latest: latest ?? 'return -',
          },
          milliseconds / 1000,
        );
      }
    },
    close: () => display.close(),
  };
}

/** A return where there is one, otherwise the loss. */
function howItGoes(metrics: Readonly<Record<string, number>>): string | undefined {
  const reached = metrics['return/mean'];
  if (reached !== undefined) return `return ${short(reached)}`;
  return metrics.loss === undefined ? undefined : `loss ${short(metrics.loss)}`;
}

function preparedText({ task, random, expert, episodes, steps, seconds }: Prepared): string {
  const returns = random === null || expert === null ? '' : `: random ${short(random)}, expert ${short(expert)}`;
  return `${task}${returns}; ${episodes} episodes of ${steps} steps in all, ${duration(seconds)}`;
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
    this.say(`${position.what}step ${position.step} of ${position.steps} (${percent}%), ${remarks(position)}`);
  }

  close(): void {}
}

class Bar {
  private readonly stream: Writable;
  private bar: SingleBar | undefined;
  /** What the bar is about. */
  private of = '';

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
    const payload = { remarks: remarks(position), what: position.what };
    if (this.of !== position.what) this.close();
    this.of = position.what;
    if (this.bar === undefined) {
      this.bar = new SingleBar({
        stream: this.stream as NodeJS.WritableStream,
        format: '{what}{bar} {percentage}% | {remarks}',
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

function remarks({ step, steps, unit, stepsPerSecond, latest }: Position): string {
  const left = stepsPerSecond > 0 ? duration(Math.max(0, steps - step) / stepsPerSecond) : '?';
  return `${short(stepsPerSecond)} ${unit}/s, ${left} left, ${latest}`;
}
