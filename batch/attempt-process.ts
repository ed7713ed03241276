import { type ChildProcess, fork } from 'node:child_process';
import { finished } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Event } from '../scenarios/index.ts';
import type { Outcome } from './attempt.ts';
import type { Order, Report } from './attempt-messages.ts';

/** How a child ended that did not say so itself. */
export interface Ending {
  readonly state: 'gone';
  /** `SIGKILL`, or `exit code 3`. */
  readonly how: string;
}

const launcher = fileURLToPath(new URL('./attempt-process.mjs', import.meta.url));
const FAREWELL_MS = 5000;
const LAST_WORDS_MS = 1000;

const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** A child process that does one run after the other. Everything it prints goes to `print`. */
export class AttemptProcess {
  print: (text: string) => void = () => {};
  /** How many it has begun. */
  runs = 0;
  private readonly child: ChildProcess;
  private readonly closed: Promise<Ending>;
  private readonly ready: Promise<unknown>;
  /** A child must not hear that it is to stop before it has heard of its run. */
  private isAtWork = false;
  private mustStop = false;

  constructor() {
    const child = fork(launcher, { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.child = child;
    living.add(child);
    const streams = [child.stdout!, child.stderr!];
    for (const stream of streams) stream.setEncoding('utf8').on('data', (text: string) => this.print(text));
    this.closed = new Promise((resolve) => {
      const gone = (how: string): void => {
        living.delete(child);
        resolve({ state: 'gone', how });
      };
      child.on('error', (error) => gone(String(error))); // it could not be started, or not be told something
      // Not `close`, which Node 20 leaves out after a `disconnect` from this side. What the child printed last comes
      // after its end; grandchildren that hold its pipes open are not waited for.
      child.on('exit', (code, signal) => {
        const printed = Promise.all(streams.map((stream) => finished(stream).catch(() => {})));
        void Promise.race([printed, wait(LAST_WORDS_MS, undefined, { ref: false })]).then(() =>
          gone(signal ?? `exit code ${code}`),
        );
      });
    });
    this.ready = new Promise((resolve) => {
      child.once('message', resolve);
    });
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Does one run. `begin` is called when the child, which takes a while to start, has the order; `show` sees its
   * events. Resolves when the child has said how it ended, or is gone.
   */
  async run(
    order: Extract<Order, { kind: 'run' }>,
    begin: () => void,
    show: (event: Event) => void,
  ): Promise<Outcome | Ending> {
    let listener: (report: Report) => void = () => {};
    const outcome = new Promise<Outcome>((resolve) => {
      listener = (report) => {
        if (report.kind === 'event') show(report.event);
        else if (report.kind === 'ended') resolve(report.outcome);
      };
    });
    this.child.on('message', listener);
    this.mustStop = false;
    this.runs++;
    try {
      const start = await Promise.race([this.ready, this.closed]);
      if (isEnding(start)) return start;
      begin();
      this.tell(order);
      this.isAtWork = true;
      if (this.mustStop) this.stop();
      return await Promise.race([outcome, this.closed]);
    } finally {
      this.isAtWork = false;
      this.child.off('message', listener);
    }
  }

  /** Asks for a checkpoint and the end of the run. */
  stop(): void {
    this.mustStop = true;
    if (this.isAtWork) this.tell({ kind: 'stop' });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Lets the child go, and waits until it is gone. */
  async retire(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    const patience = setTimeout(() => this.kill(), FAREWELL_MS);
    await this.closed;
    clearTimeout(patience);
  }

  private tell(order: Order): void {
    // A child that is just dying cannot be told anything; how it ends says the rest.
    if (this.child.connected) this.child.send(order, () => {});
  }
}

function isEnding(value: unknown): value is Ending {
  return (value as Ending).state === 'gone';
}
