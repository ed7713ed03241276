import { type JsonObject, LightbulbError } from '../../core/index.ts';
import { PairQueue } from './pair-queue.ts';

/**
 * Byte-level byte-pair encoding, learned (Sennrich, Haddow and Birch 2016, arXiv 1508.07909, algorithm 1, on bytes as
 * in GPT-2): texts fall into words by GPT-2's rule, words into bytes, and the most frequent pair of neighbours becomes
 * a token of its own, again and again. Of equally frequent pairs the one with the smaller ids goes first, left before
 * right, as in Hugging Face's trainer.
 *
 * Answers the contents of a `tokenizer.json` with `size` ids: the 256 bytes, then what was merged, in order; fewer
 * where no pair is left that occurs twice. The same texts give the same tokenizer. Error `invalid_input` for a size
 * that is no whole number from 256.
 */
export function learnBytePairs(texts: Iterable<string>, size: number): JsonObject {
  if (!Number.isSafeInteger(size) || size < 256) {
    throw new LightbulbError('invalid_input', 'a byte-pair tokenizer cannot be of this size', {
      wanted: 'a whole number from 256 (one for each byte)',
      got: String(size),
    });
  }
  const words = new Words(texts);
  const tokens = [...ALPHABET];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges: [string, string][] = [];
  while (tokens.length < size) {
    const pair = words.mostFrequent();
    if (pair === null) break;
    const [left, right] = pair;
    const merged = tokens[left]! + tokens[right]!;
    merges.push([tokens[left]!, tokens[right]!]);
    // Two merges may come to the same text: "ab" + "c", "a" + "bc".
    const id = ids.get(merged) ?? tokens.push(merged) - 1;
    ids.set(merged, id);
    words.merge(left, right, id);
  }
  return tokenizerJson(tokens, merges);
}

/** GPT-2's words: English endings; letters, digits or marks in a row, with the space before them; other spaces. */
const WORD = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/**
 * GPT-2's characters for bytes: what prints in Latin-1 stands for itself, the others for the characters from U+0100 on.
 * [256]: of each byte.
 */
const CHARACTERS = byteCharacters();

/** The same in the order of ids, which is that of their code points. */
const ALPHABET = [...CHARACTERS].sort((a, b) => a.charCodeAt(0) - b.charCodeAt(0));
const ID_OF_BYTE = CHARACTERS.map((character) => ALPHABET.indexOf(character));

function byteCharacters(): string[] {
  let spare = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(prints ? byte : spare++);
  });
}

/** Pairs as one number, so that they can be keys: room for 2^26 ids each. */
const RADIX = 2 ** 26;

/** The different words of a corpus as ids of tokens, and how often each pair of neighbours occurs in it. */
class Words {
  /** [words]: its tokens, and how often the word occurs. */
  private readonly tokens: number[][] = [];
  private readonly times: number[] = [];
  private readonly counts = new Map<number, number>();
  /** Words that hold a pair, or once did. */
  private readonly places = new Map<number, Set<number>>();
  private readonly queue = new PairQueue();

  constructor(texts: Iterable<string>) {
    const times = new Map<string, number>();
    for (const text of texts) for (const [word] of text.matchAll(WORD)) times.set(word, (times.get(word) ?? 0) + 1);
    const bytes = new TextEncoder();
    for (const [word, count] of times) {
      this.tokens.push(Array.from(bytes.encode(word), (byte) => ID_OF_BYTE[byte]!));
      this.times.push(count);
      this.count(this.tokens.length - 1, 1);
    }
    for (const [pair, count] of this.counts) this.queue.push(pair, count);
  }

  /** The most frequent pair; null where none occurs twice. */
  mostFrequent(): [left: number, right: number] | null {
    for (let next = this.queue.pop(); next !== null; next = this.queue.pop()) {
      const count = this.counts.get(next.pair) ?? 0;
      if (count === next.count) return count < 2 ? null : [Math.floor(next.pair / RADIX), next.pair % RADIX];
      // It has become rarer since; one that became more frequent is in the queue a second time.
      if (count > 0 && count < next.count) this.queue.push(next.pair, count);
    }
    return null;
  }

  /** Writes `merged` for each `left` that `right` follows, from the beginning of each word. */
  merge(left: number, right: number, merged: number): void {
    const more = new Set<number>();
    for (const w of this.places.get(left * RADIX + right)!) {
      const old = this.tokens[w]!;
      const word: number[] = [];
      for (let i = 0; i < old.length; i++) {
        const isPair = old[i] === left && old[i + 1] === right;
        word.push(isPair ? merged : old[i]!);
        if (isPair) i++;
      }
      if (word.length === old.length) continue;
      this.count(w, -1);
      this.tokens[w] = word;
      this.count(w, 1);
      for (let i = 0; i + 1 < word.length; i++)
        if (word[i] === merged || word[i + 1] === merged) more.add(word[i]! * RADIX + word[i + 1]!);
    }
    for (const pair of more) this.queue.push(pair, this.counts.get(pair)!);
  }

  /** Counts the pairs of a word in (1) or out (-1). */
  private count(word: number, sign: 1 | -1): void {
    const tokens = this.tokens[word]!;
    const times = sign * this.times[word]!;
    for (let i = 0; i + 1 < tokens.length; i++) {
      const pair = tokens[i]! * RADIX + tokens[i + 1]!;
      this.counts.set(pair, (this.counts.get(pair) ?? 0) + times);
      if (sign < 0) continue;
      const places = this.places.get(pair);
      if (places === undefined) this.places.set(pair, new Set([word]));
      else places.add(word);
    }
  }
}

/** In the form that Hugging Face's `tokenizers` writes. */
function tokenizerJson(tokens: readonly string[], merges: readonly [string, string][]): JsonObject {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
