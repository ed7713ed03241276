import { tokensOf } from '../text/index.ts';

/** The words that are seen of an article, and what each is, by itself and where it stands. */
export interface Reading {
  readonly words: readonly string[];
  /** The tokens of each word, as one. */
  readonly keys: readonly string[];
  readonly stems: readonly string[];
  /** Capitals, a capital, digits, others; see `shapeOf`. */
  readonly shapes: readonly string[];
  /** Number of its sentence, and its place in that. */
  readonly sentence: Int32Array;
  readonly place: Int32Array;
  /** Words with a capital in a row: its place in the row, and how many they are; 0 where it has none. */
  readonly inRow: Int32Array;
  readonly rowLength: Int32Array;
}

/** What words are counted by: where two places have the same text, they count as the same. */
export const KINDS: readonly ((reading: Reading, at: number) => string)[] = [
  ({ keys }, at) => keys[at]!,
  ({ keys }, at) => keys[at]!.slice(0, 5),
  ({ keys }, at) => `${ending(keys, at, 3)} ${keys[at]!.length > 4}`,
  ({ keys }, at) => keys[at - 1] ?? '',
  ({ keys }, at) => keys[at + 1] ?? '',
  ({ shapes }, at) => `${around(shapes, at, 1)} ${Math.min(at >> 2, 5)}`,
  ({ stems }, at) => stems[at]!,
  ({ stems }, at) => `${stems[at - 1] ?? ''} ${stems[at]}`,
  ({ stems }, at) => `${stems[at]} ${stems[at + 1] ?? ''}`,
  ({ keys }, at) => `${keys[at - 1] ?? ''} _ ${keys[at + 1] ?? ''}`,
  ({ keys }, at) => `${keys[at - 2] ?? ''} ${keys[at - 1] ?? ''}`,
  ({ keys }, at) => `${keys[at + 1] ?? ''} ${keys[at + 2] ?? ''}`,
  ({ stems }, at) => `${stems[at]} ${Math.min(Math.floor(at / 3), 4)}`,
  ({ keys, shapes }, at) =>
    [ending(keys, at, 2), shapes[at], ending(keys, at - 1, 2), ending(keys, at + 1, 2)].join(' '),
  ({ keys }, at) => `${ending(keys, at, 3)} ${ending(keys, at + 1, 3)}`,
  ({ keys }, at) => `${ending(keys, at - 1, 3)} ${ending(keys, at, 3)}`,
  ({ shapes, place, sentence }, at) =>
    `${around(shapes, at, 2)} ${Math.min(place[at]!, 8)} ${Math.min(sentence[at]!, 1)}`,
  ({ keys }, at) => `${keys[0]} ${at}`,
  ({ stems, sentence, shapes }, at) => `${stems[at]} ${Math.min(sentence[at]!, 1)} ${shapes[at]}`,
];

/** Numbers of `looksOf`. */
export const LOOKS = 32;

