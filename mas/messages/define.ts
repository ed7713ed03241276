import { Ajv, type ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { internal } from '../../core/index.ts';

/** The numbers that arrays hold, little-endian: IEEE floats of 4 and 8 bytes, signed integers of 4, bytes. */
export type Dtype = 'f32' | 'f64' | 'i32' | 'u8';

interface Holders {
  f32: Float32Array;
  f64: Float64Array;
  i32: Int32Array;
  u8: Uint8Array;
}

export const ITEM_BYTES: Readonly<Record<Dtype, number>> = { f32: 4, f64: 8, i32: 4, u8: 1 };

/** Numbers in rows: `data` holds as many as the product of `shape`. */
export interface NumberArray<D extends Dtype = Dtype> {
  readonly shape: readonly number[];
  readonly data: Holders[D];
}

/**
 * What an array of a message must be. An entry of `shape` is a size, the name of a dimension (`B`), or a name and what is
 * added to it (`T+1`): the same name is the same size wherever it stands in one message.
 */
export interface ArraySpec<D extends Dtype = Dtype, O extends boolean = boolean> {
  readonly dtypes: readonly D[];
  readonly shape: readonly (number | string)[];
  readonly isOptional: O;
}

export type ArraySpecs = Readonly<Record<string, ArraySpec>>;

export function array<const D extends Dtype>(
  dtype: D | readonly D[],
  shape: readonly (number | string)[],
): ArraySpec<D, false> {
  return { dtypes: (typeof dtype === 'string' ? [dtype] : dtype) as readonly D[], shape, isOptional: false };
}

/** An array that a message may lack. */
export function optionalArray<const D extends Dtype>(
  dtype: D | readonly D[],
  shape: readonly (number | string)[],
): ArraySpec<D, true> {
  return { ...array(dtype, shape), isOptional: true };
}

type Required<A extends ArraySpecs> = { [K in keyof A]: A[K] extends ArraySpec<Dtype, false> ? K : never }[keyof A];
type HeldBy<S> = S extends ArraySpec<infer D, boolean> ? { [E in D]: NumberArray<E> }[D] : never;

/** The arrays of a kind of message, by name. */
export type ArraysOf<A extends ArraySpecs> = { readonly [K in Required<A>]: HeldBy<A[K]> } & {
  readonly [K in Exclude<keyof A, Required<A>>]?: HeldBy<A[K]>;
};

/** One entry of a shape: `name` is undefined for a fixed size; the size is that of the name, plus `plus`. */
export interface Extent {
  readonly name: string | undefined;
  readonly plus: number;
  readonly mayBeEmpty: boolean;
}

export interface ArrayPlan {
  readonly name: string;
  readonly dtypes: readonly Dtype[];
  readonly extents: readonly Extent[];
  readonly isOptional: boolean;
}

/** A kind of message: what its header and its arrays must be. Made by `defineMessage`. */
export interface MessageKind<S extends TSchema = TSchema, A extends ArraySpecs = ArraySpecs> {
  readonly kind: string;
  /** Of the schema; receivers refuse any other. */
  readonly version: number;
  readonly schema: S;
  readonly arrays: A;
  /** The arrays in the order in which they lie in the bytes. */
  readonly plans: readonly ArrayPlan[];
  /** What is wrong with these fields; undefined where nothing is. */
  problemWith(fields: unknown): string | undefined;
}

/** What a sender gives. */
export interface Outgoing<K extends MessageKind> {
  readonly fields: Static<K['schema']>;
  /** May be left out by kinds that have none. */
  readonly arrays?: ArraysOf<K['arrays']>;
  /** Otherwise a new one. Give your own where the same thing may be sent again: a work queue takes an id once. */
  readonly id?: string;
}

/** What a receiver gets: checked, and of this run. */
export interface Received<K extends MessageKind> {
  readonly id: string;
  readonly fields: Static<K['schema']>;
  /** Where possible views of the bytes that came. */
  readonly arrays: ArraysOf<K['arrays']>;
  /** The sizes of the named dimensions. */
  readonly sizes: Readonly<Record<string, number>>;
}

const NAME = /^[A-Za-z]\w{0,63}$/;
const ajv = new Ajv({ allErrors: false, strictTypes: false });

/**
 * Declares a kind of message. `schema` (TypeBox, or any JSON schema) describes the fields of the header and should forbid
 * others (`additionalProperties: false`); `arrays` the numbers that follow it, in their order. Dimensions are at least 1
 * but for those in `mayBeEmpty`.
 */
export function defineMessage<S extends TSchema, const A extends ArraySpecs = Record<never, never>>(definition: {
  readonly kind: string;
  readonly version?: number;
  readonly schema: S;
  readonly arrays?: A;
  readonly mayBeEmpty?: readonly string[];
}): MessageKind<S, A> {
  const { kind, version = 1, schema, arrays = {} as A, mayBeEmpty = [] } = definition;
  if (![kind, ...Object.keys(arrays)].every((name) => NAME.test(name))) {
    throw internal(`names of message "${kind}" and its arrays must be up to 64 letters, digits and _`);
  }
  let check: ValidateFunction | undefined;
  return {
    kind,
    version,
    schema,
    arrays,
    plans: Object.entries(arrays).map(([name, { dtypes, shape, isOptional }]) => {
      return { name, dtypes, isOptional, extents: shape.map((entry) => extent(kind, entry, mayBeEmpty)) };
    }),
    problemWith(fields) {
      check ??= ajv.compile(schema);
      if (check(fields)) return undefined;
      const error = check.errors?.[0];
      return `fields${error?.instancePath ?? ''} ${error?.message ?? 'follow no schema'}`;
    },
  };
}

function extent(kind: string, entry: number | string, mayBeEmpty: readonly string[]): Extent {
  if (typeof entry === 'number') {
    if (Number.isSafeInteger(entry) && entry >= 1) return { name: undefined, plus: entry, mayBeEmpty: false };
    throw internal(`message "${kind}" has an array of size ${entry}`);
  }
  const [, name, plus = '0'] = /^([A-Za-z]\w*)(?:\+(\d+))?$/.exec(entry) ?? [];
  if (name === undefined) throw internal(`message "${kind}" has no dimension "${entry}"`);
  return { name, plus: Number(plus), mayBeEmpty: mayBeEmpty.includes(name) };
}
