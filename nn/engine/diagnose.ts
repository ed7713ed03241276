import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LightbulbError } from '../../core/index.ts';
import { type Measurement, measure } from './diagnose-measure.ts';
import { eagerExecutor, prepareEager, tensorflowFacts } from './eager-executor.ts';
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
  /** What it is made of, where that is not plain: `TensorFlow 2.21.0 on the CPU`. */
  readonly detail?: string;
  /** How fast it is; only of what works, and only where it was asked for. */
  readonly measurement?: Measurement;
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

export interface DiagnoseOptions {
  /** For those tried in a process of their own. */
  readonly timeoutMs?: number;
  /** Also measures those that work, one after the other, so that none takes the time of another. */
  readonly isMeasured?: boolean;
}

/**
 * Tries every executor on this machine with a small program and compares its result with the right one. Takes a few
 * seconds, most of them at the start of processes; measuring takes a few more for each that works.
 */
export async function diagnose({ timeoutMs = 60_000, isMeasured = false }: DiagnoseOptions = {}): Promise<Diagnosis[]> {
  const found = await Promise.all(
    TRIALS.map(async ({ isRisky, executor, device }): Promise<Diagnosis> => {
      const trial = { executor, device };
      return { ...trial, ...(isRisky ? await tryApart(trial, { timeoutMs }) : await tryHere(trial)) };
    }),
  );
  if (!isMeasured) return found;
  const measured: Diagnosis[] = [];
  for (const [i, { executor, device, works, ...verdict }] of found.entries()) {
    const trial = { executor, device };
    if (!works) measured.push({ ...trial, works, ...verdict });
    else if (TRIALS[i]!.isRisky) measured.push({ ...trial, ...(await tryApart(trial, { timeoutMs, isMeasured })) });
    else measured.push({ ...trial, ...(await tryHere(trial, { isMeasured })) });
  }
  return measured;
}

/** Runs the small program in this process, on the device alone. Never throws: what went wrong is the verdict. */
export async function tryHere(
  { executor, device }: Trial,
  { isMeasured = false }: Pick<DiagnoseOptions, 'isMeasured'> = {},
): Promise<Verdict> {
  try {
    const made = await executorOf(executor, device);
    const program = compile(({ x, w, b }) => ({ y: tf.relu(tf.add(tf.matMul(x!, w!), b!)) }), {
      name: 'diagnosis',
      executor: made,
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
    if (!isRight) return { works: false, reason: `wrong result: ${y!.data} instead of ${wanted}` };
    return { works: true, ...detailOf(device), ...(isMeasured ? { measurement: measure(made) } : {}) };
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

function detailOf(device: Device): Pick<Diagnosis, 'detail'> {
  if (device !== 'tensorflow') return {};
  const { version, isUsingGpu } = tensorflowFacts();
  return { detail: `TensorFlow ${version} on the ${isUsingGpu ? 'GPU' : 'CPU'}` };
}

/** Marks the verdict among what native code prints. */
export const VERDICT = 'lightbulb diagnosis ';

/** Runs the small program in a process of its own: a driver that crashes or hangs takes only that with it. */
export function tryApart(
  { executor, device }: Trial,
  { timeoutMs = 60_000, isMeasured = false }: DiagnoseOptions = {},
): Promise<Verdict> {
  return new Promise((resolve) => {
    const script = fileURLToPath(new URL('./diagnose-apart.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      [
        '--import',
        pathToFileURL(require.resolve('tsx')).href,
        script,
        executor,
        device,
        ...(isMeasured ? ['measured'] : []),
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
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
