import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../core/index.ts';
import type { SettingRow } from '../report.ts';

/** A scenario's settings by JSON pointer (RFC 6901), without what runs of one arm may differ in. Arrays are whole. */
export type Settings = ReadonlyMap<string, Json>;

const NAMES = new Set(['/name', '/seed', '/description', '/$schema']);

export function settingsOf(scenario: JsonObject): Settings {
  const settings = new Map<string, Json>();
  const walk = (value: Json, path: string) => {
    if (NAMES.has(path)) return;
    if (!isObject(value) || Object.keys(value).length === 0) settings.set(path, value);
    else for (const [key, part] of Object.entries(value)) walk(part, `${path}/${escaped(key)}`);
  };
  walk(scenario, '');
  return settings;
}

/** The pointers at which not all of `runs` have the same value, or some have none; in the order of the scenarios. */
export function differing(runs: readonly Settings[]): string[] {
  const paths = new Set(runs.flatMap((settings) => [...settings.keys()]));
  const first = runs[0];
  return [...paths].filter((path) =>
    runs.some((settings) => settings.has(path) !== first!.has(path) || !same(settings.get(path), first!.get(path))),
  );
}

/** What the runs of the arms differ in. `armOf[i]` and `runs[i]` belong together. */
export function settingRows(runs: readonly Settings[], armOf: readonly string[]): SettingRow[] {
  return differing(runs).map((path) => {
    const values: Record<string, Json[]> = {};
    runs.forEach((settings, i) => {
      const known = values[armOf[i]!] ?? [];
      values[armOf[i]!] = known;
      const value = settings.get(path);
      if (value !== undefined && !known.some((other) => same(other, value))) known.push(value);
    });
    return { path, values };
  });
}

const same = (a: Json | undefined, b: Json | undefined): boolean => a === b || isDeepStrictEqual(a, b);
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
