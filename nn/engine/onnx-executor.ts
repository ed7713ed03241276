import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Tensor as OrtTensor } from 'onnxruntime-common';
import { LightbulbError } from '../../core/index.ts';
import type { Executable, Executor } from './executor.ts';
import type { FinishedGraph } from './graph.ts';
import { encodeModel } from './onnx-model.ts';
import { onnxRuntime, ortTensor } from './onnx-runtime.ts';
import { OUTPUT, outputsOf, scanGraph } from './onnx-scan.ts';
import { residentScan } from './resident-scan.ts';
import { simplify } from './simplify.ts';
import { type Signature, type TensorFunction, trace } from './trace.ts';
import type { Value } from './value.ts';
import { hostNodes, LACKING_ON_WEBGPU } from './webgpu-limits.ts';

export type OnnxDevice = 'cpu' | 'webgpu' | 'cuda';

export interface OnnxOptions {
  readonly device?: OnnxDevice;
  /** Threads inside one operator. For networks of small layers one is fastest. */
  readonly threads?: number;
  /** Every operator on the device, or an error; by default those that a GPU has no kernel for run on the CPU. */
  readonly isStrict?: boolean;
  /**
   * Writes ONNX Runtime's profile of each program (which operator ran where, and for how long) when it is disposed of,
   * to a file whose path starts so. For chrome://tracing, or to be read as JSON.
   */
  readonly profile?: string;
}

/** Compiles functions to ONNX and runs them in ONNX Runtime: the default executor. */
export function onnxExecutor({ device = 'cpu', threads = 1, isStrict = false, profile }: OnnxOptions = {}): Executor {
  const options = { device, threads, isStrict, ...(profile === undefined ? {} : { profile }) };
  const compiled = (fn: TensorFunction, signature: Signature, name: string): FinishedGraph => {
    requireProvider(device);
    return simplify(trace(fn, signature, name, device === 'webgpu' ? LACKING_ON_WEBGPU : undefined));
  };
  return {
    name: 'onnx',
    device,
    prepare: (fn, signature, name) => prepare(compiled(fn, signature, name), name, options),
    prepareScan: (fn, plan, name) => {
      const step = compiled(fn, plan.each, name);
      // The WebGPU provider has no kernel for loops: on the CPU's they would carry everything across at each step.
      if (device !== 'webgpu') return prepare(scanGraph(step, plan), name, options);
      return residentScan(step, plan, name, (graph, part, location) => openSession(graph, part, options, location));
    },
  };
}

/** An open session; `model` is what it was made of. */
export interface OnnxSession {
  readonly model: Uint8Array;
  /** Runs once. An output whose tensor is null comes back as a fresh one. Errors say which program failed. */
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
  ): Record<string, OrtTensor>;
  dispose(): void;
}

function openSession(
  graph: FinishedGraph,
  name: string,
  { device, threads, isStrict, profile }: Options,
  location: 'cpu' | 'gpu-buffer' = 'cpu',
): OnnxSession {
  const model = encodeModel(graph, name);
  const forced = device === 'webgpu' ? hostNodes(graph) : [];
  const session = new (onnxRuntime().native.binding.InferenceSession)();
  try {
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      // One provider and no silent second choice: a device that was asked for and is not there is an error.
      executionProviders: [forced.length === 0 ? device : { name: device, forceCpuNodeNames: forced }],
      ...(location === 'cpu' ? {} : { preferredOutputLocation: location }),
      ...(profile === undefined
        ? {}
        : { enableProfiling: true, profileFilePrefix: `${profile}-${name.replaceAll('/', '-')}` }),
      ...(isStrict ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
    });
  } catch (cause) {
    throw loadError(cause, name, device);
  }
  return {
    model,
    run(feeds, fetches) {
      try {
        return session.run(feeds, fetches, NO_OPTIONS);
      } catch (cause) {
        throw runError(cause, name);
      }
    },
    dispose() {
      if (profile !== undefined) session.endProfiling();
      session.dispose();
    },
  };
}

function prepare(graph: FinishedGraph, name: string, options: Options): Executable {
  const session = openSession(graph, name, options);
  const outputs = outputsOf(graph);
  const bind = (inputs: Values, results: Values): (() => void) => {
    const feeds: Record<string, OrtTensor> = {};
    const fetches: Record<string, OrtTensor> = {};
    for (const { name: input } of graph.inputs) feeds[input] = ortTensor(inputs[input]!);
    for (const output in outputs) fetches[OUTPUT + output] = ortTensor(results[output]!);
    return () => void session.run(feeds, fetches);
  };
  return {
    outputs,
    bind,
    run: (inputs, results) => bind(inputs, results)(),
    model: () => session.model,
    dispose: () => session.dispose(),
  };
}

type Options = Required<Omit<OnnxOptions, 'profile'>> & Pick<OnnxOptions, 'profile'>;
type Values = Readonly<Record<string, Value>>;

const NO_OPTIONS = {};
const require = createRequire(import.meta.url);

/** CUDA's part of ONNX Runtime is a library of its own, which npm does not bring. Error `unavailable` without it. */
function requireProvider(device: OnnxDevice): void {
  if (device !== 'cuda') return;
  const folder = join(
    dirname(require.resolve('onnxruntime-node/package.json')),
    'bin/napi-v6',
    process.platform,
    process.arch,
  );
  const library = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
  if (existsSync(join(folder, library))) return;
  throw new LightbulbError('unavailable', 'the device cuda cannot be used', {
    got: `${library} is not installed`,
    cure:
      process.platform === 'linux' && process.arch === 'x64'
        ? 'Fetch it: npx lightbulb setup cuda'
        : 'onnxruntime-node has CUDA on linux x64 alone; use webgpu',
  });
}

const CURES: Readonly<Record<OnnxDevice, string>> = {
  cpu: 'Run npm ci on this machine',
  webgpu:
    "WebGPU needs a GPU with a Vulkan driver: libvulkan.so.1 and the driver's *_icd.json (in containers, NVIDIA_DRIVER_CAPABILITIES=all)",
  cuda: 'CUDA needs an NVIDIA driver, CUDA 12 and cuDNN 9 on the library path',
};

function loadError(cause: unknown, name: string, device: OnnxDevice): LightbulbError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (device !== 'cpu' && /provider|adapter|device|backend|fallback|WebGPU|CUDA|libonnxruntime/i.test(message)) {
    return new LightbulbError('unavailable', `the device ${device} cannot be used`, {
      got: essence(message),
      cure: CURES[device],
      cause,
    });
  }
  return new LightbulbError('internal', `ONNX Runtime refused the program ${name}: ${message}`, { cause });
}

/** ONNX Runtime's message without the C++ place that it starts with. */
function essence(message: string): string {
  const line = message.split('\n')[0] ?? message;
  const said = line.lastIndexOf(' was false. ');
  return said < 0 ? line : line.slice(said + ' was false. '.length);
}

/** Data can be wrong in one way that no shape shows: an index outside of what it indexes. */
function runError(cause: unknown, name: string): LightbulbError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const isIndex = /out of (data )?(bounds|range)|invalid ind/i.test(message);
  return new LightbulbError(isIndex ? 'shape' : 'internal', `${name} failed while running: ${message}`, { cause });
}
