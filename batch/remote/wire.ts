import { Ajv, type ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { LightbulbError, plainSchema as Type } from '../../core/index.ts';

const version = Type.Literal(1);
const text = Type.String({ maxLength: 1000 });
const count = Type.Integer({ minimum: 0 });
const nullable = <T extends TSchema>(of: T) => Type.Union([of, Type.Null()]);
const object = <T extends Record<string, TSchema>>(parts: T) => Type.Object(parts, { additionalProperties: false });
const anyObject = Type.Object({}, { additionalProperties: true });

/** A run that somebody is to make; a task of the work queue. */
export const jobMessage = object({
  version,
  batch: text,
  key: text,
  /** Resolved; the worker checks it as it checks any file. */
  scenario: anyObject,
  needs: object({ device: text, memory: nullable(count), threads: count }),
  limits: object({ seconds: nullable(Type.Number({ minimum: 0 })), memory: nullable(count) }),
  retries: count,
});
export type JobMessage = Static<typeof jobMessage>;

/** Which content each file of a run folder has; the content itself lies in the blob store. */
const files = Type.Record(
  Type.String({ maxLength: 500 }),
  object({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }), size: count }),
);
export type Files = Static<typeof files>;

/** Where a job stands: the latest value under its key. Whoever changes it names the revision that was read. */
export const jobState = object({
  version,
  /** The id of its task in the queue. */
  task: text,
  status: Type.Enum(['waiting', 'running', 'finished', 'failed', 'cancelled']),
  /** The attempt that may write: a worker's name and a number. Anybody else's results are void. */
  owner: nullable(text),
  attempts: count,
  failures: Type.Array(object({ worker: text, code: text, message: Type.String() })),
  /** Environment steps that `files` can go on from. */
  step: count,
  files,
});
export type JobState = Static<typeof jobState>;

/** A run's event, as it happens. */
export const eventMessage = object({ version, batch: text, key: text, worker: text, event: anyObject });

/** What a worker says of itself every few seconds. */
export const workerMessage = object({
  version,
  worker: text,
  host: text,
  devices: Type.Array(text),
  /** MiB that runs may take together. */
  memory: count,
  slots: count,
  running: Type.Array(object({ batch: text, key: text })),
  /** False in the last one. */
  isThere: Type.Boolean(),
});
export type WorkerMessage = Static<typeof workerMessage>;

const ajv = new Ajv({ allErrors: false, strictTypes: false });
const checks = new Map<TSchema, ValidateFunction>();

export function encode(message: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

/** The message in these bytes; `invalid_input` for anything else, since anybody may write on a bus. */
export function decode<T extends TSchema>(schema: T, data: Uint8Array): Static<T> {
  let check = checks.get(schema);
  if (check === undefined) {
    check = ajv.compile(schema);
    checks.set(schema, check);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (cause) {
    throw new LightbulbError('invalid_input', 'a message that is no JSON', { cause });
  }
  if (check(value)) return value as Static<T>;
  const error = check.errors?.[0];
  throw new LightbulbError('invalid_input', 'a message that does not follow its schema', {
    where: error?.instancePath || '/',
    ...(error?.message === undefined ? {} : { wanted: error.message }),
  });
}
