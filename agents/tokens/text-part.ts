import { checkValue, type Text, unflatten } from '../../worlds/index.ts';
import { type Numbers, type ObservationPart, outside, placeOf } from './observation-part.ts';
import { requireIds, type TextTokenizer } from './text-tokenizer.ts';
import { TARGET, type TokenBuffer } from './token-buffer.ts';
import type { Vocabulary } from './vocabulary.ts';

const MOST_UNIT = 0x10000;

/** A text: its first tokens, `most - 1` of them at most, and the token that ends a text. All are to be predicted. */
export function textPart(
  space: Text,
  path: string,
  tokenizer: TextTokenizer,
  most: number,
  { text, endText }: Vocabulary,
): ObservationPart {
  return {
    kind: 'text',
    path,
    note: `at most ${most - 1} of ${tokenizer.name}, and the end of a text`,
    size: space.maxLength,
    tokens: most,
    patches: 0,
    rows: null,
    write(numbers: Numbers, offset: number, local: number, out: TokenBuffer): number {
      requireUnits(numbers, offset, space.maxLength, path);
      const value = unflatten(space, numbers, offset) as string;
      const fault = checkValue(space, value);
      if (fault !== null) throw outside(placeOf('observation', path), fault.wanted, fault.got);
      const ids = tokenizer.encode(value);
      requireIds(tokenizer.name, text.size, ids);
      const count = Math.min(ids.length, most - 1);
      for (let i = 0; i < count; i++) out.add(text.start + ids[i]!, local + i, TARGET.text);
      out.add(endText, local + count, TARGET.text);
      return local + count + 1;
    },
  };
}

/** Code units + 1, then nothing but zeros. */
function requireUnits(numbers: Numbers, offset: number, length: number, path: string): void {
  let hasEnded = false;
  for (let i = 0; i < length; i++) {
    const unit = numbers[offset + i]!;
    const isUnit = unit >= 0 && unit <= MOST_UNIT && Number.isInteger(unit);
    if (!isUnit || (hasEnded && unit !== 0))
      throw outside(
        placeOf('observation', path, i),
        hasEnded ? '0, behind the end of a text' : 'a code unit + 1, or 0',
        unit,
      );
    hasEnded ||= unit === 0;
  }
}
