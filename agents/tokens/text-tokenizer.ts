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
