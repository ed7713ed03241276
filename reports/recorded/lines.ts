import { createReadStream } from 'node:fs';

/** Takes a line that ends at `end` of `text` and began at `start`; false where it cannot be read. */
export type TakeLine = (text: string, start: number, end: number) => boolean;

/** What came of reading a file of lines. */
export interface LinesRead {
  /** Numbers of the lines that could not be read, from 1. */
  readonly broken: readonly number[];
  /** The file ends within a line: its process was killed while it wrote, or is writing just now. */
  readonly endsInHalfALine: boolean;
}

/** Reads a file line by line, in pieces, so that its size does not matter. Empty lines are passed over. */
export async function readLines(file: string, take: TakeLine): Promise<LinesRead> {
  const broken: number[] = [];
  let [line, rest] = [0, ''];
  for await (const piece of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const text = rest === '' ? (piece as string) : rest + piece;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      line++;
      if (end > start && !take(text, start, end)) broken.push(line);
      start = end + 1;
    }
    rest = text.slice(start);
  }
  return { broken, endsInHalfALine: rest !== '' };
}
