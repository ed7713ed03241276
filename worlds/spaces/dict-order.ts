import type { Dict } from '../space.ts';

const known = new WeakMap<Dict, readonly string[]>();

/** The names of a dict's parts in the one order that everything uses: lexicographic by UTF-16 unit, as in `sort()`. */
export function partNames(space: Dict): readonly string[] {
  let names = known.get(space);
  if (names === undefined) {
    names = Object.keys(space.spaces).sort();
    known.set(space, names);
  }
  return names;
}
