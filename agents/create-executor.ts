import { LightbulbError } from '../core/index.ts';
import { type EagerBackend, type Executor, eagerExecutor, onnxExecutor, prepareEager, tryHere } from '../nn/index.ts';

/** Where and how tensors are computed, by name as in a scenario file. */
export interface ExecutorChoice {
  readonly executor: 'onnx' | 'eager';
  /** `auto`, or one of the executor's own devices. */
  readonly device: string;
  /**
   * Threads of the CPU: inside the operators of native TensorFlow. Compiled programs of small networks run each operator
   * on one thread, and their learners spread whole shards of a batch over the threads; a backbone's operators are large
   * enough to be spread themselves.
   */
  readonly threads: number;
}

const ONNX_DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
const EAGER_DEVICES = ['tensorflow', 'wasm', 'cpu'] as const satisfies readonly EagerBackend[];

/**
 * The executor called so. `auto` is the CPU for compiled programs and native TensorFlow for eager ones. Errors:
 * `unsupported` where the executor has no such device, `unavailable` where this machine has not, or where a GPU that
 * was asked for would stay unused: a GPU's executor first has to compute a small program without any help of the CPU.
 * inside: threads within each operator of compiled programs on the CPU; 1 where nothing is said.
 */
export async function createExecutor(
  { executor, device, threads }: ExecutorChoice,
  inside: { readonly threads: number } = { threads: 1 },
): Promise<Executor> {
  if (executor === 'onnx') {
    const known = ONNX_DEVICES.find((name) => name === (device === 'auto' ? 'cpu' : device));
    if (known === undefined) throw noDevice(executor, device, ONNX_DEVICES);
    if (known !== 'cpu') await requireDevice(known);
    return onnxExecutor({ device: known, threads: known === 'cpu' ? inside.threads : 1 });
  }
  const known = EAGER_DEVICES.find((name) => name === (device === 'auto' ? 'tensorflow' : device));
  if (known === undefined) throw noDevice(executor, device, EAGER_DEVICES);
  // Loaded here, when asked for: TensorFlow's backends are big, and few runs want them.
  await prepareEager(known, { threads });
  return eagerExecutor({ backend: known });
}

/** Operators that a GPU has no kernel for run on the CPU; that must not come to mean all of them. */
async function requireDevice(device: 'webgpu' | 'cuda'): Promise<void> {
  const { works, reason, cure } = await tryHere({ executor: 'onnx', device });
  if (works) return;
  throw new LightbulbError('unavailable', `the device ${device} cannot be used`, {
    where: '/device',
    ...(reason === undefined ? {} : { got: reason }),
    ...(cure === undefined ? {} : { cure }),
  });
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
