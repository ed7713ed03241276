import type { Space } from '../../worlds/index.ts';
import type { StepLayout } from './layout.ts';
import type { TextTokenizer } from './text-tokenizer.ts';
import type { PatchShape, TokenBuffer } from './token-buffer.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What all tasks of a model have in common. */
export interface TokenSettings {
  readonly vocabulary: Vocabulary;
  readonly tokenizer: TextTokenizer;
  /** Most tokens of one text; longer ones are cut. */
  readonly textTokens: number;
  readonly patch: PatchShape;
  /** Turns pictures into codes in place of patches; null for patches. */
  readonly imageCodes: ImageTokenizer | null;
}

/** Pictures to codes and back (a VQ autoencoder). */
export interface ImageTokenizer {
  /** [height, width, channels] of the pictures that it takes. */
  readonly shape: readonly [number, number, number];
  /** Codes of one picture, in raster order. */
  readonly tokens: number;
  /** Entries of the codebook. */
  readonly codes: number;
  /** pixels: raw, as observed (0 to 255), from `offset`; writes `tokens` codes, each in [0, codes). */
  encode(pixels: Float32Array, offset: number, out: Int32Array): void;
  /** Codes to pixels 0 to 255 [height, width, channels]. */
  decode(codes: Int32Array): Float32Array;
}

/** The spaces of one agent, and which agents share the tokens' source. */
export interface StepSpaces {
  readonly observation: Space;
  /** null for corpora of texts, which nobody acts in. */
  readonly action: Space | null;
  /** How many agents a time step may be of; above 1, each step begins with the agent's index. */
  readonly agents: number;
}

/**
 * Writes time steps of one kind of agent as tokens, and reads actions back (Gato, arXiv 2205.06175, section 2.1):
 * [agent's index], the observation's parts, separator; then the action's components. Observations and actions are the
 * numbers that batched environments hand out (`flatten`, `encodeAction`).
 */
export interface StepTokens {
  readonly layout: StepLayout;
  /** Appends the observation at numbers[offset...] and the separator. Error `invalid_input` where it is no member. */
  observe(numbers: Float32Array | Uint8Array, offset: number, agent: number, out: TokenBuffer): void;
  /** Appends the action at numbers[offset...], A tokens. */
  act(numbers: ArrayLike<number>, offset: number, out: TokenBuffer): void;
  /** The number that a token stands for as component `component` of an action; continuous ones at the bin's centre. */
  number(component: number, id: number): number;
  /**
   * Writes which ids may be chosen for a component, V zeros and ones. mask: the environment's, from `offset` (all
   * components one after the other), or null where all that the space has is legal.
   */
  legal(component: number, mask: Uint8Array | null, offset: number, out: Uint8Array): void;
}
