import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { createExecutor } from '../agents/create-executor.ts';
import { LightbulbError, suggest } from '../core/index.ts';
import type { Executor } from '../nn/index.ts';

/** What a benchmark can run on: ONNX Runtime's providers, and native TensorFlow. */
export const BENCH_DEVICES = ['cpu', 'webgpu', 'cuda', 'tensorflow'] as const;
export type BenchDevice = (typeof BENCH_DEVICES)[number];

/** The device after `--device` (or in `--device=...`) among the words; `cpu` without. Ends the process on any other. */
export function deviceOf(words: readonly string[]): BenchDevice {
  const at = words.findIndex((word) => word === '--device' || word.startsWith('--device='));
  if (at < 0) return 'cpu';
  const name = words[at]!.includes('=') ? words[at]!.slice('--device='.length) : words[at + 1];
  const known = BENCH_DEVICES.find((device) => device === name);
  if (known !== undefined) return known;
  return stopWhere(
    new LightbulbError('invalid_input', 'there is no such device', {
      where: '--device',
      wanted: BENCH_DEVICES.join(', '),
      got: name ?? 'nothing',
      cure: suggest(name ?? '', BENCH_DEVICES),
    }),
  );
}

/** The executor of a device. Error `unavailable`, with the cure, where this machine has none. */
export function executorOn(device: BenchDevice): Promise<Executor> {
  const executor = device === 'tensorflow' ? 'eager' : 'onnx';
  return createExecutor({ executor, device, threads: 1 });
}

/** Ends the process: code 2 and one line where the input, or the machine, is not what it has to be. */
export function stopWhere(error: unknown): never {
  if (!(error instanceof LightbulbError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error.code === 'internal' ? 1 : 2);
}

/** What numbers are measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** What the drivers call the graphics processors; empty where none says anything. */
  readonly gpus: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
}

export function thisMachine(): Machine {
  const require = createRequire(import.meta.url);
  const version = (name: string): string =>
    (JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string }).version;
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    gpus: [...nvidia(), ...vulkan()],
    versions: {
      node: process.version,
      'onnxruntime-node': version('onnxruntime-node'),
      tfjs: version('@tensorflow/tfjs'),
    },
  };
}

function nvidia(): string[] {
  try {
    const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];
    const lines = execFileSync('nvidia-smi', query, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return lines.trim().split('\n');
  } catch {
    return [];
  }
}

/** The Vulkan drivers that WebGPU may find: those named in the environment, otherwise those installed. */
function vulkan(): string[] {
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (named !== undefined) return named.split(':').map((path) => `Vulkan driver ${path}`);
  return ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'].flatMap((folder) => {
    try {
      return readdirSync(folder).map((name) => `Vulkan driver ${folder}/${name}`);
    } catch {
      return [];
    }
  });
}
