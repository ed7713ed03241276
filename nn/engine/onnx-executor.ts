import type { Tensor as OrtTensor } from 'onnxruntime-common';
import { LightbulbError } from '../../core/index.ts';
import type { Executable, Executor } from './executor.ts';
import { encodeModel } from './onnx-model.ts';
import { onnxRuntime } from './onnx-runtime.ts';
import { simplify } from './simplify.ts';
import { type Signature, type TensorFunction, trace } from './trace.ts';
import type { Value } from './value.ts';

export interface OnnxOptions {
  readonly device?: 'cpu' | 'webgpu' | 'cuda';
  /** Threads inside one operator. For networks of small layers one is fastest. */
  readonly threads?: number;
}

/** Compiles functions to ONNX and runs them in ONNX Runtime: the default executor. */
export function onnxExecutor({ device = 'cpu', threads = 1 }: OnnxOptions = {}): Executor {
  return {
    name: 'onnx',
    device,
    prepare: (fn, signature, name) => prepare(fn, signature, name, device, threads),
  };
}

function prepare(
  fn: TensorFunction,
  signature: Signature,
  name: string,
  device: 'cpu' | 'webgpu' | 'cuda',
  threads: number,
): Executable {
  const graph = trace(fn, signature, name);
  const bytes = encodeModel(simplify(graph), name);
  const { native } = onnxRuntime();
  const session = new native.binding.InferenceSession();
  try {
    session.loadModel(bytes.buffer, bytes.byteOffset, bytes.byteLength, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      // One provider and no silent second choice: a device that was asked for and is not there is an error.
      executionProviders: [device],
      ...(device === 'cpu' ? {} : { extra: { session: { disable_cpu_ep_fallback: '0' } } }),
    });
  } catch (cause) {
    throw loadError(cause, name, device);
  }
  const outputs: Signature = Object.fromEntries(
    graph.outputs.map(({ name: output, type, shape }) => [output.slice('out/'.length), { dtype: type, shape }]),
  );
  const fetchNames = Object.fromEntries(Object.keys(outputs).map((output) => [output, `out/${output}`]));
  const bind = (inputs: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): (() => void) => {
    const feeds: Record<string, OrtTensor> = {};
    const fetches: Record<string, OrtTensor> = {};
    for (const input in signature) feeds[input] = ortTensor(inputs[input]!);
    for (const output in outputs) fetches[fetchNames[output]!] = ortTensor(results[output]!);
    return () => {
      try {
        session.run(feeds, fetches, NO_OPTIONS);
      } catch (cause) {
        throw runError(cause, name);
      }
    };
  };
  return {
    outputs,
    bind,
    run: (inputs, results) => bind(inputs, results)(),
    model: () => bytes,
    dispose: () => session.dispose(),
  };
}

const NO_OPTIONS = {};

/** The same memory as ONNX Runtime's tensor: nothing is copied. */
function ortTensor({ dtype, shape, data }: Value): OrtTensor {
  return new (onnxRuntime().common.Tensor)(dtype, data, shape);
}

function loadError(cause: unknown, name: string, device: string): LightbulbError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (device !== 'cpu' && /provider|adapter|device|backend|WebGPU|CUDA|libonnxruntime/i.test(message)) {
    return new LightbulbError('unavailable', `the device ${device} cannot be used`, {
      got: message.split('\n')[0] ?? message,
      cure: 'Run "lightbulb doctor" to see which devices work here',
      cause,
    });
  }
  return new LightbulbError('internal', `ONNX Runtime refused the program ${name}: ${message}`, { cause });
}

/** Data can be wrong in one way that no shape shows: an index outside of what it indexes. */
function runError(cause: unknown, name: string): LightbulbError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const isIndex = /out of (data )?bounds|invalid ind|index.*range/i.test(message);
  return new LightbulbError(isIndex ? 'shape' : 'internal', `${name} failed while running: ${message}`, { cause });
}
