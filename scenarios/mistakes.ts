import type { ErrorObject } from 'ajv';
import { LightbulbError, suggest } from '../core/index.ts';
import { type Path, pathOf, type Source } from './source.ts';

const REPORTED = 10;

/** The parts of a JSON schema that messages are made of. */
interface Described {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly pattern?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/**
 * Ajv's errors (made with `verbose`) as ours, one per mistake, in the order in which they stand in the file. `whole`:
 * what the file is called in them.
 */
export function mistakesIn(source: Source, errors: readonly ErrorObject[], whole = 'the scenario'): LightbulbError[] {
  const seen = new Set<string>();
  const mistakes: LightbulbError[] = [];
  for (const error of errors) {
    if (error.keyword === 'if' || error.keyword === 'propertyNames') continue; // their parts' errors say more
    const { additionalProperty, missingProperty } = error.params;
    const key = `${error.instancePath} ${JSON.stringify(additionalProperty ?? missingProperty ?? error.propertyName)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    mistakes.push(mistake(source, error, whole));
  }
  return mistakes;
}

/** One error for all mistakes; a single one is thrown as it is. `cause` holds them one by one. */
export function report(file: string, mistakes: readonly LightbulbError[]): LightbulbError {
  if (mistakes.length === 1) return mistakes[0]!;
  const shown = mistakes.slice(0, REPORTED).map((each) => `\n  - ${each.message}`);
  const more = mistakes.length > REPORTED ? `\n  and ${mistakes.length - REPORTED} more` : '';
  return new LightbulbError(mistakes[0]!.code, `${mistakes.length} mistakes${shown.join('')}${more}`, {
    where: file,
    cause: new AggregateError(mistakes),
  });
}

/** The single mistakes behind an error of `report`. */
export function mistakesOf(error: LightbulbError): readonly LightbulbError[] {
  const { cause } = error.parts;
  return cause instanceof AggregateError ? (cause.errors as LightbulbError[]) : [error];
}

function mistake(source: Source, error: ErrorObject, whole: string): LightbulbError {
  const path = pathOf(error.instancePath);
  const schema = error.parentSchema as Described;
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty);
    return new LightbulbError('unknown_key', `unknown key "${key}"`, {
      where: source.where([...path, key]),
      cure: cureOfUnknown(key, error.data, Object.keys(schema.properties ?? {})),
    });
  }
  if (error.keyword === 'required') {
    const key = String(error.params.missingProperty);
    const wanted = schema.properties?.[key];
    return new LightbulbError('invalid_input', `"${key}" is missing`, {
      where: source.where(path),
      ...(wanted === undefined ? {} : { wanted: describe(wanted as Described) }),
    });
  }
  if (error.propertyName !== undefined) {
    return new LightbulbError('invalid_input', `"${error.propertyName}" cannot be a name here`, {
      where: source.where([...path, error.propertyName]),
      wanted: describe({ type: 'string', ...schema }),
    });
  }
  const cure = typeof error.data === 'string' && schema.enum ? suggest(error.data, schema.enum.map(String)) : undefined;
  return new LightbulbError('invalid_input', problemOf(error, path.at(-1), whole), {
    where: source.where(path),
    wanted: describe(schema),
    got: isSecret(path) ? 'something that is not shown here' : show(error.data),
    ...(cure?.startsWith('Did you mean') ? { cure } : {}),
  });
}

/** Whether a value may be or hold a secret that somebody wrote where it does not belong. */
function isSecret([first, second]: Path): boolean {
  return first === 'mas' && (second === 'auth' || second === 'bus');
}

function cureOfUnknown(key: string, around: unknown, known: readonly string[]): string {
  const asks = (name: string) => typeof around === 'object' && around !== null && Object.hasOwn(around, name);
  if (key === 'name' && asks('module')) return 'Give either "name" (a built-in) or "module" (a file of yours)';
  return suggest(key, known);
}

function problemOf(error: ErrorObject, name: string | undefined, whole: string): string {
  const what = name === undefined ? whole : `"${name}"`;
  switch (error.keyword) {
    case 'type':
      return `${what} has the wrong type`;
    case 'enum':
    case 'const':
      return `${what} is none of the known values`;
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `${what} is out of range`;
    case 'pattern':
      return `${what} holds what it may not hold`;
    default:
      return `${what} ${error.message}`;
  }
}

/** What a schema wants, in words: `an integer >= 1 or null`. */
function describe(schema: Described): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const types = typeof schema.type === 'string' ? [schema.type] : [...(schema.type ?? [])];
  const words = types.map((type) => {
    if (type === 'null') return 'null';
    const article = /^[aeiou]/.test(type) ? 'an' : 'a';
    return `${article} ${type === 'boolean' ? 'boolean (true or false)' : type}${type === 'string' ? '' : range(schema)}`;
  });
  const pattern = schema.pattern === undefined ? '' : ` matching ${schema.pattern}`;
  return `${words.join(' or ')}${pattern}`;
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Described): string {
  const bounds = [
    exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`,
    minimum === undefined ? '' : `>= ${minimum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `<= ${maximum}`,
    exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`,
  ].filter((bound) => bound !== '');
  return bounds.length === 0 ? '' : ` ${bounds.join(' and ')}`;
}

function show(value: unknown): string {
  if (typeof value === 'number') return String(value); // NaN and infinities too
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
