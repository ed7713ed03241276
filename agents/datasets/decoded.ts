import { createReadStream } from 'node:fs';
import { LightbulbError } from '../../core/index.ts';

/**
 * A file's text, piece by piece, without the mark that some begin with (BOM). Error `invalid_input` where there is no
 * such file or it is not UTF-8, naming file and line.
 */
export async function* decoded(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lines = 1;
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      const at = bytes === undefined ? lines : lines + linesBefore(bytes);
      throw new LightbulbError('invalid_input', 'not UTF-8', { where: `${file}:${at}`, cause });
    }
  };
  try {
    for await (const bytes of createReadStream(file) as AsyncIterable<Uint8Array>) {
      const text = decode(bytes);
      yield text;
      lines += count(text);
    }
    yield decode();
  } catch (cause) {
    if (cause instanceof LightbulbError || (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new LightbulbError('invalid_input', problem, { where: file, cause });
  }
}

/** Line feeds before the first byte that cannot be; 0 where that is the very first. */
function linesBefore(bytes: Uint8Array): number {
  let [low, high] = [0, bytes.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (isText(bytes.subarray(0, middle))) low = middle;
    else high = middle - 1;
  }
  return bytes.subarray(0, low).reduce((lines, byte) => lines + (byte === 10 ? 1 : 0), 0);
}

/** Whether it may be the beginning of a text; its first and last character may be cut. */
function isText(bytes: Uint8Array): boolean {
  // What belongs to a character that the piece before it began with.
  let from = 0;
  while (from < 3 && ((bytes[from] ?? 0) & 0xc0) === 0x80) from++;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from), { stream: true });
    return true;
  } catch {
    return false;
  }
}

function count(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
