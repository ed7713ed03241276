import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { record } from './determinism.ts';
import { firstDifference } from './fingerprint.ts';
import { fail, pass, skip, type Verdict } from './report.ts';
import type { CheckOptions, Settings } from './settings.ts';

/** What the child process is asked to play, as JSON on its standard input. */
export interface Errand {
  readonly path: string;
  readonly options: unknown;
  readonly form: 'single' | 'batched';
  readonly seeds: readonly number[];
  readonly repeatSteps: number;
}

/** Comes before the fingerprints on the child's standard output: the module may print things of its own. */
export const MARK = 'lightbulb-fingerprints ';
/** Found from here, not from the working directory, which may be a user's without tsx. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const TIMEOUT_MS = 120_000;

/** A process of its own plays what this one plays: nothing depends on hash order, process ids or the order of imports. */
export async function judgeFreshProcess(
  { make, seeds, repeatSteps }: Settings,
  module: CheckOptions['module'],
): Promise<Verdict> {
  if (module === undefined) return skip('no module is given that another process could load');
  const environment = make();
  const wanted = seeds.map((seed) => record(environment, seed, repeatSteps));
  const answer = await runChild({
    path: module.path,
    options: module.options ?? {},
    form: module.form ?? 'single',
    seeds,
    repeatSteps,
  });
  if (typeof answer === 'string') return fail(`the other process failed: ${answer}`);
  for (const [i, seed] of seeds.entries()) {
    const difference = firstDifference(wanted[i]!, answer[i] ?? []);
    if (difference !== null) return fail(`seed ${seed}, this and another process: ${difference}`);
  }
  return pass();
}

/** The fingerprints per seed, or what went wrong. */
function runChild(errand: Errand): Promise<string | string[][]> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', TSX, fileURLToPath(new URL('./child.ts', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    child.on('error', (error) => resolve(error.message));
    // A child that dies before it reads breaks the pipe; its exit code tells more.
    child.stdin.on('error', () => undefined);
    child.on('close', (code) => {
      const line = output.split('\n').find((each) => each.startsWith(MARK));
      if (line !== undefined) resolve(JSON.parse(line.slice(MARK.length)) as string[][]);
      else resolve(`exit code ${String(code)}: ${errors.trim().split('\n').slice(0, 5).join(' | ')}`);
    });
    child.stdin.end(JSON.stringify(errand));
  });
}
