import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import { LightbulbError, plainSchema as Type } from '../../core/index.ts';
import { checkSpace, maskSize, type Space } from '../../worlds/index.ts';
import type { DatasetGroup, DatasetManifest } from './manifest.ts';

export const FORMAT = 'lightbulb-episodes';
export const VERSION = 1;

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const object = <T extends Record<string, TSchema>>(parts: T) => Type.Object(parts, { additionalProperties: false });
const nullable = (of: object) => Type.Unsafe<unknown>({ ...of, type: ['object', 'null'] });
const anyObject = { type: 'object' };
const text = Type.String({ minLength: 1 });

const schema = object({
  format: Type.Literal(FORMAT),
  version: Type.Literal(VERSION),
  environment: Type.Unsafe<unknown>({}),
  policy: Type.Unsafe<unknown>({}),
  seed: count,
  groups: Type.Array(
    object({
      name: text,
      agents: Type.Array(text, { minItems: 1, uniqueItems: true }),
      observation: Type.Unsafe<unknown>(anyObject),
      action: nullable(anyObject),
      mask: count,
    }),
    { minItems: 1 },
  ),
  episodes: count,
  steps: count,
  return: nullable(object({ mean: Type.Number(), std: Type.Number(), min: Type.Number(), max: Type.Number() })),
  shards: Type.Array(
    object({
      // A plain name: a manifest from elsewhere must not reach out of its folder.
      file: Type.String({ pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]*$' }),
      bytes: count,
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      tracks: Type.Array(count),
      steps: Type.Array(count),
    }),
  ),
});

/** Compiled at the first manifest that is read. */
let compiled: ValidateFunction | undefined;

/** The manifest as the text of a file. Bounds of boxes that are infinite become null, since JSON has no infinity. */
export function printManifest(manifest: DatasetManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * The manifest in the text of `file`. Errors name file and field: `corrupt` where it is no JSON, `unsupported` for
 * another format or version, `invalid_input` where a field is wrong.
 */
export function parseManifest(source: string, file: string): DatasetManifest {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw new LightbulbError('corrupt', 'the manifest of a dataset is not JSON', {
      where: file,
      got: (cause as Error).message,
      cause,
    });
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format === FORMAT && version !== VERSION)
    throw new LightbulbError('unsupported', 'this version of a dataset is unknown', {
      where: `${file} /version`,
      wanted: String(VERSION),
      got: JSON.stringify(version) ?? 'nothing',
      cure: 'Record it anew, or read it with the version of lightbulb that wrote it',
    });
  compiled ??= new Ajv({ strictTypes: false, strictRequired: false }).compile(schema);
  if (!compiled(value)) {
    const [{ instancePath, message, params }] = compiled.errors as [ErrorObject];
    const key = (params.additionalProperty ?? params.missingProperty) as string | undefined;
    throw wrong(file, key === undefined ? instancePath : `${instancePath}/${key}`, message ?? 'is wrong');
  }
  const manifest = value as DatasetManifest;
  const groups = manifest.groups.map((group, g) => checkedGroup(group, file, `/groups/${g}`));
  const names = new Set<string>();
  for (const [g, { name }] of groups.entries()) {
    if (names.has(name)) throw wrong(file, `/groups/${g}/name`, 'two groups have this name');
    names.add(name);
  }
  for (const [s, { tracks, steps }] of manifest.shards.entries()) {
    for (const [field, counts] of [
      ['tracks', tracks],
      ['steps', steps],
    ] as const)
      if (counts.length !== groups.length)
        throw wrong(file, `/shards/${s}/${field}`, `must have ${groups.length} numbers, one for each group`);
  }
  return { ...manifest, groups };
}

function checkedGroup(group: DatasetGroup, file: string, path: string): DatasetGroup {
  const observation = checkedSpace(group.observation, file, `${path}/observation`);
  const action = group.action === null ? null : checkedSpace(group.action, file, `${path}/action`);
  const most = action === null ? 0 : maskSize(action);
  if (group.mask !== 0 && group.mask !== most)
    throw wrong(file, `${path}/mask`, `must be 0 or ${most}, as many as there are choices`);
  return { ...group, observation, action };
}

function checkedSpace(stored: unknown, file: string, path: string): Space {
  const space = withInfinities(stored);
  const fault = checkSpace(space);
  if (fault === null) return space as Space;
  throw wrong(file, `${path}${fault.path}`, `wanted ${fault.wanted}, got ${fault.got}`);
}

/** The space with the infinite bounds that JSON cannot hold. */
function withInfinities(space: unknown): unknown {
  if (typeof space !== 'object' || space === null) return space;
  if (Array.isArray(space)) return space.map(withInfinities);
  const bound = (value: unknown, infinity: number): unknown =>
    value === null ? infinity : Array.isArray(value) ? value.map((each) => each ?? infinity) : value;
  const record = space as Record<string, unknown>;
  if (record.type === 'box')
    return {
      ...record,
      low: bound(record.low, Number.NEGATIVE_INFINITY),
      high: bound(record.high, Number.POSITIVE_INFINITY),
    };
  if (record.type === 'tuple') return { ...record, spaces: withInfinities(record.spaces) };
  if (record.type !== 'dict' || typeof record.spaces !== 'object' || record.spaces === null) return record;
  const parts = Object.entries(record.spaces).map(([name, part]) => [name, withInfinities(part)]);
  return { ...record, spaces: Object.fromEntries(parts) };
}

function wrong(file: string, path: string, problem: string): LightbulbError {
  return new LightbulbError('invalid_input', `the manifest of a dataset is wrong: ${problem}`, {
    where: `${file} ${path === '' ? '/' : path}`,
  });
}
