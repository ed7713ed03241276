import { tokensOf, valenceOf } from '../text/index.ts';

/** Numbers tokens in the order in which they are first seen. */
export class TokenNumbers {
  private readonly numbers = new Map<string, number>();

  get size(): number {
    return this.numbers.size;
  }

  of(token: string): number {
    const found = this.numbers.get(token);
    if (found !== undefined) return found;
    this.numbers.set(token, this.numbers.size);
    return this.numbers.size - 1;
  }

  ofText(text: string): Int32Array {
    return Int32Array.from(tokensOf(text), (token) => this.of(token));
  }

  /** The same without keeping what is new: new tokens have numbers of their own, from `size` on, in this text alone. */
  ofForeignText(text: string): Int32Array {
    const foreign: string[] = [];
    return Int32Array.from(tokensOf(text), (token) => {
      const found = this.numbers.get(token);
      if (found !== undefined) return found;
      if (!foreign.includes(token)) foreign.push(token);
      return this.size + foreign.indexOf(token);
    });
  }
}

/**
 * All words that can stand in a message, by number, as all that a step needs of them: characters, tokens, valence. Texts
 * are words in a row.
 */
export class WordTable {
  /** [words + 1]: where the tokens of a word begin in `tokens`. */
  readonly tokenStart: Int32Array;
  readonly tokens: Int32Array;
  /** [words]: the sum of AFINN over the tokens of a word. */
  readonly valence: Int32Array;
  /** The most tokens of a word. */
  readonly mostTokens: number;
  /** [words]: 0, 1, 2 and so on: words in a row as a list. */
  readonly inOrder: Int32Array;
  /** [words + 1]: where the characters of a word begin. */
  private readonly characterStart: Int32Array;
  /** UTF-16 code units + 1, as texts stand in observations. */
  private readonly characters: Float32Array;

  constructor(
    private readonly words: readonly string[],
    numbers: TokenNumbers,
  ) {
    // Most words stand in many articles.
    const read = new Map<string, Reading>();
    const readings = words.map((word) => {
      if (!read.has(word)) read.set(word, readingOf(word, numbers));
      return read.get(word)!;
    });
    const tokens = readings.map((reading) => reading.tokens);
    this.tokenStart = startsOf(tokens);
    this.tokens = Int32Array.from(tokens.flat());
    this.valence = Int32Array.from(readings, ({ valence }) => valence);
    this.mostTokens = tokens.reduce((most, { length }) => Math.max(most, length), 0);
    this.inOrder = Int32Array.from(words, (_, w) => w);
    this.characterStart = startsOf(words);
    this.characters = charactersOf(words.join(''));
  }

  /** The words `list[from]` to `list[from + count - 1]`, joined by spaces. */
  text(list: Int32Array, from: number, count: number): string {
    return Array.from(list.subarray(from, from + count), (word) => this.words[word]).join(' ');
  }

  /** Writes the same words as the text of an observation, of `maxLength` numbers, to `out[offset...]`. */
  write(list: Int32Array, from: number, count: number, out: Float32Array, offset: number, maxLength: number): void {
    const { characters, characterStart } = this;
    let at = offset;
    for (let i = 0; i < count; i++) {
      const word = list[from + i]!;
      if (i > 0) out[at++] = SPACE;
      for (let c = characterStart[word]!; c < characterStart[word + 1]!; c++) out[at++] = characters[c]!;
    }
    out.fill(0, at, offset + maxLength);
  }
}

interface Reading {
  readonly tokens: readonly number[];
  readonly valence: number;
}

function readingOf(word: string, numbers: TokenNumbers): Reading {
  const tokens = tokensOf(word);
  return {
    tokens: tokens.map((token) => numbers.of(token)),
    valence: tokens.reduce((sum, token) => sum + valenceOf(token), 0),
  };
}

/** UTF-16 code units + 1, as texts stand in observations. */
export function charactersOf(text: string): Float32Array {
  const characters = new Float32Array(text.length);
  for (let i = 0; i < text.length; i++) characters[i] = text.charCodeAt(i) + 1;
  return characters;
}

const SPACE = ' '.charCodeAt(0) + 1;

function startsOf(parts: readonly { readonly length: number }[]): Int32Array {
  const starts = new Int32Array(parts.length + 1);
  for (const [i, { length }] of parts.entries()) starts[i + 1] = starts[i]! + length;
  return starts;
}
