import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { allowsCpu, LightbulbError, visibleNvidiaGpus } from '../../core/index.ts';

import { keepingBackend, onBackend } from './backend.ts';
import { watched } from './contract.ts';
import type { Executable, Executor } from './executor.ts';
import { tf } from './tf.ts';
import { namedTensors, type Signature, type TensorFunction } from './trace.ts';
import type { DType, Value } from './value.ts';
import { zeros } from './value.ts';

/** tfjs's own backends: plain JavaScript, WebAssembly, and the native one of `@tensorflow/tfjs-node-gpu`. */
export type EagerBackend = 'cpu' | 'wasm' | 'tensorflow';

export interface EagerOptions {
  readonly backend?: EagerBackend;
}

const require = createRequire(import.meta.url);
const prepared = new Set<EagerBackend>(['cpu']);
/** A package that failed to load half-way registers its kernels twice when asked again, and says so at length. */
const failed = new Map<EagerBackend, unknown>();

export interface PrepareOptions {
  /**
   * Threads inside one operator of `tensorflow`; all cores by default. Once for a process: TensorFlow reads it from
   * TF_NUM_INTRAOP_THREADS when it loads, which a person may also set.
   */
  readonly threads?: number;
}

/**
 * Loads a backend; needed once before `eagerExecutor` can use `wasm` or `tensorflow`. tfjs's chosen backend stays as
 * it was. Error `unavailable`, with the cure, where the backend cannot be loaded on this machine, and where
 * `tensorflow` would leave a visible NVIDIA GPU unused (unless LIGHTBULB_ALLOW_CPU=1).
 */
export async function prepareEager(backend: EagerBackend, { threads }: PrepareOptions = {}): Promise<void> {
  if (prepared.has(backend)) return;
  if (failed.has(backend)) throw failed.get(backend);
  try {
    await keepingBackend(backend === 'wasm' ? loadWasm : () => loadTensorFlow(threads));
    prepared.add(backend);
  } catch (error) {
    failed.set(backend, error);
    throw error;
  }
}

async function loadWasm(): Promise<void> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'));
  let isReady = false;
  const before = FATAL_EVENTS.map((event) => events.listeners(event));
  try {
    isReady = await tf.setBackend('wasm');
  } catch (cause) {
    throw unavailable('wasm', cause, 'Run npm ci: the .wasm files of @tensorflow/tfjs-backend-wasm are missing');
  } finally {
    // Emscripten installs handlers that rethrow whatever goes wrong anywhere in the process.
    for (const [i, event] of FATAL_EVENTS.entries()) {
      for (const listener of events.listeners(event) as (() => void)[]) {
        if (!before[i]!.includes(listener)) events.removeListener(event, listener);
      }
    }
  }
  if (!isReady) throw unavailable('wasm', undefined, 'This Node cannot compile WebAssembly with SIMD');
}

const events: EventEmitter = process;
const FATAL_EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

async function loadTensorFlow(threads: number | undefined): Promise<void> {
  restoreOldNode();
  // TensorFlow's C++ part reports its start on standard error, unless told not to.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Otherwise it takes the whole memory of a GPU at once; the binding passes no options, so this is the only way.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  if (threads !== undefined) process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  try {
    require('@tensorflow/tfjs-node-gpu');
  } catch (cause) {
    const isMissing =
      (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' && /tfjs-node-gpu'/.test(String(cause));
    throw unavailable(
      'tensorflow',
      cause,
      isMissing
        ? 'Install the optional package @tensorflow/tfjs-node-gpu'
        : 'Its native parts do not come with npm ci. Fetch or build them: npx lightbulb setup tensorflow',
    );
  }
  refuseIdleGpu(tensorflowFacts());
}

/**
 * Puts back `util.isNullOrUndefined` and `util.isArray`, which `@tensorflow/tfjs-node-gpu` calls and Node 23 dropped
 * (tfjs pull request 8425, merged after the last release).
 */
