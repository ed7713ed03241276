import { LightbulbError } from '../core/index.ts';
import { type EagerBackend, type Executor, eagerExecutor, onnxExecutor, prepareEager } from '../nn/index.ts';

/** Where and how tensors are computed, by name as in a scenario file. */
export interface ExecutorChoice {
  readonly executor: 'onnx' | 'eager';
  /** `auto`, or one of the executor's own devices. */
  readonly device: string;
  /** Threads of the CPU. */
  readonly threads: number;
}

const ONNX_DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
const EAGER_DEVICES = ['tensorflow', 'wasm', 'cpu'] as const satisfies readonly EagerBackend[];

/**
 * The executor called so. `auto` is the CPU for compiled programs and native TensorFlow for eager ones. Errors:
 * `unsupported` where the executor has no such device, `unavailable` where this machine has not.
 */
export async function createExecutor({ executor, device, threads }: ExecutorChoice): Promise<Executor> {
  if (executor === 'onnx') {
    const known = ONNX_DEVICES.find((name) => name === (device === 'auto' ? 'cpu' : device));
    if (known === undefined) throw noDevice(executor, device, ONNX_DEVICES);
    return onnxExecutor({ device: known, threads });
  }
  const known = EAGER_DEVICES.find((name) => name === (device === 'auto' ? 'tensorflow' : device));
  if (known === undefined) throw noDevice(executor, device, EAGER_DEVICES);
  // Loaded here, when asked for: TensorFlow's backends are big, and few runs want them.
  await prepareEager(known);
  return eagerExecutor({ backend: known });
}

function noDevice(executor: string, device: string, known: readonly string[]): LightbulbError {
  const [other, others] = executor === 'onnx' ? ['eager', EAGER_DEVICES] : ['onnx', ONNX_DEVICES];
  return new LightbulbError('unsupported', `the executor ${executor} has no such device`, {
    where: '/device',
    wanted: `auto, ${known.join(', ')}`,
    got: device,
    cure: (others as readonly string[]).includes(device) ? `Set "executor": "${other}"` : 'Set "device": "auto"',
  });
}
