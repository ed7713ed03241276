/**
 * Words of flattened texts (UTF-16 code units + 1, zeros behind) as numbers, without making a string of any.
 */

/** No word. */
export const NO_WORD = -1;

/** How a word is written: 4 ways of capitals x 2 of digits x 3 of endings. */
export const SHAPES = 24;

const SPACE = 33;

/** Kinds of code units; letters without case count as lower ones. */
const OTHER = 0;
const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;

/**
 * Reads the text at `units[offset...]` (`length` places) as words between single spaces: of each the row of its letters and
 * digits in lower case in a table of `vocabulary` rows (FNV-1a; of what it is written with where it has none), and its
 * shape. Writes `count` places of `ids` and `shapes` from `at` on, NO_WORD and shape 0 behind the last word; words beyond
 * are left out. Returns how many words there were room for.
 */
export function readWords(
  units: Float32Array,
  offset: number,
  length: number,
  vocabulary: number,
  ids: Int32Array,
  shapes: Int32Array,
  at: number,
  count: number,
): number {
  const { lowered, kinds } = characters();
  let written = 0;
  let from = offset;
  const end = offset + length;
  while (written < count && from < end && units[from] !== 0) {
    let [hash, raw] = [BASIS, BASIS];
    let [letters, capitals, digits, first, last] = [0, 0, 0, 0, 0];
    let i = from;
    for (; i < end && units[i] !== 0 && units[i] !== SPACE; i++) {
      const unit = units[i]! - 1;
      const kind = kinds[unit]!;
      last = unit;
      raw = mixed(raw, unit);
      if (kind === OTHER) continue;
      hash = mixed(hash, lowered[unit]!);
      if (kind === DIGIT) {
        digits++;
        continue;
      }
      if (letters === 0) first = kind;
      letters++;
      if (kind === UPPER) capitals++;
    }
    const isNamed = letters + digits > 0;
    ids[at + written] = ((isNamed ? hash : raw) >>> 0) % vocabulary;
    shapes[at + written] = shapeOf(letters, capitals, digits, first, last);
    written++;
    from = i < end && units[i] === SPACE ? i + 1 : end;
  }
  ids.fill(NO_WORD, at + written, at + count);
  shapes.fill(0, at + written, at + count);
  return written;
}

/** FNV-1a, 32 bits (Fowler, Noll and Vo), a code unit's two bytes at a time. */
const BASIS = 0x811c9dc5;

function mixed(hash: number, unit: number): number {
  return Math.imul(Math.imul(hash ^ (unit & 0xff), 0x01000193) ^ (unit >>> 8), 0x01000193);
}

function shapeOf(letters: number, capitals: number, digits: number, first: number, last: number): number {
  const isAll = letters > 1 && capitals === letters;
  const capital = isAll ? 2 : first === UPPER ? 1 : capitals > 0 ? 3 : 0;
  const ending = SENTENCE_ENDS.has(last) ? 1 : PAUSES.has(last) ? 2 : 0;
  return capital + 4 * (digits > 0 ? 1 : 0) + 8 * ending;
}

const unitsOf = (text: string): ReadonlySet<number> => new Set(Array.from(text, (c) => c.charCodeAt(0)));

const SENTENCE_ENDS = unitsOf('.!?');
const PAUSES = unitsOf(',;:)"\'');

interface Characters {
  /** Each code unit in lower case, where that is one code unit. */
  readonly lowered: Uint16Array;
  readonly kinds: Uint8Array;
}

let known: Characters | undefined;

/** Of all code units; made at the first use. */
function characters(): Characters {
  if (known !== undefined) return known;
  const lowered = new Uint16Array(65536);
  const kinds = new Uint8Array(65536);
  for (let unit = 0; unit < 65536; unit++) {
    const character = String.fromCharCode(unit);
    const lower = character.toLowerCase();
    lowered[unit] = lower.length === 1 ? lower.charCodeAt(0) : unit;
    kinds[unit] = kindOf(character, lower);
  }
  known = { lowered, kinds };
  return known;
}

function kindOf(character: string, lower: string): number {
  if (/\p{Nd}/u.test(character)) return DIGIT;
  if (!/[\p{L}\p{M}]/u.test(character)) return OTHER;
  return character === lower ? LOWER : UPPER;
}
