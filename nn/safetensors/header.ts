import { LightbulbError } from '../../core/index.ts';

/** One tensor's place: bytes `begin` to `end` of what follows the header. */
export interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the tensors' bytes begin in the file. */
  readonly dataStart: number;
}

/** The name under which a header keeps its notes; no tensor can have it. */
export const METADATA = '__metadata__';

/** A longer header is refused, as the reference implementation does. Bytes. */
export const LONGEST_HEADER = 100_000_000;

/** Reads and checks the form of the header; that the places fit the file is checked where they are used. */
export function readHeader(bytes: Uint8Array): Header {
  if (bytes.byteLength < 8)
    throw corrupt('the length of the header', 'the file is cut short', 'at least 8 bytes', String(bytes.byteLength));
  const stated = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  const available = bytes.byteLength - 8;
  if (stated > BigInt(Math.min(available, LONGEST_HEADER)))
    throw corrupt(
      'the length of the header',
      stated > BigInt(LONGEST_HEADER) ? 'no header is that long' : 'the header goes on past the end of the file',
      `at most ${Math.min(available, LONGEST_HEADER)} bytes`,
      String(stated),
    );
  const length = Number(stated);
  const text = decode(bytes.subarray(8, 8 + length));
  const parsed = parse(text);
  const repeated = repeatedName(text);
  if (repeated !== undefined)
    throw corrupt('the header', 'a name occurs twice', 'names of one object to differ', JSON.stringify(repeated));

  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (name === METADATA) metadata = readMetadata(value);
    else entries.push(readEntry(name, value));
  }
  return { entries, metadata, dataStart: 8 + length };
}

/** The error for a file that breaks the format, saying where. */
export function corrupt(where: string, problem: string, wanted: string, got: string): LightbulbError {
  return new LightbulbError('corrupt', `not a sound safetensors file: ${problem}`, { where, wanted, got });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw unreadable('not UTF-8', cause);
  }
}

function parse(text: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw unreadable(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!isObject(parsed) || !text.startsWith('{'))
    throw corrupt('the header', 'the header is not an object', 'a JSON object from the first byte', excerpt(parsed));
  return parsed;
}

function unreadable(got: string, cause: unknown): LightbulbError {
  return new LightbulbError('corrupt', 'not a sound safetensors file: the header cannot be read', {
    where: 'the header',
    wanted: 'JSON',
    got,
    cause,
  });
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isObject(value)) throw corrupt(METADATA, 'the notes are not an object', 'strings by name', excerpt(value));
  for (const [name, note] of Object.entries(value))
    if (typeof note !== 'string')
      throw corrupt(`${METADATA}/${name}`, 'a note is not a string', 'a string', excerpt(note));
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown): Entry {
  if (!isObject(value)) throw corrupt(name, 'the place of a tensor is not an object', 'an object', excerpt(value));
  const { dtype, shape, data_offsets: offsets } = value as Partial<Record<string, unknown>>;
  if (typeof dtype !== 'string') throw corrupt(`${name}/dtype`, 'a dtype is not a string', 'a string', excerpt(dtype));
  if (!isCounts(shape)) throw corrupt(`${name}/shape`, 'a shape is malformed', 'whole numbers from 0', excerpt(shape));
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    throw corrupt(`${name}/data_offsets`, 'a place is malformed', 'two ascending whole numbers', excerpt(offsets));
  return { name, dtype, shape, begin: offsets[0]!, end: offsets[1]! };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** A hostile value in a few words; never walked into, because it may be nested deeper than the stack. */
function excerpt(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.slice(0, 8).map((item) => (Object(item) === item ? '...' : String(item)))}]`;
  return typeof value === 'object' && value !== null
    ? 'an object'
    : (JSON.stringify(value) ?? String(value)).slice(0, 60);
}

/**
 * A name that occurs twice in one object of the JSON `text`, which is known to parse. `JSON.parse` keeps the last of
 * the two without a word, and other readers the first: a file that means two things is not taken.
 */
function repeatedName(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
      const names = open.at(-1);
      if (names === undefined || !isFollowedByColon(text, i + 1)) continue;
      const name = JSON.parse(text.slice(start, i + 1)) as string;
      if (names.has(name)) return name;
      names.add(name);
    }
  }
  return undefined;
}

function isFollowedByColon(text: string, from: number): boolean {
  let i = from;
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i++;
  return text[i] === ':';
}
