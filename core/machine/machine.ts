import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { type NvidiaGpu, nvidiaGpus } from './nvidia.ts';

/** What numbers measured on a machine are worth nothing without. */
export interface Machine {
  readonly cpu: string;
  /** What this process may run at the same time. */
  readonly cores: number;
  readonly memoryGiB: number;
  /** `linux x64 6.1.0`. */
  readonly system: string;
  /** As nvidia-smi tells them. */
  readonly gpus: readonly NvidiaGpu[];
  /** `node`, `lightbulb`, and the packages that compute. */
  readonly versions: Readonly<Record<string, string>>;
}

let known: Machine | undefined;

/** Describes this machine; looked at once. */
export function describeMachine(): Machine {
  known ??= {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()} ${release()}`,
    gpus: nvidiaGpus(),
    versions: versions(),
  };
  return known;
}

function versions(): Record<string, string> {
  const found = {
    node: process.versions.node,
    lightbulb: versionIn(new URL('../../package.json', import.meta.url)),
    'onnxruntime-node': versionOf('onnxruntime-node'),
    '@tensorflow/tfjs': versionOf('@tensorflow/tfjs'),
  };
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** A package's version, from its own folder: packages need not let their `package.json` be imported. */
function versionOf(name: string): string | undefined {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name, 'package.json')).find((file) => existsSync(file));
  return found === undefined ? undefined : versionIn(found);
}

function versionIn(file: string | URL): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
}
