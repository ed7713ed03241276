import { LightbulbError } from '../../core/index.ts';

/** Ids `start` to `start + size - 1`. */
export interface IdRange {
  readonly start: number;
  readonly size: number;
}

/** How many ids of each kind there are. */
export interface VocabularySizes {
  /** Tokens of the text tokenizer. */
  readonly text: number;
  /** Values of discrete numbers, from 0; at least the most choices of any space. */
  readonly discrete: number;
  /** Bins of continuous numbers; Gato's are 1024. */
  readonly bins: number;
  /** Entries of the image codebook; 0 without one. */
  readonly codes: number;
}

/**
 * Token ids in ranges that do not meet, in this order: text, discrete numbers, bins of continuous numbers, image codes,
 * then one id for each special. (Gato, arXiv 2205.06175, section 2.1, lets discrete numbers and text share ids; here a
 * token's kind follows from its id.)
 */
export interface Vocabulary {
  readonly text: IdRange;
  readonly discrete: IdRange;
  readonly continuous: IdRange;
  readonly codes: IdRange;
  /** Ends an observation: the next tokens are the action. */
  readonly separator: number;
  /** Stands where an image patch is: its vector comes from pixels, not from the table. Never predicted. */
  readonly patch: number;
  /** Begins and ends the codes of an image. */
  readonly beginImage: number;
  readonly endImage: number;
  /** Ends a text. */
  readonly endText: number;
  /** Fills what is left of a row; nothing sees it. Never predicted. */
  readonly padding: number;
  /** Ids in all, V. */
  readonly size: number;
}

/** Error `invalid_input` for a size that is no whole number, or below 1 (`codes`: below 0). */
export function vocabularyOf({ text, discrete, bins, codes }: VocabularySizes): Vocabulary {
  for (const [name, size, least] of [
    ['text', text, 1],
    ['discrete', discrete, 1],
    ['bins', bins, 1],
    ['codes', codes, 0],
  ] as const) {
    if (Number.isSafeInteger(size) && size >= least) continue;
    throw new LightbulbError('invalid_input', 'a vocabulary cannot be of this size', {
      where: `/${name}`,
      wanted: `a whole number from ${least}`,
      got: String(size),
    });
  }
  let next = 0;
  const range = (size: number): IdRange => {
    const start = next;
    next += size;
    return { start, size };
  };
  const ranges = { text: range(text), discrete: range(discrete), continuous: range(bins), codes: range(codes) };
  const one = (): number => range(1).start;
  const specials = {
    separator: one(),
    patch: one(),
    beginImage: one(),
    endImage: one(),
    endText: one(),
    padding: one(),
  };
  return { ...ranges, ...specials, size: next };
}
