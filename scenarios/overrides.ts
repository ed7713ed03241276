import { LightbulbError } from '../core/index.ts';
import { type Path, pathOf, type Source } from './source.ts';

/** One value set over a file's, from the command line. */
export interface Override {
  readonly path: Path;
  readonly value: unknown;
  /** How it was asked for, for messages: `--set learner.clip=0.1`. */
  readonly from: string;
}

/**
 * `learner.learningRate=0.001`, or `/learner/learningRate=0.001`. The value is JSON where it parses as such,
 * otherwise the text itself.
 */
export function parseOverride(text: string): Override {
  const from = `--set ${text}`;
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new LightbulbError('invalid_input', 'a setting needs a key and a value', {
      where: from,
      wanted: 'key=value',
      cure: 'For example --set learner.learningRate=0.001',
    });
  }
  const key = text.slice(0, equals);
  return { path: key.startsWith('/') ? pathOf(key) : key.split('.'), value: parseValue(text.slice(equals + 1)), from };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The source with the overrides applied, the later ones over the earlier; errors in them name them. */
export function override(source: Source, overrides: readonly Override[]): Source {
  const value = structuredClone(source.value);
  for (const one of overrides) set(value, one);
  const lastFirst = [...overrides].reverse();
  return {
    file: source.file,
    value,
    where: (path) => lastFirst.find((one) => overlap(one.path, path))?.from ?? source.where(path),
  };
}

/** Whether the value at `path` came through an override at `set`: it lies inside, or it is a missing part of it. */
function overlap(set: Path, path: Path): boolean {
  return set.length <= path.length && set.every((key, i) => key === path[i]);
}

function set(root: unknown, { path, value, from }: Override): void {
  let place = root;
  path.forEach((key, i) => {
    if (typeof place !== 'object' || place === null) {
      throw new LightbulbError('invalid_input', `"${path.slice(0, i).join('.')}" has no parts to set`, {
        where: from,
        got: JSON.stringify(place) ?? 'nothing',
      });
    }
    const last = i === path.length - 1;
    const next: unknown = Object.hasOwn(place, key) ? (place as Record<string, unknown>)[key] : undefined;
    const value_ = last ? value : (next ?? {});
    // defineProperty, because assigning to a key called __proto__ would do something else.
    Object.defineProperty(place, key, { value: value_, enumerable: true, configurable: true, writable: true });
    place = value_;
  });
}