export function restoreOldNode(util = require('node:util') as Record<string, unknown>): void {
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/** What the loaded TensorFlow library is. */
export interface TensorflowFacts {
  /** `2.21.0`. */
  readonly version: string;
  readonly isUsingGpu: boolean;
}

/** Asks TensorFlow's backend, which must be loaded. */
export function tensorflowFacts(): TensorflowFacts {
  const backend = tf.findBackend('tensorflow') as unknown as {
    isUsingGpuDevice: boolean;
    binding: { TF_Version: string };
  };
  return { version: backend.binding.TF_Version, isUsingGpu: backend.isUsingGpuDevice };
}

/** Where CUDA's libraries are missing, TensorFlow computes on the CPU without a word. */
function refuseIdleGpu({ version, isUsingGpu }: TensorflowFacts): void {
  const [gpu] = visibleNvidiaGpus();
  if (isUsingGpu || gpu === undefined || allowsCpu()) return;
  throw new LightbulbError('unavailable', 'tensorflow would compute on the CPU although there is an NVIDIA GPU', {
    wanted: `a TensorFlow library that uses ${gpu}`,
    got: `TensorFlow ${version}, which is built for the CPU alone, or does not find CUDA's libraries or cannot drive this GPU`,
    cure: 'Build the addon on a library that can: npx lightbulb setup tensorflow --library <folder>. To compute on the CPU all the same, set LIGHTBULB_ALLOW_CPU=1 or CUDA_VISIBLE_DEVICES=-1',
  });
}

function unavailable(backend: EagerBackend, cause: unknown, cure: string): LightbulbError {
  const message = cause instanceof Error ? cause.message.split('\n')[0] : undefined;
  return new LightbulbError('unavailable', `the tfjs backend ${backend} does not load`, {
    ...(message === undefined ? {} : { got: message }),
    cure,
    cause,
  });
}

/**
 * Runs functions op by op on a tfjs backend: slower, but with every kernel of tfjs, and a second opinion on compiled
 * programs. Values are copied in and out; no tensor outlives a run.
 */
export function eagerExecutor({ backend = 'cpu' }: EagerOptions = {}): Executor {
  return {
    name: 'eager',
    device: backend,
    prepare: (fn, signature, name) => prepare(fn, signature, name, backend),
  };
}

function prepare(fn: TensorFunction, signature: Signature, name: string, backend: EagerBackend): Executable {
  if (!prepared.has(backend)) {
    throw new LightbulbError('unavailable', `the tfjs backend ${backend} is not loaded`, {
      cure: `Call "await prepareEager('${backend}')" first`,
    });
  }
  const outputs: Record<string, { dtype: DType; shape: readonly number[] }> = {};
  // Shapes are only known by running: once, on zeros.
  const blank = Object.fromEntries(
    Object.entries(signature).map(([key, { dtype, shape }]) => [key, zeros(dtype, shape)]),
  );
  evaluate(fn, blank, name, backend, (key, tensor) => {
    outputs[key] = { dtype: tensor.dtype as DType, shape: [...tensor.shape] };
  });
  const run = (inputs: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): void =>
    evaluate(fn, inputs, name, backend, (key, tensor) => results[key]!.data.set(tensor.dataSync() as Float32Array));
  return { outputs, run, bind: (inputs, results) => () => run(inputs, results), dispose: () => undefined };
}

function evaluate(
  fn: TensorFunction,
  inputs: Readonly<Record<string, Value>>,
  name: string,
  backend: EagerBackend,
  take: (key: string, tensor: tf.Tensor) => void,
): void {
  onBackend(backend, () => {
    tf.engine().startScope(name);
    try {
      const tensors: Record<string, tf.Tensor> = {};
      // Copies: tfjs keeps the array that it is given, and results may be written over it.
      for (const [key, { data, shape, dtype }] of Object.entries(inputs)) {
        tensors[key] = tf.tensor(data.slice(), [...shape], dtype);
      }
      const seen = watched(tensors);
      let returned: unknown;
      try {
        returned = fn(seen.inputs);
      } catch (error) {
        throw seen.explain(name, error);
      }
      for (const [key, tensor] of namedTensors(returned, name)) take(key, tensor);
    } finally {
      tf.engine().endScope();
    }
  });
}
