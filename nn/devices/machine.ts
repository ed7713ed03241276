import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { type NvidiaGpu, nvidiaGpus } from './nvidia.ts';

/** What numbers measured on a machine are worth nothing without. */
export interface Machine {
  readonly cpu: string;
  /** What this process may run at the same time. */
  readonly cores: number;
  readonly memoryGiB: number;
  /** `linux x64 6.1.0`. */
  readonly system: string;
  readonly node: string;
  /** Version of onnxruntime-node. */
  readonly onnxruntime: string;
  readonly gpus: readonly NvidiaGpu[];
}

/** Describes this machine; GPUs as nvidia-smi tells them. */
export async function describeMachine(): Promise<Machine> {
  const require = createRequire(import.meta.url);
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()} ${release()}`,
    node: process.versions.node,
    onnxruntime: (require('onnxruntime-node/package.json') as { version: string }).version,
    gpus: await nvidiaGpus(),
  };
}
