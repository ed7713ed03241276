/**
 * Named trees: plain nested objects whose leaves are tensors, host values or simple data. Parameters, gradients,
 * optimiser states and batches are all trees. Names are visited in code-unit order, as JAX does with dictionaries,
 * so an order never depends on how the object was built or on the file it was read from. Give a tree of known names a type
 * alias (`type Dense<X> = { weight: X; bias: X }`): TypeScript does not take an interface for a tree.
 */
import { LightbulbError } from '../core/index.ts';

/** One leaf, or a branch of named trees. */
export type Tree<X> = X | Branch<X>;

export type Branch<X> = { readonly [name: string]: Tree<X> };

/** What `leaves` and the walks take for a leaf if it is an object: it has a dtype and a shape. */
interface Shaped {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** The tree `S` with each leaf (a tensor, a host value, a primitive) replaced by `Y`. */
export type Mapped<S, Y> = S extends Shaped | number | string | boolean
  ? Y
  : { readonly [K in keyof S]: Mapped<S[K], Y> };

/** A leaf is anything but a plain object, or a plain object with a dtype and a shape array (a host `Value`). */
export function isLeaf<X>(node: Tree<X>): node is X {
  if (typeof node !== 'object' || node === null) return true;
  const prototype: unknown = Object.getPrototypeOf(node);
  if (prototype !== Object.prototype && prototype !== null) return true;
  const { dtype, shape } = node as Partial<Record<'dtype' | 'shape', unknown>>;
  return typeof dtype === 'string' && Array.isArray(shape);
}

/** The names of a branch in the order in which every walk visits them. */
export function namesOf<X>(branch: Branch<X>): string[] {
  return Object.keys(branch).sort();
}

/** All leaves with their paths (names joined by `/`; the path of a lone leaf is empty), in order. */
export function leaves<X>(tree: Tree<X>): [path: string, leaf: X][] {
  const found: [string, X][] = [];
  const walk = (node: Tree<X>, path: string): void => {
    if (isLeaf(node)) found.push([path, node]);
    else for (const name of namesOf(node)) walk(node[name]!, join(path, name));
  };
  walk(tree, '');
  return found;
}

/** Applies `f` to each leaf. Annotate the argument of `f` with the type of the leaves. */
export function mapTree<S, X, Y>(tree: S & Tree<X>, f: (leaf: X, path: string) => Y): Mapped<S, Y> {
  const walk = (node: Tree<X>, path: string): Tree<Y> => {
    if (isLeaf(node)) return f(node, path);
    const branch: Record<string, Tree<Y>> = {};
    for (const name of namesOf(node)) branch[name] = walk(node[name]!, join(path, name));
    return branch;
  };
  return walk(tree, '') as Mapped<S, Y>;
}

/**
 * Applies `f` to the leaves of two trees with the same names.
 * Throws `mismatch` with the path where one tree has a name that the other has not.
 */
export function zipTree<S, X, Z, Y>(
  tree: S & Tree<X>,
  other: Tree<Z>,
  f: (leaf: X, other: Z, path: string) => Y,
): Mapped<S, Y> {
  const walk = (a: Tree<X>, b: Tree<Z>, path: string): Tree<Y> => {
    const [aIsLeaf, bIsLeaf] = [isLeaf(a), isLeaf(b)];
    if (aIsLeaf !== bIsLeaf) throw unlike(path, aIsLeaf ? 'a leaf' : 'a branch', bIsLeaf ? 'a leaf' : 'a branch');
    if (isLeaf(a)) return f(a, b as Z, path);
    const wanted = namesOf(a);
    const got = namesOf(b as Branch<Z>);
    if (wanted.length !== got.length || wanted.some((name, i) => name !== got[i]))
      throw unlike(path, wanted.join(', '), got.join(', '));
    const branch: Record<string, Tree<Y>> = {};
    for (const name of wanted) branch[name] = walk(a[name]!, (b as Branch<Z>)[name]!, join(path, name));
    return branch;
  };
  return walk(tree, other, '') as Mapped<S, Y>;
}

/**
 * The inverse of `leaves`. A branch without leaves has no paths, so it does not come back.
 * Throws `invalid_input` for a path used twice, a path that is both a leaf and a branch, and an unusable name.
 */
export function fromLeaves<X>(pairs: Iterable<readonly [path: string, leaf: X]>): Tree<X> {
  const root: Record<string, Tree<X>> = {};
  let count = 0;
  let lone: { leaf: X } | undefined;
  for (const [path, leaf] of pairs) {
    count++;
    if (path === '') {
      lone = { leaf };
      continue;
    }
    const names = path.split('/');
    let branch = root;
    for (const [depth, name] of names.entries()) {
      checkName(name, path);
      const here = Object.hasOwn(branch, name) ? branch[name] : undefined;
      const last = depth === names.length - 1;
      if (here !== undefined && (last || isLeaf(here)))
        throw new LightbulbError('invalid_input', 'two leaves at one place of a tree', { where: path });
      const next = last ? leaf : (here ?? {});
      branch[name] = next;
      if (!last) branch = next as Record<string, Tree<X>>;
    }
  }
  if (lone === undefined) return root;
  if (count > 1) throw new LightbulbError('invalid_input', 'a lone leaf (an empty path) beside other leaves');
  return lone.leaf;
}

/** The tree at `path` (`''` is the tree itself), or undefined. */
export function subtree<X>(tree: Tree<X>, path: string): Tree<X> | undefined {
  let node: Tree<X> | undefined = tree;
  for (const name of path === '' ? [] : path.split('/')) {
    if (node === undefined || isLeaf(node)) return undefined;
    node = Object.hasOwn(node, name) ? node[name] : undefined;
  }
  return node;
}

function join(path: string, name: string): string {
  checkName(name, path);
  return path === '' ? name : `${path}/${name}`;
}

/** `/` would make paths ambiguous; `__proto__` set on a plain object does not become a key of it. */
function checkName(name: string, path: string): void {
  if (name === '' || name === '__proto__' || name.includes('/'))
    throw new LightbulbError('invalid_input', 'a tree cannot hold this name', {
      where: path,
      wanted: 'a name without "/"',
      got: JSON.stringify(name),
    });
}

function unlike(path: string, wanted: string, got: string): LightbulbError {
  return new LightbulbError('mismatch', 'two trees do not have the same names', {
    where: path === '' ? 'the root' : path,
    wanted,
    got,
  });
}
