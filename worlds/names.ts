import { LightbulbError } from '../core/index.ts';
import type { Environment } from './environment.ts';
import { fault, type SpaceFault, show } from './spaces/index.ts';

/** What is wrong with a list of names that an environment declares, or null. Leaving it out is legal. */
export function checkNames(names: unknown): SpaceFault | null {
  if (names === undefined) return null;
  if (!Array.isArray(names) || names.length === 0)
    return fault('', 'declaration', 'a list of at least one name, or nothing at all', show(names));
  for (const [i, name] of names.entries()) {
    if (typeof name !== 'string' || name === '') return fault(`/${i}`, 'declaration', 'a name', show(name));
    if (names.indexOf(name) < i) return fault(`/${i}`, 'declaration', 'a name of its own', `${show(name)} again`);
  }
  return null;
}

/**
 * What is wrong with the numbers that a step answers by name, as its member `part`, or null: finite numbers under exactly
 * `names`. `when` ends the sentence that says where they are wanted.
 */
export function checkNumbers(
  part: string,
  numbers: unknown,
  names: readonly string[],
  when: string,
): SpaceFault | null {
  if (typeof numbers !== 'object' || numbers === null || Array.isArray(numbers) || ArrayBuffer.isView(numbers))
    return fault(`/${part}`, 'type', `an object with a number by each name, ${when}`, show(numbers));
  const foreign = Object.keys(numbers).find((name) => !names.includes(name));
  if (foreign !== undefined) return fault(`/${part}`, 'shape', `exactly ${names.join(', ')}`, `${show(foreign)} too`);
  for (const name of names) {
    if (!Object.hasOwn(numbers, name)) return fault(`/${part}/${name}`, 'shape', 'a number', 'nothing');
    const number = (numbers as Readonly<Record<string, unknown>>)[name];
    if (typeof number !== 'number') return fault(`/${part}/${name}`, 'type', 'a finite number', show(number));
    if (!Number.isFinite(Math.fround(number)))
      return fault(`/${part}/${name}`, 'not_finite', 'a finite number, in float32 too', show(number));
  }
  return null;
}

/**
 * The names that copies of one environment declare as `member`. Throws `contract` where they do not declare the same, or
 * names that are not legal; `what` says in words whose names they are.
 */
export function sameNames(
  member: 'scoreNames' | 'taskNames',
  what: string,
  environments: readonly Environment[],
): readonly string[] | undefined {
  const names = environments[0]![member];
  const wrong = checkNames(names);
  if (wrong !== null)
    throw new LightbulbError('contract', `the names of ${what} are not legal`, {
      where: `${member}${wrong.path}`,
      wanted: wrong.wanted,
      got: wrong.got,
    });
  const declared = JSON.stringify(names);
  const odd = environments.findIndex((other) => JSON.stringify(other[member]) !== declared);
  if (odd >= 0)
    throw new LightbulbError('contract', 'copies of one environment declare different things', {
      where: `copy ${odd}`,
      wanted: `${member} as of copy 0 (${declared ?? 'none'})`,
      got: JSON.stringify(environments[odd]![member]) ?? 'none',
    });
  return names;
}
