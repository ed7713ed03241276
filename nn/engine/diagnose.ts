import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LightbulbError } from '../../core/index.ts';
import { eagerExecutor, prepareEager } from './eager-executor.ts';
import type { Device, Executor } from './executor.ts';
import { onnxExecutor } from './onnx-executor.ts';
import { compile } from './program.ts';
import { tf } from './tf.ts';
import { float32 } from './value.ts';

/** What one executor said when it was tried. */
export interface Diagnosis {
  readonly executor: Executor['name'];
  readonly device: Device;
  readonly works: boolean;
  /** Why not. */
  readonly reason?: string;
  /** What to do about it. */
  readonly cure?: string;
}

const require = createRequire(import.meta.url);

type Trial = Pick<Diagnosis, 'executor' | 'device'>;
type Verdict = Omit<Diagnosis, 'executor' | 'device'>;

/** Every executor there is. `isRisky`: native drivers that may hang or end the process are tried in one of their own. */
const TRIALS: readonly (Trial & { readonly isRisky: boolean })[] = [
  { executor: 'onnx', device: 'cpu', isRisky: false },
  { executor: 'onnx', device: 'webgpu', isRisky: true },
  { executor: 'onnx', device: 'cuda', isRisky: true },
  { executor: 'eager', device: 'cpu', isRisky: false },
  { executor: 'eager', device: 'wasm', isRisky: false },
  { executor: 'eager', device: 'tensorflow', isRisky: true },
];

/**
 * Tries every executor on this machine with a small program and compares its result with the right one. Takes a few
 * seconds, most of them at the start of processes. `timeoutMs`: for those tried in a process of their own.
 */
export async function diagnose({ timeoutMs = 60_000 }: { readonly timeoutMs?: number } = {}): Promise<Diagnosis[]> {
  return Promise.all(
    TRIALS.map(async ({ isRisky, executor, device }) => {
      const trial = { executor, device };
      return { ...trial, ...(isRisky ? await tryApart(trial, timeoutMs) : await tryHere(trial)) };
    }),
  );
}

/** Runs the small program in this process. */
export async function tryHere({ executor, device }: Trial): Promise<Verdict> {
  try {
    const program = compile(({ x, w, b }) => ({ y: tf.relu(tf.add(tf.matMul(x!, w!), b!)) }), {
      name: 'diagnosis',
      executor: await executorOf(executor, device),
    });
    const { y } = program.run({
      x: float32([2, 2], [1, 2, 3, 4]),
      w: float32([2, 2], [1, -1, 2, -2]),
      b: float32([2], [0.5, 12]),
    });
    program.dispose();
    // By hand: [1 2; 3 4] [1 -1; 2 -2] = [5 -5; 11 -11], plus [0.5 12].
    const wanted = [5.5, 7, 11.5, 1];
    const isRight = wanted.every((value, i) => Math.abs(y!.data[i]! - value) < 1e-3);
    return isRight ? { works: true } : { works: false, reason: `wrong result: ${y!.data} instead of ${wanted}` };
  } catch (error) {
    if (!(error instanceof LightbulbError)) return { works: false, reason: String(error) };
    const { got, cure } = error.parts;
    return { works: false, reason: got ?? error.message, ...(cure === undefined ? {} : { cure }) };
  }
}

async function executorOf(name: Executor['name'], device: Device): Promise<Executor> {
  if (name === 'onnx') return onnxExecutor({ device: device as 'cpu' | 'webgpu' | 'cuda', isStrict: device !== 'cpu' });
  const backend = device as 'cpu' | 'wasm' | 'tensorflow';
  await prepareEager(backend);
  return eagerExecutor({ backend });
}

/** Marks the verdict among what native code prints. */
export const VERDICT = 'lightbulb diagnosis ';

/** Runs the small program in a process of its own: a driver that crashes or hangs takes only that with it. */
function tryApart({ executor, device }: Trial, timeoutMs: number): Promise<Verdict> {
  return new Promise((resolve) => {
    const script = fileURLToPath(new URL('./diagnose-apart.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      ['--import', pathToFileURL(require.resolve('tsx')).href, script, executor, device],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('error', (error) => resolve({ works: false, reason: String(error) }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const line = printed.split('\n').find((text) => text.startsWith(VERDICT));
      const verdict = line === undefined ? undefined : (JSON.parse(line.slice(VERDICT.length)) as Verdict);
      // A crash at the end of the process, after a right result, is one all the same.
      if (verdict !== undefined && (code === 0 || !verdict.works)) return resolve(verdict);
      const reason =
        signal === 'SIGKILL' && verdict === undefined
          ? `no answer within ${timeoutMs / 1000} s`
          : `the process that tried it ended with ${signal ?? `code ${code}`}`;
      resolve({
        works: false,
        reason,
        cure: `The driver for ${device} crashes or hangs here: update it, or use the cpu`,
      });
    });
  });
}
