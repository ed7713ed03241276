import { LightbulbError } from '../../core/index.ts';

/** Text to ids from 0 to `size - 1` and back. Pure; the same text always gives the same ids. */
export interface TextTokenizer {
  /** What it is, for people: `bytes`, or the file it came from. */
  readonly name: string;
  /** Number of ids. */
  readonly size: number;
  encode(text: string): readonly number[];
  /** The text of these ids. Error `invalid_input` naming the first id that is out of range. */
  decode(ids: readonly number[]): string;
}

/** Error `invalid_input` naming the first of `ids` that the tokenizer `name`, with `size` ids, does not have. */
export function requireIds(name: string, size: number, ids: readonly number[]): void {
  const wrong = ids.findIndex((id) => !(Number.isInteger(id) && id >= 0 && id < size));
  if (wrong < 0) return;
  throw new LightbulbError('invalid_input', 'there is no such text token', {
    where: `tokenizer ${name}, id ${wrong} of ${ids.length}`,
    wanted: `a whole number from 0 to ${size - 1}`,
    got: String(ids[wrong]),
  });
}
