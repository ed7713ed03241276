/**
 * Packing: a tree of float32 tensors as one flat vector and back. One vector crosses the border of a compiled
 * program in place of hundreds of small tensors, and an optimiser on it runs a handful of kernels in all.
 */
import { LightbulbError } from '../core/index.ts';
import { tf } from './engine/tf.ts';
import { float32, sizeOf, type Value } from './engine/value.ts';
import { fromLeaves, leaves, type Mapped, type Tree } from './tree.ts';

/** Where one leaf lies in the flat vector: elements `offset` to `offset + size`. */
export interface Slot {
  readonly path: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
}

/** Plain JSON: the places of all leaves in the order of `leaves`. `S` remembers the type of the packed tree. */
export interface Layout<S = Tree<unknown>> {
  readonly slots: readonly Slot[];
  /** Number of elements in all, P. */
  readonly size: number;
  /** Only for the type checker; never present. */
  readonly tree?: S;
}

/** What a layout can be taken of: tensors and host values alike. */
interface Shaped {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** The layout of a tree of float32 leaves. Throws `unsupported` for a leaf of another dtype. */
export function layoutOf<S>(tree: S & Tree<Shaped>): Layout<S> {
  let offset = 0;
  const slots = leaves<Shaped>(tree).map(([path, { dtype, shape }]): Slot => {
    if (dtype !== 'float32')
      throw new LightbulbError('unsupported', 'only float32 leaves can be packed', {
        where: path,
        wanted: 'float32',
        got: dtype,
      });
    const size = sizeOf(shape);
    const slot = { path, shape: [...shape], offset, size };
    offset += size;
    return slot;
  });
  return { slots, size: offset };
}

/** Copies the leaves of a tree into one vector [P]. */
export function pack(tree: Tree<Value>): Value {
  const layout = layoutOf(tree);
  const data = new Float32Array(layout.size);
  for (const [i, [, leaf]] of leaves(tree).entries()) data.set(leaf.data, layout.slots[i]!.offset);
  return float32([layout.size], data);
}

/** The leaves of a tree of tensors as one vector [P]; differentiable. Throws `mismatch` where the tree is another. */
export function packTensors(tree: Tree<tf.Tensor>, layout: Layout): tf.Tensor1D {
  const found = leaves(tree);
  const agrees =
    found.length === layout.slots.length &&
    found.every(([path, { size }], i) => path === layout.slots[i]!.path && size === layout.slots[i]!.size);
  if (!agrees)
    throw new LightbulbError('mismatch', 'this tree does not have the layout it is packed with', {
      wanted: describe(layout.slots),
      got: describe(found.map(([path, { shape }]) => ({ path, shape }))),
    });
  const flat = found.map(([, leaf]) => tf.reshape<tf.Rank.R1>(leaf, [-1]));
  return flat.length === 1 ? flat[0]! : tf.concat1d(flat);
}

/** Splits a vector [P] into the tree of the layout: one split, then reshapes; differentiable. */
export function unpackTensors<S>(flat: tf.Tensor1D, layout: Layout<S>): Mapped<S, tf.Tensor> {
  if (flat.size !== layout.size) throw wrongLength(layout.size, flat.size);
  const sizes = layout.slots.map(({ size }) => size);
  const parts = sizes.length === 1 ? [flat] : tf.split(flat, sizes);
  const pairs = layout.slots.map(({ path, shape }, i): [string, tf.Tensor] => [
    path,
    tf.reshape(parts[i]!, [...shape]),
  ]);
  return fromLeaves(pairs) as Mapped<S, tf.Tensor>;
}

/** The tree over `data` [P] without copying: writing to a view writes to `data`. */
export function viewsOf<S>(layout: Layout<S>, data: Float32Array): Mapped<S, Value> {
  if (data.length !== layout.size) throw wrongLength(layout.size, data.length);
  const pairs = layout.slots.map(({ path, shape, offset, size }): [string, Value] => [
    path,
    float32(shape, data.subarray(offset, offset + size)),
  ]);
  return fromLeaves(pairs) as Mapped<S, Value>;
}

function wrongLength(wanted: number, got: number): LightbulbError {
  return new LightbulbError('mismatch', 'a packed vector does not have the length of its layout', {
    wanted: String(wanted),
    got: String(got),
  });
}

function describe(slots: readonly Pick<Slot, 'path' | 'shape'>[]): string {
  return slots.map(({ path, shape }) => `${path === '' ? 'leaf' : path}[${shape.join(',')}]`).join(' ');
}
