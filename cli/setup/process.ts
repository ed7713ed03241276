import { spawn } from 'node:child_process';

export interface Finished {
  /** Exit code; null where a signal ended it, or it could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

/** Runs a program to its end and keeps what it printed. Never rejects: one that does not start says so in `stderr`. */
export function runProcess(
  program: string,
  words: readonly string[],
  { cwd, env = process.env, timeoutMs }: RunOptions,
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => {
      stderr += `\nno end within ${timeoutMs / 1000} s`;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: null, stdout, stderr: `${stderr}${error.message}` });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** The line of what a program printed that says most: the first that is an error's message, otherwise the last. */
export function tellingLine(printed: string): string {
  const lines = printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at '));
  const isMessage = (line: string): boolean =>
    /^(\w*error|fatal):|\berror:|: (not found|undefined symbol)|no end within/i.test(line);
  return lines.find(isMessage) ?? lines.at(-1) ?? 'not a word';
}
