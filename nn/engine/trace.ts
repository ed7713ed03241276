import { LightbulbError } from '../../core/index.ts';
import { Graph } from './graph.ts';
import { lowerings } from './lowerings/index.ts';
import { tf } from './tf.ts';
import type { Data, DType } from './value.ts';
import { sizeOf } from './value.ts';

/** A pure function of named tensors, in tfjs. */
export type TensorFunction = (inputs: Readonly<Record<string, tf.Tensor>>) => Readonly<Record<string, tf.Tensor>>;

/** The dtype and shape of each named input. */
export type Signature = Readonly<Record<string, { readonly dtype: DType; readonly shape: readonly number[] }>>;

/** What the tracing backend knows of a tensor: where in the graph it comes from, and its value where that is uniform. */
export interface Traced {
  readonly graph: Graph;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Its name in the graph; made on first use for constants, so that unused ones never enter the graph. */
  name(): string;
  /** Set where every element is this one number: such operands fold or broadcast from a scalar. */
  readonly uniform?: number;
}

/**
 * A tfjs backend that computes nothing: each kernel records ONNX operators in the graph of the trace under way.
 * So tfjs's own ops and autodiff write the program.
 */
export class TraceBackend extends tf.KernelBackend {
  private readonly storage = new tf.DataStorage<Traced>(this, tf.engine());
  private graph: Graph | null = null;
  private readonly scopes: string[] = [];

  begin(graph: Graph): void {
    this.graph = graph;
    this.scopes.length = 0;
  }

  end(): void {
    this.graph = null;
  }

  get current(): Graph {
    if (this.graph === null) throw new LightbulbError('trace', 'the tracing backend was used outside of compile');
    return this.graph;
  }

  /** The innermost tfjs op under way, for names and errors. */
  get scope(): string {
    return this.scopes.at(-1) ?? '';
  }

  enter(op: string): void {
    if (RANDOM_OPS.has(op)) {
      throw new LightbulbError('trace', `tf.${op} inside a compiled function would freeze into a constant`, {
        cure: 'Pass noise as an input, filled from a named stream',
      });
    }
    this.scopes.push(op);
  }

  leave(): void {
    this.scopes.pop();
  }

  /** The record of a kernel's input; refuses tensors that this trace did not make. */
  of(tensor: { readonly dataId: object }): Traced {
    const traced = this.storage.get(tensor.dataId);
    if (traced === undefined || traced.graph !== this.graph) throw captured(this.scope);
    return traced;
  }

  /** A new tensor that stands for `name` in the graph. */
  tensor(name: string, shape: readonly number[], dtype: DType): tf.TensorInfo {
    return this.record({ graph: this.current, shape, dtype, name: () => name }, shape, dtype);
  }

  /** A new tensor whose elements are all `value`: costs nothing until somebody needs it whole. */
  filled(value: number, shape: readonly number[], dtype: DType): tf.TensorInfo {
    const graph = this.current;
    const name = (): string => {
      const scalar = constantOf(graph, dtype, [], [value]);
      return shape.length === 0 ? scalar : graph.op('Expand', [scalar, graph.int64s(shape)]);
    };
    return this.record({ graph, shape, dtype, name, uniform: value }, shape, dtype);
  }

  private record(traced: Traced, shape: readonly number[], dtype: DType): tf.TensorInfo {
    const dataId = {};
    this.storage.set(dataId, traced);
    return { dataId, shape: [...shape], dtype };
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') throw unsupportedType(dtype, this.scope);
    const numbers = values as Data;
    const graph = this.current;
    const first = numbers[0];
    const isUniform =
      first !== undefined && numbers.length === sizeOf(shape) && numbers.every((value) => Object.is(value, first));
    if (isUniform) return this.filled(first, shape, dtype).dataId;
    return this.record({ graph, shape, dtype, name: () => constantOf(graph, dtype, shape, numbers) }, shape, dtype)
      .dataId;
  }

  override move(): void {
    throw captured(this.scope);
  }

  override readSync(): never {
    throw new LightbulbError('trace', `the value of a tensor was read while tracing${inside(this.scope)}`, {
      cure: 'A compiled function has no values, only shapes: use tf.where instead of if, or return the tensor',
    });
  }

  override read(): never {
    return this.readSync();
  }

  override disposeData(dataId: object): boolean {
    return this.storage.delete(dataId);
  }

  override numDataIds(): number {
    return this.storage.numDataIds();
  }

