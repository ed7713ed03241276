import { LightbulbError } from '../../core/index.ts';
import { Copies } from '../bus/copies.ts';
import type { ArraysOf, MessageKind, NumberArray, Outgoing, Received } from './define.ts';
import { type BlobReference, type Header, ID, MOST_HEADER_BYTES, MOST_ID_LETTERS, parseHeader } from './header.ts';
import { ALIGNMENT, type ArrayHead, dtypeOf, isClean, type Layout, layout, read, write } from './layout.ts';
import { Refused } from './refusal.ts';

const LENGTH_BYTES = 4;
const text = new TextEncoder();

/** Whose message it is. */
export interface Envelope {
  readonly run: string;
  readonly id: string;
}

/**
 * Writes messages into a buffer that it uses again: what `encode` returns is good until the next call. Throws
 * `contract` for messages that no receiver would take.
 */
export class Encoder {
  private scratch = new Uint8Array(4096);

  /** Header and arrays. */
  encode<K extends MessageKind>(kind: K, { run, id }: Envelope, message: Outgoing<K>): Uint8Array {
    const { heads, arrays } = describe(kind, message);
    const start = this.writeHeader(kind, { run, id }, message, heads);
    const { places, end } = checked(kind, () => layout(kind, heads, start), arrays);
    this.grow(end, start);
    write(this.scratch, start, places, (name) => arrays[name]!);
    return this.scratch.subarray(0, end);
  }

  /** The header alone, naming the blob that holds what `arrayBytes` returned. */
  encodeReference<K extends MessageKind>(
    kind: K,
    { run, id }: Envelope,
    message: Outgoing<K>,
    blob: BlobReference,
  ): Uint8Array {
    const { heads } = describe(kind, message);
    return this.scratch.subarray(0, this.writeHeader(kind, { run, id }, message, heads, blob));
  }

  /** Returns where it ends. */
  private writeHeader<K extends MessageKind>(
    { kind, version, problemWith }: K,
    { run, id }: Envelope,
    { fields }: Outgoing<K>,
    arrays: Readonly<Record<string, ArrayHead>>,
    blob?: BlobReference,
  ): number {
    if (id.length > MOST_ID_LETTERS || !ID.test(id)) {
      throw unsendable(kind, 'the id is none', `up to ${MOST_ID_LETTERS} letters, digits and -_=/, with single dots`);
    }
    const problem = problemWith(fields);
    if (problem !== undefined) throw unsendable(kind, problem);
    const header = JSON.stringify({ version, run, id, kind, fields, arrays, ...(blob === undefined ? {} : { blob }) });
    this.grow(LENGTH_BYTES + 3 * header.length, 0);
    const { written } = text.encodeInto(header, this.scratch.subarray(LENGTH_BYTES));
    if (written > MOST_HEADER_BYTES) throw unsendable(kind, `its header has more than ${MOST_HEADER_BYTES} bytes`);
    new DataView(this.scratch.buffer).setUint32(0, written, true);
    return LENGTH_BYTES + written;
  }

  private grow(bytes: number, kept: number): void {
    if (bytes <= this.scratch.length) return;
    const larger = new Uint8Array(Math.max(bytes, 2 * this.scratch.length));
    larger.set(this.scratch.subarray(0, kept));
    this.scratch = larger;
  }
}

/** The arrays of a message as they lie in a blob: as in a message, beginning at 0. Bytes of their own. */
export function arrayBytes<K extends MessageKind>(kind: K, message: Outgoing<K>): Uint8Array {
  const { heads, arrays } = describe(kind, message);
  const { places, end } = checked(kind, () => layout(kind, heads, 0), arrays);
  const bytes = new Uint8Array(end);
  write(bytes, 0, places, (name) => arrays[name]!);
  return bytes;
}

function describe<K extends MessageKind>(kind: K, message: Outgoing<K>) {
  const arrays = (message.arrays ?? {}) as Readonly<Record<string, NumberArray | undefined>>;
  const heads: Record<string, ArrayHead> = {};
  const held: Record<string, NumberArray> = {};
  for (const { name } of kind.plans) {
    const array = arrays[name];
    if (array === undefined) continue;
    held[name] = array;
    heads[name] = { dtype: dtypeOf(array.data), shape: array.shape };
  }
  const foreign = Object.keys(arrays).find((name) => arrays[name] !== undefined && held[name] === undefined);
  if (foreign !== undefined) throw unsendable(kind.kind, `it has no array ${foreign}`);
  return { heads, arrays: held };
}

