import type { Box, Space, SpaceValue } from '../space.ts';
import { partNames } from './dict-order.ts';
import { fault, type SpaceFault, show } from './fault.ts';

/**
 * Why `value` is not a member of `space` (with the path into the value), or null where it is one.
 *
 * Numbers must be finite even where the bounds are not. Typed arrays must fit the dtype: float boxes take Float32Array
 * and Float64Array, int32 boxes Int32Array, uint8 boxes Uint8Array, multi-spaces Int32Array and Uint8Array; plain
 * arrays of numbers fit everywhere. A float32 may be as far out as the bound rounded to float32 is.
 */
export function checkValue(space: Space, value: unknown, path = ''): SpaceFault | null {
  switch (space.type) {
    case 'box':
      return checkBoxValue(space, value, path);
    case 'discrete':
      if (typeof value !== 'number') return fault(path, 'type', 'a number', show(value));
      return checkChoice(value, space.n, path);
    case 'multiDiscrete': {
      const wrong = checkArray(value, space.n.length, CHOICE_ARRAYS, path);
      if (wrong !== null) return wrong;
      return firstFault(value as ArrayLike<unknown>, (entry, i) => checkChoice(entry, space.n[i]!, `${path}/${i}`));
    }
    case 'multiBinary': {
      const wrong = checkArray(value, space.n, CHOICE_ARRAYS, path);
      if (wrong !== null) return wrong;
      return firstFault(value as ArrayLike<unknown>, (entry, i) => checkChoice(entry, 2, `${path}/${i}`));
    }
    case 'text':
      return checkTextValue(space.maxLength, space.minLength ?? 0, space.charset, value, path);
    case 'dict': {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
        return fault(path, 'type', 'an object', show(value));
      const names = partNames(space);
      const extra = Object.keys(value).find((key) => !Object.hasOwn(space.spaces, key));
      if (extra !== undefined) return fault(path, 'shape', `the parts ${names.join(', ')}`, `the part "${extra}" too`);
      for (const name of names) {
        if (!Object.hasOwn(value, name)) return fault(path, 'shape', `the part "${name}"`, 'none');
        const inner = checkValue(
          space.spaces[name]!,
          (value as Record<string, SpaceValue>)[name],
          `${path}/${pointerStep(name)}`,
        );
        if (inner !== null) return inner;
      }
      return null;
    }
    case 'tuple':
      if (!Array.isArray(value)) return fault(path, 'type', 'a list', show(value));
      if (value.length !== space.spaces.length)
        return fault(path, 'shape', `${space.spaces.length} parts`, String(value.length));
      return firstFault(value, (part, i) => checkValue(space.spaces[i]!, part, `${path}/${i}`));
    default:
      space satisfies never;
      return fault(path, 'declaration', 'a space', show(space));
  }
}

const CHOICE_ARRAYS: readonly string[] = ['Int32Array', 'Uint8Array'];
const BOX_ARRAYS: Readonly<Record<'float32' | 'int32' | 'uint8', readonly string[]>> = {
  float32: ['Float32Array', 'Float64Array'],
  int32: ['Int32Array'],
  uint8: ['Uint8Array'],
};

function checkBoxValue(space: Box, value: unknown, path: string): SpaceFault | null {
  const { shape, low, high, dtype = 'float32' } = space;
  let size = 1;
  for (const length of shape) size *= length;
  const wrong = checkArray(value, size, BOX_ARRAYS[dtype], path);
  if (wrong !== null) return wrong;
  const entries = value as ArrayLike<unknown>;
  for (let i = 0; i < size; i++) {
    const entry = entries[i];
    if (typeof entry !== 'number') return fault(`${path}/${i}`, 'type', 'a number', show(entry));
    const from = typeof low === 'number' ? low : low[i]!;
    const to = typeof high === 'number' ? high : high[i]!;
    // The second test lets a float32 stand where a bound such as 0.1 was rounded to. NaN fails the first and no other.
    if (!(entry >= from || entry >= Math.fround(from)) || !(entry <= to || entry <= Math.fround(to)))
      return Number.isFinite(entry)
        ? fault(`${path}/${i}`, 'bounds', `a number in [${from}, ${to}]`, show(entry))
        : fault(`${path}/${i}`, 'not_finite', 'a finite number', show(entry));
    if (!Number.isFinite(Math.fround(entry)))
      return fault(`${path}/${i}`, 'not_finite', 'a finite float32', show(entry));
    if (dtype !== 'float32' && !Number.isInteger(entry))
      return fault(`${path}/${i}`, 'integer', `an integer (${dtype})`, show(entry));
  }
  return null;
}

function checkArray(value: unknown, size: number, typed: readonly string[], path: string): SpaceFault | null {
  const isTyped = ArrayBuffer.isView(value);
  if (!isTyped && !Array.isArray(value)) return fault(path, 'type', `an array of ${size} numbers`, show(value));
  if (isTyped && !typed.includes(value.constructor.name))
    return fault(path, 'dtype', `${typed.join(' or ')} or a plain array`, show(value));
  const length = (value as ArrayLike<unknown>).length;
  return length === size ? null : fault(path, 'shape', `${size} numbers`, String(length));
}

function checkChoice(value: unknown, n: number, path: string): SpaceFault | null {
  if (typeof value !== 'number') return fault(path, 'type', 'a number', show(value));
  if (Number.isInteger(value)) {
    return value >= 0 && value < n ? null : fault(path, 'bounds', `0 to ${n - 1}`, show(value));
  }
  return Number.isFinite(value)
    ? fault(path, 'integer', `an integer from 0 to ${n - 1}`, show(value))
    : fault(path, 'not_finite', `an integer from 0 to ${n - 1}`, show(value));
}

function checkTextValue(
  maxLength: number,
  minLength: number,
  charset: string | undefined,
  value: unknown,
  path: string,
): SpaceFault | null {
  if (typeof value !== 'string') return fault(path, 'type', 'a string', show(value));
  if (value.length < minLength || value.length > maxLength)
    return fault(path, 'shape', `${minLength} to ${maxLength} characters`, String(value.length));
  if (charset === undefined) return null;
  const foreign = [...value].find((character) => !charset.includes(character));
  return foreign === undefined ? null : fault(path, 'bounds', `characters of ${show(charset)}`, show(foreign));
}

function firstFault(
  values: ArrayLike<unknown>,
  check: (entry: unknown, index: number) => SpaceFault | null,
): SpaceFault | null {
  for (let i = 0; i < values.length; i++) {
    const found = check(values[i], i);
    if (found !== null) return found;
  }
  return null;
}

/** A name as one step of a JSON pointer. */
function pointerStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
