import { type ArrayPlan, type Dtype, ITEM_BYTES, type MessageKind, type NumberArray } from './define.ts';
import { Refused } from './refusal.ts';

/** Every array begins at a multiple of this, so that a reader may look at its numbers where they lie. */
export const ALIGNMENT = 8;
/** Numbers that one array may have, empty dimensions counted as 1: no shape says more than its bytes could hold. */
const MOST_NUMBERS = 2 ** 31;

/** What a header says of an array. */
export interface ArrayHead {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** Where an array lies: `offset` bytes after the place that was asked about. */
export interface Place extends ArrayHead {
  readonly name: string;
  readonly offset: number;
  readonly count: number;
}

export interface Layout {
  readonly places: readonly Place[];
  /** Where the last array ends. */
  readonly end: number;
  readonly sizes: Readonly<Record<string, number>>;
}

export const aligned = (offset: number): number => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;

/** Where the arrays of a message lie that begin after `start` bytes. Refuses shapes and dtypes that are not the kind's. */
export function layout(
  { kind, plans }: MessageKind,
  heads: Readonly<Record<string, ArrayHead>>,
  start: number,
): Layout {
  const sizes: Record<string, number> = Object.create(null) as Record<string, number>;
  const places: Place[] = [];
  let end = start;
  for (const plan of plans) {
    const head = Object.hasOwn(heads, plan.name) ? heads[plan.name]! : undefined;
    if (head === undefined) {
      if (plan.isOptional) continue;
      throw new Refused('arrays', `${plan.name} of ${kind} is missing`);
    }
    const { dtype, shape } = head;
    if (!plan.dtypes.includes(dtype)) throw new Refused('arrays', `${plan.name} is no ${plan.dtypes.join(' or ')}`);
    const count = sizeOf(plan, shape, sizes);
    const offset = aligned(end);
    places.push({ name: plan.name, dtype, shape, offset, count });
    end = offset + count * ITEM_BYTES[dtype];
  }
  const expected = places.length;
  const given = Object.keys(heads).length;
  if (given !== expected) throw new Refused('arrays', `${given - expected} arrays that ${kind} does not have`);
  return { places, end, sizes };
}

/** How many numbers this shape holds; notes and compares the named dimensions. */
function sizeOf({ name, extents }: ArrayPlan, shape: readonly number[], sizes: Record<string, number>): number {
  if (shape.length !== extents.length) throw new Refused('arrays', `${name} has not ${extents.length} dimensions`);
  let count = 1;
  let reach = 1;
  for (let i = 0; i < extents.length; i++) {
    const { name: dimension, plus, mayBeEmpty } = extents[i]!;
    const size = shape[i]!;
    if (!Number.isSafeInteger(size) || size < 0) throw new Refused('arrays', `${name} has a size that is no count`);
    count *= size;
    reach *= Math.max(1, size);
    if (reach > MOST_NUMBERS) throw new Refused('arrays', `${name} is larger than any array may be`);
    if (dimension === undefined) {
      if (size !== plus) throw new Refused('arrays', `${name} has ${size} where ${plus} is wanted`);
      continue;
    }
    const base = size - plus;
    const least = mayBeEmpty ? 0 : 1;
    if (base < least) throw new Refused('arrays', `${dimension} of ${name} is ${base}, less than ${least}`);
    const known = sizes[dimension];
    if (known === undefined) sizes[dimension] = base;
    else if (known !== base) throw new Refused('arrays', `${dimension} is ${known} elsewhere and ${base} in ${name}`);
  }
  return count;
}

/** The numbers at a place: a view where they are aligned, otherwise a copy. */
export function read(bytes: Uint8Array, { dtype, shape, offset, count }: Place): NumberArray {
  const length = count * ITEM_BYTES[dtype];
  const start = bytes.byteOffset + offset;
  if (dtype === 'u8') return { shape, data: bytes.subarray(offset, offset + length) };
  const isAligned = start % ITEM_BYTES[dtype] === 0;
  const own = isAligned ? bytes : new Uint8Array(bytes.subarray(offset, offset + length));
  const [buffer, from] = [own.buffer, isAligned ? start : 0];
  if (dtype === 'f32') return { shape, data: new Float32Array(buffer, from, count) };
  if (dtype === 'i32') return { shape, data: new Int32Array(buffer, from, count) };
  return { shape, data: new Float64Array(buffer, from, count) };
}

export function dtypeOf(data: NumberArray['data']): Dtype {
  if (data instanceof Float32Array) return 'f32';
  if (data instanceof Int32Array) return 'i32';
  if (data instanceof Float64Array) return 'f64';
  return 'u8';
}

/** Writes arrays where their places are, with zeros in between; `from` is the end of what was written before. */
export function write(
  bytes: Uint8Array,
  from: number,
  places: readonly Place[],
  data: (name: string) => NumberArray,
): void {
  let end = from;
  for (const { name, offset } of places) {
    bytes.fill(0, end, offset);
    const held = data(name).data;
    bytes.set(new Uint8Array(held.buffer, held.byteOffset, held.byteLength), offset);
    end = offset + held.byteLength;
  }
}

/** Whether nothing but zeros lies between the arrays. */
export function isClean(bytes: Uint8Array, from: number, places: readonly Place[]): boolean {
  let end = from;
  for (const { offset, count, dtype } of places) {
    for (let i = end; i < offset; i++) if (bytes[i] !== 0) return false;
    end = offset + count * ITEM_BYTES[dtype];
  }
  return true;
}
