/**
 * Spaces: what observations and actions may be, as plain JSON data (named and shaped as in Gymnasium). Functions in
 * this room check, sample, flatten and print them.
 */
export type Space = Box | Discrete | MultiDiscrete | MultiBinary | Text | Dict | Tuple;

/** Arrays of numbers of one shape, each within [low, high] (numbers for all, or one per entry, row-major). */
export interface Box {
  readonly type: 'box';
  readonly shape: readonly number[];
  readonly low: number | readonly number[];
  readonly high: number | readonly number[];
  /** `uint8` marks pictures (0 to 255): height, width, channels. Default `float32`. */
  readonly dtype?: 'float32' | 'int32' | 'uint8';
}

/** One of `n` choices: 0 to n - 1. */
export interface Discrete {
  readonly type: 'discrete';
  readonly n: number;
  readonly labels?: readonly string[];
}

/** Several choices at once: component i lies in 0 to n[i] - 1. */
export interface MultiDiscrete {
  readonly type: 'multiDiscrete';
  readonly n: readonly number[];
  /** The components are one utterance, decided one after the other. All `n` are equal then. */
  readonly sequence?: Sequence;
}

/**
 * What the choices of an utterance mean. Choice 0 ends it: whatever comes after has no meaning (and is 0, where a
 * policy knows of this). Choices 1 to `first` - 1 are words of the action's own (`labels` names them, from choice 0 on).
 * Choice `first` + i points at word i of the text part `to` of the same agent's observation (a key of its dict; words
 * are what stands between spaces); a word is taken once, pointing at it again means nothing, and so does pointing past
 * the last. Environments take any choices; learners that know of this need not waste any.
 */
export interface Sequence {
  readonly first: number;
  readonly to: string;
  /** A box of the same observation, of shape [n - first, F]: a row of numbers about each word that can be pointed at. */
  readonly features?: string;
  readonly labels?: readonly string[];
}

/** `n` zeros or ones. */
export interface MultiBinary {
  readonly type: 'multiBinary';
  readonly n: number;
}

/** Strings of at most `maxLength` characters (of `charset`, where given). */
export interface Text {
  readonly type: 'text';
  readonly maxLength: number;
  readonly minLength?: number;
  readonly charset?: string;
}

/** Named parts. Flattened in the order of their names (lexicographic), as in Gymnasium. */
export interface Dict {
  readonly type: 'dict';
  readonly spaces: Readonly<Record<string, Space>>;
}

/** Parts in order. */
export interface Tuple {
  readonly type: 'tuple';
  readonly spaces: readonly Space[];
}

/** A member of a space. Boxes and the multi-spaces: a typed array or a plain (flat, row-major) array of numbers. */
export type SpaceValue =
  | number
  | string
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | readonly number[]
  | readonly SpaceValue[]
  | { readonly [key: string]: SpaceValue };
