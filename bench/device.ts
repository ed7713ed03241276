import { readdirSync } from 'node:fs';
import { createExecutor } from '../agents/create-executor.ts';
import { describeMachine, LightbulbError, type Machine, suggest } from '../core/index.ts';
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

/** What numbers are measured on: the machine, and the drivers that WebGPU may find. */
export function thisMachine(): Machine & { readonly vulkan: readonly string[] } {
  return { ...describeMachine(), vulkan: vulkan() };
}

/** The Vulkan drivers that WebGPU may find: those named in the environment, otherwise those installed. */
function vulkan(): string[] {
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (named !== undefined) return named.split(':');
  return ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'].flatMap((folder) => {
    try {
      return readdirSync(folder).map((name) => `${folder}/${name}`);
    } catch {
      return [];
    }
  });
}