/** Reads words as they stand in an article. */
export function readingOfWords(words: readonly string[]): Reading {
  const keys = words.map((word) => tokensOf(word).join(' '));
  const stems = keys.map((key) => key.split(' ').map(stemOf).join(''));
  const shapes = words.map(shapeOf);
  const [sentence, place, inRow, rowLength] = [0, 0, 0, 0].map(() => new Int32Array(words.length)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  for (let i = 1; i < words.length; i++) {
    // Initials and `U.S.` end no sentence.
    const isNew = endsSentence(words[i - 1]) && words[i - 1]!.length > 3;
    sentence[i] = sentence[i - 1]! + (isNew ? 1 : 0);
    place[i] = isNew ? 0 : place[i - 1]! + 1;
  }
  for (let from = 0; from < words.length; from++) {
    let to = from;
    while (to < words.length && isCapital(shapes[to])) to++;
    for (let i = from; i < to; i++) {
      inRow[i] = i - from;
      rowLength[i] = to - from;
    }
    if (to > from) from = to - 1;
  }
  return { words, keys, stems, shapes, sentence, place, inRow, rowLength };
}

/** What can be seen of word i without knowing any other article: LOOKS numbers, near [0, 1]. */
export function looksOf(reading: Reading, i: number): number[] {
  const { words, keys, stems, shapes, sentence, place, inRow, rowLength } = reading;
  const [word, shape] = [words[i]!, shapes[i]!];
  const same = stems.filter((stem) => stem === stems[i]).length;
  let capitals = 0;
  for (let j = 0; j < i; j++) if (isCapital(shapes[j])) capitals++;
  const isDash = (text: string | undefined): boolean => text === '-' || text === '--';
  return [
    flag(shape === 'A'),
    flag(isCapital(shape)),
    flag(shape === '0'),
    word.length / 10,
    i / 40,
    i / words.length,
    words.length / 40,
    flag(i < 3),
    flag(i >= 3 && i < 10),
    flag(keys.indexOf(keys[i]!) !== keys.lastIndexOf(keys[i]!)),
    flag(/[.,;:!?]$/.test(word)),
    flag(endsSentence(word)),
    flag(endsSentence(words[i - 1])),
    flag(/^[("]/.test(word)),
    flag(keys[i] === ''),
    place[i]! / 20,
    Math.min(sentence[i]!, 3) / 3,
    flag(sentence[i] === 0),
    inRow[i]! / 3,
    Math.min(rowLength[i]!, 5) / 5,
    flag(rowLength[i]! > 1),
    flag(same > 1),
    flag(stems.indexOf(stems[i]!) < i),
    Math.min(same, 4) / 4,
    flag(/[,;:]$/.test(words[i - 1] ?? '')),
    flag(/('s|s')$/.test(word)),
    flag(isDash(words[i + 1])),
    flag(isDash(words[i - 1])),
    flag(word.includes(')')),
    flag(shape === 'a' && place[i] === 0),
    capitals / 10,
    Math.log1p(i) / 4,
  ];
}

/**
 * A token without its commonest English endings: plurals, verb forms, adverbs. Cruder than Porter's, and only used to
 * count forms of a word together.
 */
export function stemOf(token: string): string {
  if (token.length <= 3) return token;
  const found = ENDINGS.find(
    ([suffix, kept]) => token.endsWith(suffix) && token.length - suffix.length + kept.length >= 3,
  );
  let stem = found === undefined ? token : token.slice(0, token.length - found[0].length) + found[1];
  if (stem.length > 3 && stem.endsWith('e')) stem = stem.slice(0, -1);
  return stem.length > 3 && stem.at(-1) === stem.at(-2) ? stem.slice(0, -1) : stem;
}

/** Suffixes, and what is put in their place; the first that fits. */
const ENDINGS: readonly (readonly [suffix: string, kept: string])[] = [
  ['ies', 'y'],
  ['sses', 'ss'],
  ['ing', ''],
  ['ed', ''],
  ['ers', 'er'],
  ['es', ''],
  ['s', ''],
  ['ly', ''],
];

/** Capitals, a capital, digits, others; nothing for nothing. */
function shapeOf(word: string): string {
  if (word === '') return '';
  if (/^[("'$]*\d/.test(word)) return '0';
  if (/^[("']*\p{Lu}/u.test(word)) return /\p{Ll}/u.test(word) ? 'a' : 'A';
  return 'x';
}

const isCapital = (shape: string | undefined): boolean => shape === 'A' || shape === 'a';
const endsSentence = (word: string | undefined): boolean => word !== undefined && /[.!?]$/.test(word);
const flag = (is: boolean): number => (is ? 1 : 0);

function ending(keys: readonly string[], at: number, length: number): string {
  return (keys[at] ?? '').slice(-length);
}

function around(shapes: readonly string[], at: number, reach: number): string {
  return Array.from({ length: 2 * reach + 1 }, (_, i) => shapes[at - reach + i] ?? '').join(' ');
}
