export { closest, type ErrorCode, type ErrorParts, internal, LightbulbError, suggest } from './errors.ts';
export type { Json, JsonObject } from './json.ts';
export * from './machine/index.ts';
export { plainSchema } from './plain-schema.ts';
export { restoreStream, Stream, type StreamState, stream } from './stream.ts';
