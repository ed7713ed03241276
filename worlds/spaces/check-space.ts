import { suggest } from '../../core/index.ts';
import type { Space } from '../space.ts';
import { fault, type SpaceFault, show } from './fault.ts';

const TYPES: readonly Space['type'][] = ['box', 'discrete', 'multiDiscrete', 'multiBinary', 'text', 'dict', 'tuple'];
const DTYPES = ['float32', 'int32', 'uint8'];

/** Why `space` is not a legal declaration of a space (of any origin, hence `unknown`), or null where it is one. */
export function checkSpace(space: unknown, path = ''): SpaceFault | null {
  if (!isRecord(space)) return fault(path, 'type', 'a space: an object with a "type"', show(space));
  switch (space.type) {
    case 'box':
      return checkBox(space, path);
    case 'discrete':
      return checkDiscrete(space, path);
    case 'multiDiscrete':
      return checkMultiDiscrete(space, path);
    case 'multiBinary':
      return isCount(space.n) ? null : fault(`${path}/n`, 'declaration', 'an integer >= 1', show(space.n));
    case 'text':
      return checkText(space, path);
    case 'dict':
    case 'tuple':
      return checkParts(space, path);
    default: {
      const name = String(space.type);
      return fault(`${path}/type`, 'declaration', `a known type (${suggest(name, TYPES)})`, show(space.type));
    }
  }
}

function checkBox(space: Record<string, unknown>, path: string): SpaceFault | null {
  const { shape, low, high, dtype = 'float32' } = space;
  if (!Array.isArray(shape) || !shape.every(isCount))
    return fault(`${path}/shape`, 'declaration', 'a list of integers >= 1', show(shape));
  if (typeof dtype !== 'string' || !DTYPES.includes(dtype))
    return fault(`${path}/dtype`, 'declaration', DTYPES.join(', '), show(dtype));
  const size = shape.reduce((product: number, length: number) => product * length, 1);
  for (const [name, bound] of [
    ['low', low],
    ['high', high],
  ] as const) {
    if (typeof bound !== 'number' && !(Array.isArray(bound) && bound.length === size))
      return fault(`${path}/${name}`, 'declaration', `a number or a list of ${size} numbers`, describeBound(bound));
  }
  for (let i = 0; i < size; i++) {
    const from = boundAt(low, i);
    const to = boundAt(high, i);
    const at = (name: string, bound: unknown) => `${path}/${name}${Array.isArray(bound) ? `/${i}` : ''}`;
    if (typeof from !== 'number' || Number.isNaN(from) || from === Number.POSITIVE_INFINITY)
      return fault(at('low', low), 'declaration', 'a number or -Infinity', show(from));
    if (typeof to !== 'number' || Number.isNaN(to) || to === Number.NEGATIVE_INFINITY)
      return fault(at('high', high), 'declaration', 'a number or Infinity', show(to));
    if (from > to) return fault(at('low', low), 'declaration', `low <= high (${to})`, show(from));
    if (dtype === 'uint8' && !(isByte(from) && isByte(to)))
      return fault(at('low', low), 'declaration', 'bounds of uint8: integers from 0 to 255', `[${from}, ${to}]`);
    if (dtype === 'int32' && !(isIntegerOrInfinite(from) && isIntegerOrInfinite(to)))
      return fault(at('low', low), 'declaration', 'bounds of int32: integers or infinite', `[${from}, ${to}]`);
    if (typeof low === 'number' && typeof high === 'number') break;
  }
  return null;
}

function checkDiscrete({ n, labels }: Record<string, unknown>, path: string): SpaceFault | null {
  if (!isCount(n)) return fault(`${path}/n`, 'declaration', 'an integer >= 1', show(n));
  return checkLabels(labels, n, `${path}/labels`);
}

function checkLabels(labels: unknown, count: number, path: string): SpaceFault | null {
  if (labels === undefined) return null;
  const good = Array.isArray(labels) && labels.length === count && labels.every((label) => typeof label === 'string');
  return good ? null : fault(path, 'declaration', `a list of ${count} strings`, show(labels));
}

function checkMultiDiscrete({ n, sequence }: Record<string, unknown>, path: string): SpaceFault | null {
  const wrong = checkCounts(n, `${path}/n`);
  if (wrong !== null || sequence === undefined) return wrong;
  const choices = n as readonly number[];
  const odd = choices.findIndex((count) => count !== choices[0]);
  if (odd >= 0)
    return fault(
      `${path}/n/${odd}`,
      'declaration',
      `${choices[0]}, as every word has the same choices`,
      show(choices[odd]),
    );
  return checkSequence(sequence, choices[0]!, `${path}/sequence`);
}

/** `choices`: how many each word has, those that point included. */
function checkSequence(sequence: unknown, choices: number, path: string): SpaceFault | null {
  if (!isRecord(sequence))
    return fault(path, 'declaration', 'an object { first, to, features?, labels? }', show(sequence));
  const { first, to, features, labels } = sequence;
  if (!isCount(first) || first >= choices)
    return fault(
      `${path}/first`,
      'declaration',
      `an integer >= 1 and < ${choices}, so that some choices point`,
      show(first),
    );
  if (typeof to !== 'string' || to === '')
    return fault(`${path}/to`, 'declaration', 'the name of a text in the observation', show(to));
  if (features !== undefined && (typeof features !== 'string' || features === ''))
    return fault(`${path}/features`, 'declaration', 'the name of a box in the observation', show(features));
  return checkLabels(labels, first, `${path}/labels`);
}

function checkCounts(n: unknown, path: string): SpaceFault | null {
  if (!Array.isArray(n) || n.length === 0) return fault(path, 'declaration', 'a list of integers >= 1', show(n));
  const wrong = n.findIndex((count) => !isCount(count));
  return wrong < 0 ? null : fault(`${path}/${wrong}`, 'declaration', 'an integer >= 1', show(n[wrong]));
}

function checkText({ maxLength, minLength = 0, charset }: Record<string, unknown>, path: string): SpaceFault | null {
  if (!isCount(maxLength)) return fault(`${path}/maxLength`, 'declaration', 'an integer >= 1', show(maxLength));
  if (!Number.isInteger(minLength) || (minLength as number) < 0 || (minLength as number) > maxLength)
    return fault(`${path}/minLength`, 'declaration', `an integer from 0 to ${maxLength}`, show(minLength));
  if (charset !== undefined && (typeof charset !== 'string' || charset === ''))
    return fault(`${path}/charset`, 'declaration', 'at least one character', show(charset));
  return null;
}

function checkParts(space: Record<string, unknown>, path: string): SpaceFault | null {
  const parts = space.spaces;
  const good = space.type === 'tuple' ? Array.isArray(parts) : isRecord(parts) && !Array.isArray(parts);
  const entries = good ? Object.entries(parts as object) : [];
  if (entries.length === 0)
    return fault(`${path}/spaces`, 'declaration', 'at least one part', good ? 'none' : show(parts));
  for (const [name, part] of entries) {
    const inner = checkSpace(part, `${path}/spaces/${name}`);
    if (inner !== null) return inner;
  }
  return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}

function isIntegerOrInfinite(value: number): boolean {
  return Number.isInteger(value) || Math.abs(value) === Number.POSITIVE_INFINITY;
}

function boundAt(bound: unknown, index: number): unknown {
  return Array.isArray(bound) ? bound[index] : bound;
}

function describeBound(bound: unknown): string {
  return Array.isArray(bound) ? `a list of ${bound.length}` : show(bound);
}
