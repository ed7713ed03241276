/** Where the leaves of a backbone come from in a checkpoint of Hugging Face transformers, and back again. */
import { LightbulbError } from '../../../core/index.ts';
import { float32, type Value } from '../../engine/value.ts';
import { fromLeaves, subtree, type Tree } from '../../tree.ts';
import type { BackboneOf } from '../backbone.ts';

/** One leaf of ours, and the tensors of the file that it is made of. */
export interface Source {
  /** Of the leaf. */
  readonly path: string;
  /** One name, or several whose columns stand side by side in the leaf. */
  readonly names: readonly string[];
  /** Of the leaf, or of each part of it where it has several names; before it is turned round for the file. */
  readonly shape: readonly number[];
  /** The file has it the other way round, as PyTorch's linear layers do: [out, in]. */
  readonly isTransposed?: boolean;
}

type Tensors = Readonly<Record<string, Value>>;

/**
 * The parameters from the tensors of a file. `isIgnored`: names that the file may hold beside.
 * Error `mismatch` with the tensor and the file: one that is missing, misshaped, not of floats, or not known.
 */
export function fromTensors(
  tensors: Tensors,
  sources: readonly Source[],
  file: string,
  isIgnored: (name: string) => boolean,
): BackboneOf<Value> {
  const wanted = new Set(sources.flatMap(({ names }) => names));
  const missing = [...wanted].filter((name) => !Object.hasOwn(tensors, name));
  const extra = Object.keys(tensors).filter((name) => !wanted.has(name) && !isIgnored(name));
  if (missing.length > 0)
    throw new LightbulbError('mismatch', 'the checkpoint lacks a tensor', {
      where: file,
      wanted: listed(missing),
      got: extra.length === 0 ? 'nothing in its place' : listed(extra),
      cure: 'Is config.json that of this model?',
    });
  if (extra.length > 0)
    throw new LightbulbError('mismatch', 'the checkpoint holds a tensor that the model of config.json does not have', {
      where: file,
      got: listed(extra),
    });
  const pairs = sources.map((source): [string, Value] => [source.path, leafOf(source, tensors, file)]);
  return fromLeaves(pairs) as BackboneOf<Value>;
}

/** The inverse, for one tree in the form of the parameters (gradients, say): by the names of the file. */
export function toTensors(tree: Tree<Value>, sources: readonly Source[]): Record<string, Value> {
  return Object.fromEntries(
    sources.flatMap((source) => {
      const leaf = subtree(tree, source.path) as Value;
      return source.names.map((name, i): [string, Value] => [name, partOf(leaf, source, i)]);
    }),
  );
}

function leafOf({ names, shape, isTransposed = false }: Source, tensors: Tensors, file: string): Value {
  for (const name of names) check(name, tensors[name]!, isTransposed ? [...shape].reverse() : shape, file);
  if (names.length === 1 && !isTransposed) return tensors[names[0]!]!;
  const [rows, columns] = shape as [number, number];
  const leaf = float32([rows, names.length * columns]);
  for (const [part, name] of names.entries()) {
    const { data } = tensors[name]!;
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        leaf.data[(row * names.length + part) * columns + column] =
          data[isTransposed ? column * rows + row : row * columns + column]!;
  }
  return leaf;
}

function partOf(leaf: Value, { names, shape, isTransposed = false }: Source, part: number): Value {
  if (names.length === 1 && !isTransposed) return leaf;
  const [rows, columns] = shape as [number, number];
  const tensor = float32(isTransposed ? [columns, rows] : [rows, columns]);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      tensor.data[isTransposed ? column * rows + row : row * columns + column] =
        leaf.data[(row * names.length + part) * columns + column]!;
  return tensor;
}

function check(name: string, { dtype, shape }: Value, wanted: readonly number[], file: string): void {
  if (dtype === 'float32' && shape.length === wanted.length && shape.every((n, i) => n === wanted[i])) return;
  throw new LightbulbError('mismatch', `the tensor ${name} does not fit the model of config.json`, {
    where: file,
    wanted: `float32[${wanted}]`,
    got: `${dtype}[${shape}]`,
  });
}

function listed(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
