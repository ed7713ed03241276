import { type ChildProcess, spawn } from 'node:child_process';
import { LightbulbError } from '../../core/index.ts';

/** How a process is started. */
export interface RoleCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Default: this process's own. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface SuperviseSpec {
  readonly roles: readonly string[];
  /** What plays a role, in a process of its own. It has an IPC channel, and has to end when that is disconnected. */
  readonly command: (role: string) => RoleCommand;
  readonly tell?: (news: ProcessNews) => void;
  /** Called once, where a process says by exit code 2 that its input is wrong: another one would say the same. */
  readonly failed?: (error: LightbulbError) => void;
}

export type ProcessNews =
  | { readonly kind: 'started'; readonly role: string; readonly pid: number }
  /** `how`: `SIGKILL`, or `exit code 1`. */
  | { readonly kind: 'died'; readonly role: string; readonly how: string };

export interface Supervision {
  /** Of the processes that live now. */
  readonly pids: ReadonlyMap<string, number>;
  /** Asks them to end, ends those that do not, and resolves when none is left. */
  close(): Promise<void>;
}

/** Milliseconds before a process is replaced: at first, and at most. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;
/** Milliseconds of life after which a death counts as a first one. */
const HEALTHY = 10_000;
/** Milliseconds to end in. */
const FAREWELL = 5000;
const MOST_LAST_WORDS = 2000;
const WRONG_INPUT = 2;

const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** A process for each role, replaced when it dies, for as long as this one lives. */
export function superviseRoles(spec: SuperviseSpec): Supervision {
  const posts = spec.roles.map((role) => new Post(role, spec));
  return {
    get pids() {
      return new Map(posts.flatMap(({ role, pid }) => (pid === undefined ? [] : [[role, pid] as const])));
    },
    async close() {
      await Promise.all(posts.map((post) => post.close()));
    },
  };
}

/** Where somebody always has to be. */
class Post {
  private child: ChildProcess | undefined;
  private gone: Promise<void> = Promise.resolve();
  private pause = FIRST_PAUSE;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    readonly role: string,
    private readonly spec: SuperviseSpec,
  ) {
    this.fill();
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    const { child } = this;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), FAREWELL);
    await this.gone;
    clearTimeout(patience);
  }

  private fill(): void {
    const { role, spec } = this;
    const { file, args, env = process.env } = spec.command(role);
    const began = performance.now();
    const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-MOST_LAST_WORDS);
    });
    living.add(child);
    this.child = child;
    this.gone = new Promise((resolve) => {
      const ended = (how: string, code: number | null): void => {
        if (!living.delete(child)) return;
        this.child = undefined;
        resolve();
        if (!this.isClosed) this.replace(how, code, said.trim(), performance.now() - began);
      };
      child.on('error', (error) => ended(String(error), null));
      child.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`, code));
    });
    if (child.pid !== undefined) spec.tell?.({ kind: 'started', role, pid: child.pid });
  }

  private replace(how: string, code: number | null, said: string, lived: number): void {
    const { role, spec } = this;
    spec.tell?.({ kind: 'died', role, how });
    if (code === WRONG_INPUT) {
      this.isClosed = true;
      const got = said === '' ? how : said;
      spec.failed?.(
        new LightbulbError('invalid_input', 'the process that is to play it does not begin', { where: role, got }),
      );
      return;
    }
    this.pause = lived > HEALTHY ? FIRST_PAUSE : Math.min(LONGEST_PAUSE, 2 * this.pause);
    this.timer = setTimeout(() => this.fill(), this.pause);
  }
}
