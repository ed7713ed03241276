import { LightbulbError } from '../../core/index.ts';
import type { Headers } from './bus.ts';

/** What a NATS server lets through without changing its meaning: both buses check the same, so code moves freely. */
const TOKEN = /^[^\s.*>\p{Cc}]+$/u;
const NAME = /^[-\w]{1,128}$/;
const KEY_TOKEN = /^[-/=\w]+$/;
const HEADER_NAME = /^[!-9;-~]+$/;
const HEADER_VALUE = /^(\S|\S[^\r\n]*\S)?$/;
const MOST_LETTERS = 512;

/** Bytes of a message kept for what the bus itself writes into its headers. */
export const RESERVED_BYTES = 2048;

/** Subjects that were found good, since most are written to again and again. */
const known = new Set<string>();
const MOST_KNOWN = 4096;

/** A subject to write to: tokens between dots, no wildcards. `$` and `_` at the front belong to the servers. */
export function checkSubject(subject: string): void {
  if (known.has(subject)) return;
  const isGood = subject.length <= MOST_LETTERS && subject.split('.').every((token) => TOKEN.test(token));
  if (!isGood) throw wrong('subject', subject, 'tokens between dots, without spaces or wildcards, such as "news.eu.1"');
  if (isReserved(subject)) throw wrong('subject', subject, 'another first letter: $ and _ belong to the servers');
  if (known.size >= MOST_KNOWN) known.clear();
  known.add(subject);
}

/** A subject to listen to: `*` stands for one token, a last `>` for one or more. */
export function checkPattern(pattern: string): void {
  const tokens = pattern.split('.');
  const isGood =
    pattern.length <= MOST_LETTERS &&
    tokens.every((token, i) => token === '*' || (token === '>' && i === tokens.length - 1) || TOKEN.test(token));
  if (!isGood) throw wrong('pattern', pattern, 'tokens between dots, * for one, > at the end for the rest');
  if (isReserved(pattern)) throw wrong('pattern', pattern, 'another first letter: $ and _ belong to the servers');
}

/** The name of a queue, a lane, a store, a group of subscribers. */
export function checkName(what: string, name: string): void {
  if (!NAME.test(name)) throw wrong(what, name, '1 to 128 letters, digits, - and _');
}

/** The key of a value, the name of a blob, the id of a task. */
export function checkKey(what: string, key: string): void {
  const isGood = key.length <= MOST_LETTERS && key.split('.').every((token) => KEY_TOKEN.test(token));
  if (!isGood) throw wrong(what, key, `up to ${MOST_LETTERS} letters, digits and -_=/, with single dots in between`);
}

export function checkKeyPattern(pattern: string): void {
  const tokens = pattern.split('.');
  const isGood =
    pattern.length <= MOST_LETTERS &&
    tokens.every((token, i) => token === '*' || (token === '>' && i === tokens.length - 1) || KEY_TOKEN.test(token));
  if (!isGood) throw wrong('pattern of keys', pattern, 'a key, with * for one token, > at the end for the rest');
}

export function checkHeaders(headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name) || /^nats-/i.test(name)) {
      throw wrong('header', name, 'printable ASCII without colon or space, not beginning with Nats-');
    }
    if (!HEADER_VALUE.test(value)) {
      throw wrong(`value of header ${name}`, value, 'one line without spaces around it');
    }
  }
}

/** Milliseconds to wait. */
export function checkMilliseconds(what: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  throw new LightbulbError('invalid_input', `no time to wait`, {
    where: what,
    wanted: `milliseconds, at least ${least}`,
    got: `${value}`,
  });
}

/** Bytes that this takes on the wire, headers included. */
export function wireSize(data: Uint8Array, headers: Headers = {}): number {
  const entries = Object.entries(headers);
  if (entries.length === 0) return data.length;
  const lines = entries.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return data.length + Buffer.byteLength(`NATS/1.0\r\n${lines}\r\n`);
}

export function checkSize(where: string, bytes: number, maximum: number): void {
  if (bytes <= maximum) return;
  throw new LightbulbError('too_large', 'more than a message may hold', {
    where,
    wanted: `at most ${maximum} bytes`,
    got: `${bytes}`,
    cure: 'Put it into a blob and send its name',
  });
}

export function checkBlobSize(where: string, bytes: number, atMost = Number.POSITIVE_INFINITY): void {
  if (Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= atMost) return;
  throw new LightbulbError('too_large', 'a larger blob than is wanted', {
    where,
    wanted: `at most ${atMost} bytes`,
    got: `${bytes}`,
  });
}

/** Whether a subject or key is among those that the pattern means. */
export function matches(pattern: string, subject: string): boolean {
  const [wanted, tokens] = [pattern.split('.'), subject.split('.')];
  if (wanted.at(-1) === '>') {
    return (
      tokens.length >= wanted.length && wanted.slice(0, -1).every((token, i) => token === '*' || token === tokens[i])
    );
  }
  return tokens.length === wanted.length && wanted.every((token, i) => token === '*' || token === tokens[i]);
}

/** Subjects that servers and this bus use for themselves; who listens to everything does not hear them. */
export function isReserved(subject: string): boolean {
  return subject.startsWith('$') || subject.startsWith('_');
}

function wrong(what: string, got: string, wanted: string): LightbulbError {
  const shown = got.length > 80 ? `${got.slice(0, 80)}…` : got;
  return new LightbulbError('invalid_input', `no ${what}`, { wanted, got: JSON.stringify(shown) });
}
