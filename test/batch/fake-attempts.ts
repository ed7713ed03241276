import { existsSync } from 'node:fs';
import { EMPTY, Subject } from 'rxjs';
import type { AttemptOptions, Outcome, StartAttempt } from '../../batch/index.ts';
import { type Event, run, type Summary } from '../../scenarios/index.ts';
import { fakeTraining } from '../scenarios/fake-training.ts';

/** What an attempt is to do instead of running to its end. `attempt` counts the attempts at a folder from 1. */
export type Trouble = (options: AttemptOptions, attempt: number) => Outcome | undefined;

/** Attempts in this process with a training that learns nothing; remembers what was started, and how many at once. */
export class FakeAttempts {
  readonly started: string[] = [];
  most = 0;
  private now = 0;
  private readonly trouble: Trouble;
  private readonly onEvent: (event: Event, options: AttemptOptions) => void;

  constructor(trouble: Trouble = () => undefined, onEvent: (event: Event, options: AttemptOptions) => void = () => {}) {
    this.trouble = trouble;
    this.onEvent = onEvent;
  }

  readonly start: StartAttempt = (options) => {
    const { folder, scenario, signal } = options;
    this.started.push(folder.split(/[/\\]/).at(-1)!);
    const attempt = this.started.filter((each) => folder.endsWith(each)).length;
    const failure = this.trouble(options, attempt);
    if (failure !== undefined) return { events: EMPTY, outcome: Promise.resolve(failure) };
    this.most = Math.max(this.most, ++this.now);
    const events = new Subject<Event>();
    const work = async (): Promise<Outcome> => {
      await Promise.resolve();
      const resume = existsSync(folder);
      let summary: Summary | undefined;
      await run(scenario, { folder, resume, signal, createTraining: fakeTraining() }).forEach((event) => {
        this.onEvent(event, options);
        events.next(event);
        if (event.kind === 'finished') summary = event.summary;
      });
      events.complete();
      this.now--;
      return summary === undefined ? { state: 'interrupted' } : { state: 'finished', summary };
    };
    return { events, outcome: work() };
  };
}
