import { requireIds, type TextTokenizer } from './text-tokenizer.ts';

/**
 * Text as its UTF-8 bytes, ids 0 to 255: needs no file and knows every text. Round trips are exact, but for halves of
 * surrogate pairs, which have no UTF-8 and become U+FFFD; so do bytes that are no UTF-8 when they are read back.
 */
export function byteTokenizer(): TextTokenizer {
  return { name: 'bytes', size: 256, encode, decode };
}

const toBytes = new TextEncoder();
// Otherwise a byte order mark at the beginning of a text would be lost.
const fromBytes = new TextDecoder('utf-8', { ignoreBOM: true });

function encode(text: string): number[] {
  return Array.from(toBytes.encode(text));
}

function decode(ids: readonly number[]): string {
  requireIds('bytes', 256, ids);
  return fromBytes.decode(Uint8Array.from(ids));
}
