import { internal } from '../../core/index.ts';
import type { Data, DType } from './value.ts';

/** ONNX element types; int64 appears only inside graphs (shapes, axes, indices of some operators). */
export type ElementType = DType | 'int64';

/** A constant of the graph: row-major values. */
export interface Constant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Data | BigInt64Array;
}

export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly graph: FinishedGraph };

/** What becomes a model file, or the body of an operator: a graph without anything that its outputs do not need. */
export interface FinishedGraph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly Constant[];
}

/** One ONNX operator: what it reads and writes, by name. */
export interface GraphNode {
  readonly operator: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
}

export interface Port {
  readonly name: string;
  readonly type: DType;
  readonly shape: readonly number[];
}

/**
 * A graph under construction. Equal constants and equal operators on equal inputs are built once (common
 * subexpressions), so lowerings may ask for what they need without remembering it.
 */
export class Graph {
  readonly inputs: Port[] = [];
  readonly outputs: (Port & { readonly source: string })[] = [];
  /** Additions of a bias to a product, by their outputs: `simplify` turns them into one Gemm where it may. */
  readonly biases = new Map<string, { readonly product: string; readonly bias: string }>();
  /** How many columns the matrix products (Gemm) have, by their outputs. */
  readonly columns = new Map<string, number>();
  /** Names that served as indices of a gather, and the lengths of the axes they indexed: they are known to be in range. */
  readonly gathered = new Map<string, Set<number>>();
  readonly nodes: GraphNode[] = [];
  readonly constants: Constant[] = [];
  private readonly known = new Map<string, readonly string[]>();
  private readonly producers = new Map<string, GraphNode>();
  private counter = 0;

  /** `lacking`: operators that the graph is to do without. */
  constructor(private readonly lacking: ReadonlySet<string> = new Set()) {}

  /** Whether the operator may be used, where there is another way. */
  has(operator: string): boolean {
    return !this.lacking.has(operator);
  }

  input(name: string, type: DType, shape: readonly number[]): string {
    this.inputs.push({ name, type, shape });
    return name;
  }

  /** Declares `source` as the output `name`. */
  output(name: string, source: string, type: DType, shape: readonly number[]): void {
    this.outputs.push({ name, type, shape, source });
  }

  /** The operator that makes `name`; undefined for inputs and constants. */
  producer(name: string): GraphNode | undefined {
    return this.producers.get(name);
  }

  /** An operator with one output. An empty input name leaves out an optional input. */
  op(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    scope = '',
  ): string {
    const [output] = this.ops(operator, inputs, 1, attributes, scope);
    if (output === undefined) throw internal(`${operator} has no output`);
    return output;
  }

  /** An operator with `count` outputs. */
  ops(
    operator: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>> = {},
    scope = '',
  ): readonly string[] {
    const key = `${operator}(${inputs.join(',')})${count}${JSON.stringify(attributes)}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const id = this.counter++;
    const base = `${scope === '' ? operator : `${scope}/${operator}`}_${id}`;
    const outputs = Array.from({ length: count }, (_, i) => (count === 1 ? base : `${base}:${i}`));
    const domain = CONTRIB.has(operator) ? { domain: 'com.microsoft' } : {};
    const node: GraphNode = { operator, name: base, inputs, outputs, attributes, ...domain };
    this.nodes.push(node);
    for (const output of outputs) this.producers.set(output, node);
    this.known.set(key, outputs);
    return outputs;
  }

  constant(type: ElementType, shape: readonly number[], data: Data | BigInt64Array): string {
    const key = data.length <= LARGE ? `const ${type}[${shape.join(',')}] ${keyOf(data)}` : undefined;
    const known = key === undefined ? undefined : this.known.get(key)?.[0];
    if (known !== undefined) return known;
    const name = `constant_${this.counter++}`;
    this.constants.push({ name, type, shape, data });
    if (key !== undefined) this.known.set(key, [name]);
    return name;
  }

  float(value: number): string {
    return this.constant('float32', [], Float32Array.of(value));
  }

  int(value: number): string {
    return this.constant('int32', [], Int32Array.of(value));
  }

  /** A vector of int64: what ONNX takes for shapes, axes and offsets. */
  int64s(values: readonly number[]): string {
    return this.constant('int64', [values.length], BigInt64Array.from(values.map(BigInt)));
  }
}

/** Operators of ONNX Runtime's own domain that lowerings use. */
const CONTRIB: ReadonlySet<string> = new Set(['FusedMatMul', 'QuickGelu', 'Gelu']);

function keyOf(data: Data | BigInt64Array): string {
  if (!(data instanceof Float32Array)) return data.join(',');
  // Bits, not digits: -0 and 0 are different constants, and NaN equals itself.
  return new Uint32Array(data.slice().buffer).join(',');
}

/** Constants of more elements are not looked up: telling them apart would cost more than having them twice. */
const LARGE = 4096;