  override refCount(): number {
    return 1;
  }
  override incRef(): void {}
  decRef(): void {}
  override timerAvailable(): boolean {
    return false;
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
}

const RANDOM_OPS: ReadonlySet<string> = new Set([
  'rand',
  'randomGamma',
  'randomNormal',
  'randomStandardNormal',
  'randomUniform',
  'randomUniformInt',
  'truncatedNormal',
  'multinomial',
]);

function captured(scope: string): LightbulbError {
  return new LightbulbError('trace', `a tensor from outside was captured${inside(scope)}`, {
    cure: 'Pass it as a named input of the compiled function, or make it inside with tf.tensor',
  });
}

function unsupportedType(dtype: string, scope: string): LightbulbError {
  return new LightbulbError('trace', `a ${dtype} tensor cannot be compiled${inside(scope)}`, {
    wanted: 'float32, int32 or bool',
  });
}

function inside(scope: string): string {
  return scope === '' ? '' : ` in tf.${scope}`;
}

/** A constant of the graph from tfjs's loosely typed values. */
function constantOf(graph: Graph, dtype: DType, shape: readonly number[], values: ArrayLike<number>): string {
  const data =
    dtype === 'float32'
      ? Float32Array.from(values)
      : dtype === 'int32'
        ? Int32Array.from(values)
        : Uint8Array.from(values);
  return graph.constant(dtype, shape, data);
}

let backend: TraceBackend | null = null;

/** The one tracing backend, registered with tfjs on first use together with all lowerings. */
function traceBackend(): TraceBackend {
  if (backend !== null) return backend;
  const made = new TraceBackend();
  tf.registerBackend('trace', () => made, 0);
  for (const [kernelName, lower] of Object.entries(lowerings)) {
    tf.registerKernel({
      kernelName,
      backendName: 'trace',
      kernelFunc: ({ inputs, attrs }) => lower(made, inputs as Readonly<Record<string, tf.TensorInfo>>, attrs ?? {}),
    });
  }
  for (const { kernelName } of tf.getKernelsForBackend('cpu')) {
    if (kernelName in lowerings) continue;
    tf.registerKernel({ kernelName, backendName: 'trace', kernelFunc: () => refuse(kernelName, made.scope) });
  }
  backend = made;
  return made;
}

function refuse(kernel: string, scope: string): never {
  throw new LightbulbError('trace', `the op ${kernel}${inside(scope)} has no lowering`, {
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
 * Errors (code `trace`): a value read, an op without a lowering, a captured tensor, a random op, a promise returned.
 */
export function trace(fn: TensorFunction, signature: Signature, name: string): Graph {
  const graph = new Graph();
  const tracer = traceBackend();
  const engine = tf.engine() as unknown as ScopedEngine;
  const { startScope, endScope } = engine;
  const before = tf.engine().backendName;
  const opened: boolean[] = [];
  engine.startScope = (scope) => {
    const op = scope?.endsWith('__op') ? scope.slice(0, -'__op'.length) : undefined;
    if (op !== undefined) tracer.enter(op);
    opened.push(op !== undefined);
    startScope.call(engine, scope);
  };
  engine.endScope = (result) => {
    if (opened.pop()) tracer.leave();
    endScope.call(engine, result);
  };
  void tf.setBackend('trace');
  tracer.begin(graph);
  startScope.call(engine, 'trace');
  try {
    const inputs: Record<string, tf.Tensor> = {};
    for (const [key, { dtype, shape }] of Object.entries(signature)) {
      inputs[key] = tf.engine().makeTensorFromTensorInfo(tracer.tensor(graph.input(key, dtype, shape), shape, dtype));
    }
    const outputs = fn(inputs);
    if (outputs instanceof Promise) {
      throw new LightbulbError('trace', `${name} returned a promise`, {
        wanted: 'named tensors',
        cure: 'Compiled functions are synchronous',
      });
    }
    for (const [key, tensor] of Object.entries(outputs)) {
      if (!(tensor instanceof tf.Tensor)) {
        throw new LightbulbError('trace', `output ${key} of ${name} is not a tensor`, {
          wanted: 'a tensor',
          got: typeof tensor,
        });
      }
      graph.output(`out/${key}`, tracer.of(tensor).name(), tensor.dtype as DType, tensor.shape);
    }
  } finally {
    endScope.call(engine);
    tracer.end();
    engine.startScope = startScope;
    engine.endScope = endScope;
    void tf.setBackend(before || 'cpu');
  }
  return graph;
}
