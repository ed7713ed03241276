/**
 * A schema and the type that code reads are two statements of one thing; these let the compiler hold them together:
 * `true satisfies Same<Frozen<Type.Static<typeof schema>>, Options>`.
 */

/** The same, read-only all through. */
export type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** `true` where each of two types fits the other. */
export type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
