import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/** Where a system shows its graphics processors; tests put others here. */
export interface GpuPlaces {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The folder of device files. */
  readonly devices?: string;
}

/**
 * The NVIDIA GPUs that this process may use, as device files (`/dev/nvidia0`); Linux alone, WSL included. Not the
 * kernel driver's own list under /proc, which a container sees even where it was given no GPU. None where
 * CUDA_VISIBLE_DEVICES hides them all (empty or -1).
 */
export function visibleNvidiaGpus({ env = process.env, devices = '/dev' }: GpuPlaces = {}): string[] {
  const visible = env.CUDA_VISIBLE_DEVICES?.trim();
  if (visible === '' || visible?.startsWith('-1')) return [];
  if (!existsSync(devices)) return [];
  const cards = readdirSync(devices).filter((name) => /^nvidia\d+$/.test(name));
  // Under WSL the one device file is every vendor's; the driver's library beside it tells NVIDIA's.
  if (cards.length === 0 && existsSync(`${devices}/dxg`) && existsSync('/usr/lib/wsl/lib/libcuda.so.1')) {
    return [`${devices}/dxg`];
  }
  return cards.sort().map((name) => `${devices}/${name}`);
}

/** True where the person said that a GPU may stay unused: LIGHTBULB_ALLOW_CPU=1. */
export function allowsCpu(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return env.LIGHTBULB_ALLOW_CPU === '1';
}

/** What nvidia-smi says of one GPU. */
export interface NvidiaGpu {
  readonly name: string;
  readonly memoryMiB: number;
  readonly driver: string;
  /** CUDA's compute capability: 8.0 is Ampere, 9.0 Hopper. Null where the driver is too old to say. */
  readonly computeCapability: number | null;
}

/** Asks nvidia-smi; an empty list where there is none, or where it does not answer within five seconds. */
export function nvidiaGpus(): NvidiaGpu[] {
  const query = ['--query-gpu=name,memory.total,driver_version,compute_cap', '--format=csv,noheader,nounits'];
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return parseNvidiaSmi(execFileSync('nvidia-smi', query, { encoding: 'utf8', stdio, timeout: 5000 }));
  } catch {
    return [];
  }
}

/** Reads what nvidia-smi prints for `name, memory.total, driver_version, compute_cap` as CSV without units. */
export function parseNvidiaSmi(printed: string): NvidiaGpu[] {
  return printed
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 4)
    .map(([name, memory, driver, capability]) => ({
      name: name!,
      memoryMiB: Number(memory),
      driver: driver!,
      computeCapability: Number.isFinite(Number(capability)) ? Number(capability) : null,
    }));
}
