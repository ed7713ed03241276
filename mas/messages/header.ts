import { type Dtype, ITEM_BYTES } from './define.ts';
import type { ArrayHead } from './layout.ts';
import { Refused } from './refusal.ts';

/** Where a message's arrays lie if not in the message. */
export interface BlobReference {
  /** In the blob store of the run. */
  readonly name: string;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
  readonly size: number;
}

/** What stands before the arrays. */
export interface Header {
  readonly version: number;
  readonly run: string;
  readonly id: string;
  readonly kind: string;
  /** Not yet held against the schema of their kind. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, ArrayHead>>;
  readonly blob: BlobReference | undefined;
}

/** Bytes that a header may have. */
export const MOST_HEADER_BYTES = 65_536;
const MOST_LEVELS = 8;
const MOST_ARRAYS = 64;
const MOST_DIMENSIONS = 8;
export const ID = /^[-/=\w]+(\.[-/=\w]+)*$/;
export const MOST_ID_LETTERS = 200;
const SHA256 = /^[0-9a-f]{64}$/;
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The header in these bytes, strictly: one JSON object whose every key is known, of its type, and there once. */
export function parseHeader(bytes: Uint8Array): Header {
  const keys = countKeys(bytes);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new Refused('json', 'the header is no JSON in UTF-8');
  }
  if (!isObject(value)) throw new Refused('json', 'the header is no JSON object');
  if (countOwn(value) !== keys) throw new Refused('keys', 'the header has a key twice');
  return headerOf(value);
}

function headerOf({ version, run, id, kind, fields, arrays = {}, blob, ...others }: Record<string, unknown>): Header {
  const wrong = (what: string): Refused => new Refused('envelope', what);
  if (Object.keys(others).length > 0) throw wrong('there are keys that no header has');
  if (!Number.isSafeInteger(version)) throw wrong('version is no integer');
  if (typeof run !== 'string') throw wrong('run is no text');
  if (typeof kind !== 'string') throw wrong('kind is no text');
  if (typeof id !== 'string' || id.length > MOST_ID_LETTERS || !ID.test(id)) throw wrong('id is none');
  if (!isObject(fields)) throw wrong('fields is no object');
  if (!isObject(arrays)) throw wrong('arrays is no object');
  const names = Object.keys(arrays);
  if (names.length > MOST_ARRAYS) throw wrong(`more than ${MOST_ARRAYS} arrays`);
  for (const name of names) checkHead(name, arrays[name]);
  if (blob !== undefined && !isReference(blob)) throw wrong('blob is no name with a SHA-256 and a size');
  return {
    version: version as number,
    run,
    id,
    kind,
    fields,
    arrays: arrays as Record<string, ArrayHead>,
    blob,
  };
}

function checkHead(name: string, head: unknown): void {
  if (!isObject(head)) throw new Refused('envelope', 'an array is described by no object');
  const { dtype, shape, ...others } = head;
  const isKnown = typeof dtype === 'string' && Object.hasOwn(ITEM_BYTES, dtype as Dtype);
  if (!isKnown) throw new Refused('arrays', `the array ${printable(name)} has no known dtype`);
  const isShape = Array.isArray(shape) && shape.length <= MOST_DIMENSIONS && shape.every(Number.isSafeInteger);
  if (!isShape) throw new Refused('arrays', `the array ${printable(name)} has no shape`);
  if (Object.keys(others).length > 0) throw new Refused('envelope', 'an array has keys besides dtype and shape');
}

export function isReference(value: unknown): value is BlobReference {
  if (!isObject(value) || Object.keys(value).length !== 3) return false;
  const { name, sha256, size } = value;
  const isName = typeof name === 'string' && name.length <= MOST_ID_LETTERS && ID.test(name);
  return (
    isName && typeof sha256 === 'string' && SHA256.test(sha256) && Number.isSafeInteger(size) && (size as number) >= 0
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const [QUOTE, BACKSLASH, COLON, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x22, 0x5c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d];

/** Keys in a JSON text, by its colons outside of strings; refuses what is nested too deep before anybody parses it. */
function countKeys(bytes: Uint8Array): number {
  let keys = 0;
  let level = 0;
  let isText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (isText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === COLON) keys++;
    else if (byte === OPEN || byte === OPEN_LIST) {
      if (++level > MOST_LEVELS) throw new Refused('json', `nested deeper than ${MOST_LEVELS} levels`);
    } else if (byte === CLOSE || byte === CLOSE_LIST) level--;
  }
  return keys;
}

/** Keys in a value of at most eight levels, its children's among them. */
function countOwn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const entry of value) keys += countOwn(entry);
    return keys;
  }
  for (const key of Object.keys(value)) {
    if (FORBIDDEN.has(key)) throw new Refused('keys', 'a key that would reach into prototypes');
    keys += 1 + countOwn((value as Record<string, unknown>)[key]);
  }
  return keys;
}

/** A hostile text as one line of printable ASCII, fit for headers and terminals. */
export function printable(text: string, most = 200): string {
  const cut = text.length > most ? `${text.slice(0, most - 3)}...` : text;
  return cut.replace(/[^ -~]/g, '?').trim();
}
