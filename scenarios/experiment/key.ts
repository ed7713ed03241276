import { createHash } from 'node:crypto';
import type { Json } from '../../core/index.ts';
import { pathOf } from '../source.ts';
import type { Point } from './search.ts';

const LONGEST = 120;

/**
 * What a search point is called in keys: `learningRate=0.001-clip=0.2`, or `sample3` of a random search. Depends on
 * this point alone and on the paths searched over, so that points added later rename none.
 */
export function pointName(point: Point, jsonPointers: readonly string[]): string {
  if (point.sample !== undefined) return `sample${point.sample}`;
  const values = Object.values(point.values);
  const names = shortNames(jsonPointers);
  const name = names.map((each, i) => `${each}=${valueName(values[i]!)}`).join('-');
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 9)}_${hash(point.values)}`;
}

/** The last part of each path where that tells them apart, otherwise the whole path. */
function shortNames(jsonPointers: readonly string[]): string[] {
  const last = jsonPointers.map((each) => pathOf(each).at(-1)!);
  const isPlain = new Set(last).size === last.length;
  return jsonPointers.map((each, i) => safe(isPlain ? last[i]! : pathOf(each).join('.')));
}

/** A value as part of a file's name. What cannot be written as it is gets a hash, so that no two become one. */
function valueName(value: Json): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_.]{0,30}$/.test(value) && !/^(true|false|null)$/.test(value)) {
    return value;
  }
  if (Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'number')) {
    return value.length === 1 ? `${value[0]}x` : value.join('x');
  }
  const start = typeof value === 'string' ? safe(value).slice(0, 20) : '';
  return `${start}_${hash(value)}`;
}

function safe(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.]/g, '_');
}

function hash(value: Json): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 8);
}
