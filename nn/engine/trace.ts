import { LightbulbError } from '../../core/index.ts';
import { onBackend } from './backend.ts';
import { watched } from './contract.ts';
import { withGatherGradient } from './gather-gradient.ts';
import { Graph } from './graph.ts';
import { lowerings } from './lowerings/index.ts';
import type { Lowering } from './lowerings/lowering.ts';
import { tf } from './tf.ts';
import { TraceBackend } from './tracer.ts';
import type { DType } from './value.ts';

/** A pure function of named tensors, in tfjs. */
export type TensorFunction = (inputs: Readonly<Record<string, tf.Tensor>>) => Readonly<Record<string, tf.Tensor>>;

/** The dtype and shape of each named input. */
export type Signature = Readonly<Record<string, { readonly dtype: DType; readonly shape: readonly number[] }>>;

let backend: TraceBackend | null = null;

/** The one tracing backend, registered with tfjs on first use together with all lowerings. */
function traceBackend(): TraceBackend {
  if (backend !== null) return backend;
  const made = new TraceBackend();
  tf.registerBackend('trace', () => made, 0);
  const table: Readonly<Record<string, Lowering>> = lowerings;
  for (const kernelName of Object.keys(table)) {
    tf.registerKernel({
      kernelName,
      backendName: 'trace',
      // Looked up at each use: whoever watches the table sees all of them, whenever they began.
      kernelFunc: ({ inputs, attrs }) =>
        table[kernelName]!(made, inputs as Readonly<Record<string, tf.TensorInfo>>, attrs ?? {}),
    });
  }
  for (const { kernelName } of tf.getKernelsForBackend('cpu')) {
    if (kernelName in lowerings) continue;
    tf.registerKernel({ kernelName, backendName: 'trace', kernelFunc: () => refuse(kernelName, made.place) });
  }
  backend = made;
  return made;
}

function refuse(kernel: string, place: string): never {
  throw new LightbulbError('trace', `the kernel ${kernel} ${place} has no lowering`, {
    cure: 'Write it with other ops, or add a lowering in nn/engine/lowerings',
  });
}

/** The part of tfjs's engine that tells which op is under way. */
interface ScopedEngine {
  startScope(name?: string): void;
  endScope(result?: unknown): void;
}

/**
 * Runs `fn` once on the tracing backend and returns the graph that it wrote. `fn` must be pure; shapes are static.
 * `lacking`: operators to do without, where lowerings know another way.
 * Errors (code `trace`): a value read, an op without a lowering, a captured tensor, a random op, a promise returned.
 */
export function trace(fn: TensorFunction, signature: Signature, name: string, lacking?: ReadonlySet<string>): Graph {
  const graph = new Graph(lacking);
  const tracer = traceBackend();
  const engine = tf.engine() as unknown as ScopedEngine;
  const { startScope, endScope } = engine;
  const opened: boolean[] = [];
  engine.startScope = (scope) => {
    const op = scope?.endsWith('__op') ? scope.slice(0, -'__op'.length) : undefined;
    if (op !== undefined) tracer.enter(op);
    opened.push(op !== undefined);
    startScope.call(engine, scope);
  };
  engine.endScope = (result) => {
    // tfjs ends the scope of an op that threw with null.
    if (opened.pop()) tracer.leave(result === null);
    endScope.call(engine, result);
  };
  tracer.begin(graph, name);
  startScope.call(engine, 'trace');
  try {
    onBackend('trace', () =>
      withGatherGradient(() => {
        const inputs: Record<string, tf.Tensor> = {};
        for (const [key, { dtype, shape }] of Object.entries(signature)) {
          inputs[key] = tf
            .engine()
            .makeTensorFromTensorInfo(tracer.tensor(graph.input(key, dtype, shape), shape, dtype));
        }
        for (const [key, tensor] of namedTensors(called(fn, inputs, name, tracer), name)) {
          graph.output(`out/${key}`, tracer.of(tensor).name(), tensor.dtype as DType, tensor.shape);
        }
      }),
    );
  } finally {
    endScope.call(engine);
    tracer.end();
    engine.startScope = startScope;
    engine.endScope = endScope;
  }
  return graph;
}

/** Calls `fn`; what tfjs throws comes out as `shape` with the op that threw it, or the input that was not given. */
function called(
  fn: TensorFunction,
  tensors: Readonly<Record<string, tf.Tensor>>,
  name: string,
  tracer: TraceBackend,
): unknown {
  const { inputs, explain } = watched(tensors);
  try {
    return fn(inputs);
  } catch (error) {
    const explained = explain(name, error);
    if (explained !== error || error instanceof LightbulbError || tracer.failed === '') throw explained;
    const message = error instanceof Error ? error.message : String(error);
    throw new LightbulbError('shape', message, { where: `tf.${tracer.failed} in ${name}`, cause: error });
  }
}

/** Checks what a tensor function returned. Errors (`trace`): a promise, no outputs at all, an output not a tensor. */
export function namedTensors(outputs: unknown, name: string): [string, tf.Tensor][] {
  if (outputs instanceof Promise) {
    silence(outputs);
    throw new LightbulbError('trace', `${name} returned a promise`, {
      wanted: 'named tensors',
      cure: 'Compiled functions are synchronous',
    });
  }
  if (outputs === null || typeof outputs !== 'object' || outputs instanceof tf.Tensor) {
    throw new LightbulbError(
      'trace',
      `${name} returned ${outputs instanceof tf.Tensor ? 'a tensor' : String(outputs)}`,
      {
        wanted: 'an object of named tensors',
        cure: 'Return { y } instead of y',
      },
    );
  }
  const entries = Object.entries(outputs);
  for (const [key, tensor] of entries) {
    if (tensor instanceof tf.Tensor) continue;
    silence(tensor);
    throw new LightbulbError('trace', `output ${key} of ${name} is not a tensor`, {
      wanted: 'a tensor',
      got: nameOf(tensor),
    });
  }
  return entries;
}

function nameOf(value: unknown): string {
  if (value instanceof Promise) return 'a promise';
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
}

/** The rejection of a promise that was returned (a value read after `await`, say) is the same mistake, told once. */
function silence(value: unknown): void {
  if (value instanceof Promise) value.catch(() => undefined);
}
