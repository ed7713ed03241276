import { createHash } from 'node:crypto';

/**
 * A text that is equal for values that are equal bit for bit (-0 is not 0, NaN is NaN, a Float32Array is no plain
 * array, keys in any order) and no others; long ones as a hash.
 */
export function fingerprint(value: unknown): string {
  const text = canonical(value);
  return text.length <= 64 ? text : createHash('sha256').update(text).digest('base64');
}

function canonical(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name}<${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}>`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join(',')}}`;
}

/** Where two lists of fingerprints part, in words, or null where they are equal. Entry 0 is the reset. */
export function firstDifference(wanted: readonly string[], got: readonly string[]): string | null {
  const length = Math.max(wanted.length, got.length);
  for (let i = 0; i < length; i++) {
    if (wanted[i] === got[i]) continue;
    if (wanted[i] === undefined || got[i] === undefined) return `one ends after ${i - 1} steps, the other goes on`;
    return i === 0 ? 'they differ from the reset on' : `they differ from step ${i} on`;
  }
  return null;
}
