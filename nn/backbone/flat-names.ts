import { fromLeaves, leaves, type Mapped, type Tree } from '../tree.ts';

/** The leaves of a tree under one name each, as programs take them: `prefix` and the path. */
export function flattened<X>(prefix: string, tree: Tree<X>): Record<string, X> {
  return Object.fromEntries(leaves(tree).map(([path, leaf]) => [prefix + path, leaf]));
}

/** The tree of type `S` again, of those names that begin with `prefix`. */
export function restored<S, X>(prefix: string, named: Readonly<Record<string, X>>): Mapped<S, X> {
  const pairs = Object.entries(named).flatMap(([name, leaf]): [string, X][] =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), leaf]] : [],
  );
  return fromLeaves(pairs) as Mapped<S, X>;
}
