import { LightbulbError } from '../../core/index.ts';
import type { Graph } from './graph.ts';
import { tf } from './tf.ts';
import type { Data, DType } from './value.ts';
import { sizeOf } from './value.ts';

/** What the tracing backend knows of a tensor: where in the graph it comes from, and how little of it is needed. */
export interface Traced {
  readonly graph: Graph;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Its name in the graph, made on first use: what nobody needs whole never enters the graph. */
  name(): string;
  /** Set where the tensor is a smaller one, broadcast: elementwise operators work on that instead. */
  readonly core?: Core;
  /** Set where every element is this one number. */
  readonly uniform?: number;
}

/** A tensor in the graph, to be broadcast (by NumPy's rules) to a larger shape. */
export interface Core {
  readonly shape: readonly number[];
  name(): string;
}

/**
 * A tfjs backend that computes nothing: each kernel records ONNX operators in the graph of the trace under way.
 * So tfjs's own ops and autodiff write the program.
 */
export class TraceBackend extends tf.KernelBackend {
  private readonly storage = new tf.DataStorage<Traced>(this, tf.engine());
  private graph: Graph | null = null;
  private program = '';
  private readonly scopes: string[] = [];
  /** The innermost op that threw in this trace. */
  failed = '';

  begin(graph: Graph, program: string): void {
    this.graph = graph;
    this.program = program;
    this.scopes.length = 0;
    this.failed = '';
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

  /** Where an error happened: "in tf.relu of policy". */
  get place(): string {
    return this.scope === '' ? `in ${this.program}` : `in tf.${this.scope} of ${this.program}`;
  }

  enter(op: string): void {
    if (RANDOM_OPS.has(op)) {
      throw new LightbulbError('trace', `tf.${op} ${this.place} would freeze into a constant`, {
        cure: 'Pass noise as an input, filled from a named stream',
      });
    }
    this.scopes.push(op);
  }

  leave(hasFailed: boolean): void {
    const op = this.scopes.pop();
    if (hasFailed && this.failed === '' && op !== undefined) this.failed = op;
  }

  /** The record of a kernel's input; refuses tensors that this trace did not make. */
  of(tensor: { readonly dataId: object }): Traced {
    const traced = this.storage.get(tensor.dataId);
    if (traced === undefined || traced.graph !== this.graph) throw this.captured();
    return traced;
  }

  /** A new tensor that stands for `name` in the graph. */
  tensor(name: string, shape: readonly number[], dtype: DType): tf.TensorInfo {
    return this.record({ graph: this.current, shape, dtype, name: () => name });
  }

  /** The same tensor once more: tfjs counts references by data id, so results never share their input's. */
  alias(traced: Traced): tf.TensorInfo {
    return this.record(traced);
  }

  /** A new tensor that is `core` broadcast to `shape`; costs nothing until somebody needs it whole. */
  broadcast(core: Core, shape: readonly number[], dtype: DType): tf.TensorInfo {
    if (sameShape(core.shape, shape)) return this.tensor(core.name(), shape, dtype);
    const graph = this.current;
    const name = (): string => graph.op('Expand', [core.name(), graph.int64s(shape)]);
    return this.record({ graph, shape, dtype, name, core });
  }

  /** A new tensor whose elements are all `value` (rounded as its dtype does). */
  filled(value: number, shape: readonly number[], dtype: DType): tf.TensorInfo {
    const graph = this.current;
    const uniform =
      dtype === 'float32' ? Math.fround(value) : dtype === 'int32' ? Int32Array.of(value)[0]! : Number(value !== 0);
    const core = { shape: [], name: () => constantOf(graph, dtype, [], [uniform]) };
    const name = (): string =>
      shape.length === 0 ? core.name() : graph.op('Expand', [core.name(), graph.int64s(shape)]);
    return this.record({ graph, shape, dtype, name, uniform, core });
  }

  /** A new tensor of these values. */
  constant(values: ArrayLike<number>, shape: readonly number[], dtype: DType): tf.TensorInfo {
    const graph = this.current;
    return this.record({ graph, shape, dtype, name: () => constantOf(graph, dtype, shape, values) });
  }

  private record(traced: Traced): tf.TensorInfo {
    const dataId = {};
    this.storage.set(dataId, traced);
    return { dataId, shape: [...traced.shape], dtype: traced.dtype };
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
      throw new LightbulbError('trace', `a ${dtype} tensor cannot be compiled ${this.place}`, {
        wanted: 'float32, int32 or bool',
      });
    }
    const numbers = values as Data;
    const first = numbers[0];
    const isUniform =
      first !== undefined && numbers.length === sizeOf(shape) && numbers.every((value) => Object.is(value, first));
    return (isUniform ? this.filled(first, shape, dtype) : this.constant(numbers, shape, dtype)).dataId;
  }

  override move(): void {
    throw this.captured();
  }

  override readSync(): never {
    throw new LightbulbError('trace', `the value of a tensor was read while tracing, ${this.place}`, {
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

  private captured(): LightbulbError {
    return new LightbulbError('trace', `a tensor from outside was captured ${this.place}`, {
      cure: 'Pass it as a named input of the compiled function, or make it inside with tf.tensor',
    });
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

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
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