function checked(kind: MessageKind, lay: () => Layout, arrays: Readonly<Record<string, NumberArray>>): Layout {
  let laid: Layout;
  try {
    laid = lay();
  } catch (error) {
    throw error instanceof Refused ? unsendable(kind.kind, error.detail) : error;
  }
  for (const { name, count } of laid.places) {
    const { length } = arrays[name]!.data;
    if (length !== count) throw unsendable(kind.kind, `${name} has ${length} numbers where its shape says ${count}`);
  }
  return laid;
}

function unsendable(kind: string, problem: string, wanted?: string): LightbulbError {
  return new LightbulbError('contract', `this message cannot be sent: ${problem}`, {
    where: kind,
    ...(wanted === undefined ? {} : { wanted }),
  });
}

/** A message whose header is fine; its arrays are here, or still in a blob. */
export type Opened<K extends MessageKind> =
  | { readonly message: Received<K>; readonly blob?: undefined }
  | { readonly blob: BlobReference; readonly complete: (bytes: Uint8Array) => Received<K> };

export interface Limits {
  /** Bytes of a message. */
  readonly message: number;
  /** Bytes of a blob. */
  readonly blob: number;
}

/** The message of this kind and run in these bytes. Throws `Refused` for anything else, whatever the bytes are. */
export function decode<K extends MessageKind>(kind: K, run: string, bytes: Uint8Array, limits: Limits): Opened<K> {
  if (bytes.length > limits.message) throw new Refused('oversized', `more than ${limits.message} bytes`);
  if (bytes.length < LENGTH_BYTES) throw new Refused('truncated', 'no four bytes of length');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length === 0 || length > MOST_HEADER_BYTES) throw new Refused('header', `a header of ${length} bytes`);
  const start = LENGTH_BYTES + length;
  if (start > bytes.length) throw new Refused('truncated', `a header of ${length} bytes in ${bytes.length}`);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, start));
  checkBelonging(kind, run, header);
  const { blob, arrays, id } = header;
  const fields = header.fields as Received<K>['fields'];
  if (blob === undefined) {
    const laid = layout(kind, arrays, start);
    return { message: { id, fields, arrays: numbers<K>(bytes, start, laid), sizes: laid.sizes } };
  }
  if (bytes.length !== start) throw new Refused('length', 'arrays both here and in a blob');
  const laid = layout(kind, arrays, 0);
  if (blob.size > limits.blob) throw new Refused('oversized', `a blob of more than ${limits.blob} bytes`);
  if (laid.places.length === 0) throw new Refused('blob', 'a blob without arrays');
  if (blob.size !== laid.end) throw new Refused('blob', `a blob of ${blob.size} bytes for arrays of ${laid.end}`);
  return {
    blob,
    complete: (bytes) => ({ id, fields, arrays: numbers<K>(bytes, 0, laid), sizes: laid.sizes }),
  };
}

function checkBelonging({ kind, version, problemWith }: MessageKind, run: string, header: Header): void {
  if (header.run !== run) throw new Refused('run', 'of another run');
  if (header.kind !== kind) throw new Refused('kind', `another kind than ${kind}`);
  if (header.version !== version) throw new Refused('version', `version ${header.version}, wanted ${version}`);
  const problem = problemWith(header.fields);
  if (problem !== undefined) throw new Refused('schema', problem);
}

const copies = new Copies();

function numbers<K extends MessageKind>(
  given: Uint8Array,
  start: number,
  { places, end }: Layout,
): ArraysOf<K['arrays']> {
  // One copy of all where the numbers lie askew, which is cheaper than one of each array.
  const bytes = places.length > 0 && given.byteOffset % ALIGNMENT !== 0 ? copies.of(given) : given;
  if (bytes.length !== end) throw new Refused('length', `${bytes.length} bytes where the shapes say ${end}`);
  if (!isClean(bytes, start, places)) throw new Refused('length', 'something between the arrays');
  const arrays: Record<string, NumberArray> = {};
  for (const place of places) arrays[place.name] = read(bytes, place);
  return arrays as ArraysOf<K['arrays']>;
}
