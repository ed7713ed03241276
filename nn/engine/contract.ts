import { LightbulbError, suggest } from '../../core/index.ts';
import type { Signature } from './trace.ts';
import type { Data, DType, Value } from './value.ts';
import { sizeOf } from './value.ts';

type Values = Readonly<Record<string, Value>>;

const ARRAY: Readonly<Record<DType, { new (length: number): Data }>> = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
};

/**
 * Checks what a program is to be compiled for. Error `shape`, with the input's name: a dtype that there is not, a
 * length that is no whole number, a tensor without elements.
 */
export function checkSignature(program: string, inputs: Signature): void {
  for (const [name, given] of Object.entries(inputs)) {
    if (given === undefined || given === null || !(given.dtype in ARRAY) || !Array.isArray(given.shape)) {
      throw misfit(program, 'input', name, 'a value { dtype, shape, data }', describe(given));
    }
    const isPositive = given.shape.every((length) => Number.isInteger(length) && length > 0);
    if (!isPositive) throw misfit(program, 'input', name, 'axes of length 1 or more', describe(given));
  }
}

/** Checks that data is what its dtype and shape say: fast, it runs before each run. Error `shape`. */
export function checkData(program: string, kind: 'input' | 'output', values: Values): void {
  for (const name in values) {
    const value = values[name]!;
    const { dtype, shape, data } = value;
    if (data instanceof ARRAY[dtype] && data.length === sizeOf(shape)) continue;
    const wanted = `a ${ARRAY[dtype].name} of ${sizeOf(shape)} elements for ${describe(value)}`;
    const got = ArrayBuffer.isView(data) ? `${data.constructor.name} of ${data.length}` : typeof data;
    throw misfit(program, kind, name, wanted, got);
  }
}

/**
 * Checks the arrays that outputs go to. Error `shape`: one missing, of another dtype or shape, or in memory that an
 * input or another output has: operators would overwrite what others have yet to read.
 */
export function checkOutputs(program: string, wanted: Signature, given: Values, inputs: Values): void {
  for (const [name, { dtype, shape }] of Object.entries(wanted)) {
    const value = given[name];
    const got = describe(value);
    if (got !== `${dtype}[${shape}]`) throw misfit(program, 'output', name, `${dtype}[${shape}]`, got);
  }
  const taken = new Map<Data['buffer'], { name: string; data: Data }[]>();
  const take = (name: string, data: Data): void => {
    taken.set(data.buffer, [...(taken.get(data.buffer) ?? []), { name, data }]);
  };
  for (const [name, { data }] of Object.entries(inputs)) take(`input ${name}`, data);
  for (const name of Object.keys(wanted)) {
    const { data } = given[name]!;
    const other = taken.get(data.buffer)?.find((held) => overlap(held.data, data));
    if (other !== undefined) {
      throw new LightbulbError('shape', `output ${name} of ${program} lies in the memory of its ${other.name}`, {
        cure: 'Give outputs arrays of their own; to step, bind twice and swap the arrays',
      });
    }
    take(`output ${name}`, data);
  }
}

function overlap(a: Data, b: Data): boolean {
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

function misfit(program: string, kind: 'input' | 'output', name: string, wanted: string, got: string): LightbulbError {
  return new LightbulbError('shape', `${kind} ${name} of ${program} does not fit`, { wanted, got });
}

function describe(value: { readonly dtype: string; readonly shape: readonly number[] } | undefined): string {
  return value === undefined || value === null ? 'nothing' : `${value.dtype}[${value.shape}]`;
}

/**
 * Inputs for a tensor function that remember which names were asked for in vain: so that whatever the function throws
 * then can be told as what it is.
 */
export function watched<Inputs extends Readonly<Record<string, unknown>>>(
  inputs: Inputs,
): { inputs: Inputs; explain: (program: string, error: unknown) => unknown } {
  const missing = new Set<string>();
  const proxy = new Proxy(inputs, {
    get: (target, name) => {
      if (typeof name === 'string' && !(name in target)) missing.add(name);
      return Reflect.get(target, name) as unknown;
    },
  });
  const explain = (program: string, error: unknown): unknown => {
    const [name] = missing;
    if (name === undefined || error instanceof LightbulbError) return error;
    // A function may ask for optional inputs: only what stumbled over an undefined is put down to one.
    if (!(error instanceof Error) || !/undefined|null/.test(error.message)) return error;
    const given = Object.keys(inputs);
    return new LightbulbError('shape', `input ${name} of ${program} is missing`, {
      got: given.length === 0 ? 'no inputs' : given.join(', '),
      cure: suggest(name, given),
      cause: error,
    });
  };
  return { inputs: proxy, explain };
}
