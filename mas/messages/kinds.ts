import type { TSchema } from 'typebox';
import { plainSchema as Type } from '../../core/index.ts';
import { array, defineMessage, optionalArray } from './define.ts';
import { REASONS } from './refusal.ts';

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const name = Type.String({ minLength: 1, maxLength: 200 });
const object = <T extends Record<string, TSchema>>(parts: T) => Type.Object(parts, { additionalProperties: false });
/** Of a round, from 0 (`observe`, `act`, `feedback`); elsewhere environment steps since the run began, over all copies. */
const step = count;
/** Of the policy. */
const version = count;
/** Counts the updates: a round is what is lived between two of them. */
const round = count;

/** Names a blob of the run; see `Channel.putBlob`. */
export const blobSchema = object({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  size: count,
});

/** Host to role, a request: act on these observations with this version of the policy. Answered by `act`. */
export const observe = defineMessage({
  kind: 'observe',
  schema: object({ round, step, version }),
  arrays: {
    observation: array('f32', ['B', 'n', 'D']),
    /** 1: legal. M is 0 where everything is. */
    mask: array('u8', ['B', 'n', 'M']),
    /** 1: is to act; what others answer is not looked at. */
    alive: array('u8', ['B', 'n']),
  },
  mayBeEmpty: ['M'],
});

/** Role to host, the answer to `observe`: round and step as asked, the version that really acted. */
export const act = defineMessage({
  kind: 'act',
  schema: object({ round, step, version, role: name }),
  arrays: {
    /** Choices, or numbers of a box. */
    action: array(['i32', 'f32'], ['B', 'n', 'A']),
    logProbability: array('f32', ['B', 'n']),
  },
});

/**
 * Host to learner, a task of the run's queue: `T` steps of `B` copies as one role lived them, time-major. Observations,
 * masks and `alive` have one row more: what stands after the last step.
 */
export const experience = defineMessage({
  kind: 'experience',
  schema: object({ round, step, role: name, version }),
  arrays: {
    observation: array('f32', ['T+1', 'B', 'n', 'D']),
    mask: array('u8', ['T+1', 'B', 'n', 'M']),
    alive: array('u8', ['T+1', 'B', 'n']),
    action: array(['i32', 'f32'], ['T', 'B', 'n', 'A']),
    logProbability: array('f32', ['T', 'B', 'n']),
    reward: array('f32', ['T', 'B', 'n']),
    terminated: array('u8', ['T', 'B', 'n']),
    truncated: array('u8', ['T', 'B', 'n']),
    /** What a central critic sees. */
    state: optionalArray('f32', ['T+1', 'B', 'S']),
    /** Where episodes ended: (t, b); none, where none did. What was seen last there follows in the same order. */
    ended: optionalArray('i32', ['E', 2]),
    finalObservation: optionalArray('f32', ['E', 'n', 'D']),
    finalState: optionalArray('f32', ['E', 'S']),
    /** What others said of these agents' steps, by the kinds of feedback; NaN where nothing was said. */
    feedback: optionalArray('f32', ['T', 'B', 'n', 'F']),
  },
  mayBeEmpty: ['M'],
});

/** What one agent thinks of another's part at a step: a score for each copy named, and what it means. */
export const feedback = defineMessage({
  kind: 'feedback',
  schema: object({ round, step, from: name, about: name, meaning: Type.String({ minLength: 1, maxLength: 500 }) }),
  arrays: {
    /** Which copies of the environment. */
    copy: array('i32', ['k']),
    score: array('f32', ['k']),
    vector: optionalArray('f32', ['k', 'V']),
  },
});

/** The latest policy, a value of the run's store: its parameters lie in a blob. */
export const policy = defineMessage({
  kind: 'policy',
  schema: object({ version, step, blob: blobSchema }),
});

/** A process that plays a role, of itself, every second. */
export const hello = defineMessage({
  kind: 'hello',
  schema: object({
    role: name,
    /** Of the process; differs where several play one role. */
    name,
    /** Of the policy it acts with. */
    version,
    /** False in its last. */
    isThere: Type.Boolean(),
    /** Messages since it began: taken and sent. */
    received: count,
    sent: count,
    /** The last it answered. */
    round,
  }),
});

/** The host, of the run, every second or so. */
export const progress = defineMessage({
  kind: 'progress',
  schema: object({
    round,
    step,
    version,
    /** By name, as in `metrics.jsonl`. */
    metrics: Type.Record(Type.String({ pattern: '^[A-Za-z][-\\w./ ]{0,99}$' }), Type.Number(), {
      additionalProperties: false,
      maxProperties: 500,
    }),
    rates: object({
      stepsPerSecond: Type.Number({ minimum: 0 }),
      messagesPerSecond: Type.Number({ minimum: 0 }),
      updatesPerSecond: Type.Number({ minimum: 0 }),
      /** Versions between the policy that acts and the newest. */
      lag: Type.Number({ minimum: 0 }),
    }),
  }),
});

/** The answer to a request that was set aside, or that its answerer could not do (`failed`). */
export const refusal = defineMessage({
  kind: 'refusal',
  schema: object({ reason: Type.Enum([...REASONS, 'failed']), detail: Type.String({ maxLength: 300 }) }),
});
