import Type from 'typebox';
import type { Json } from '../../core/index.ts';
import type { ScenarioFile } from '../schema.ts';
import { count, nullable, positive } from '../schema-parts.ts';

const settings = Type.Unsafe<Readonly<Record<string, Json>>>({
  type: 'object',
  title: 'Settings',
  description: 'Values to set over the scenario, by path: "/learner/learningRate" or "learner.learningRate".',
});

const range = Type.Object(
  {
    low: Type.Number({ description: 'The smallest value.' }),
    high: Type.Number({ description: 'The largest value.' }),
    scale: Type.Optional(
      Type.Enum(['linear', 'log'], { description: 'Uniform in the value, or in its logarithm.', default: 'linear' }),
    ),
    integer: Type.Optional(Type.Boolean({ description: 'Whole numbers only, both ends included.', default: false })),
  },
  { title: 'Range', additionalProperties: false },
);

const choices = Type.Object(
  { choices: Type.Array(Type.Unsafe<Json>({}), { description: 'Each as likely as the others.', minItems: 1 }) },
  { title: 'Choices', additionalProperties: false },
);

const draw = Type.Unsafe<Type.Static<typeof range> | Type.Static<typeof choices>>({
  type: 'object',
  title: 'What to draw from',
  if: { required: ['choices'] },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
  then: choices,
  else: range,
});

const search = Type.Object(
  {
    grid: Type.Optional(
      Type.Unsafe<Readonly<Record<string, readonly Json[]>>>({
        type: 'object',
        description: 'Values by path; every combination is run.',
        minProperties: 1,
        additionalProperties: { type: 'array', minItems: 1 },
      }),
    ),
    random: Type.Optional(
      Type.Object(
        {
          samples: count(1, { description: 'How many combinations are drawn.', maximum: 100_000 }),
          seed: Type.Optional(
            count(0, { description: 'Decides what is drawn; more samples change no earlier one.', default: 1 }),
          ),
          over: Type.Unsafe<Readonly<Record<string, Type.Static<typeof draw>>>>({
            type: 'object',
            description: 'What to draw from, by path: a range, or choices.',
            minProperties: 1,
            additionalProperties: draw,
          }),
        },
        { title: 'Random search', additionalProperties: false },
      ),
    ),
  },
  { title: 'Search', description: 'Either "grid" or "random", within every arm.', additionalProperties: false },
);

const seedRange = Type.Object(
  {
    from: count(0, { description: 'The first seed.' }),
    count: count(1, { description: 'How many.', maximum: 100_000 }),
  },
  { title: 'Seeds in a row', additionalProperties: false },
);

const seeds = Type.Unsafe<readonly number[] | Type.Static<typeof seedRange>>({
  description: 'A list of seeds, or {"from": 1, "count": 5}. Every arm is run with each.',
  type: ['array', 'object'],
  if: { type: 'array' },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
  then: { items: count(0), minItems: 1, uniqueItems: true },
  else: seedRange,
});

/**
 * An experiment file, as people write it: the source of `scenarios/experiment.schema.json` (`npm run schema`), which
 * alone is read at run time.
 */
export const experimentSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'This schema, for editors.' })),
    name: Type.String({
      description: "Names the batch's folder: letters, digits, dot, dash, underscore.",
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      maxLength: 100,
    }),
    description: Type.Optional(Type.String({ description: 'What is to be found out, in words.', default: '' })),
    scenario: Type.Unsafe<string | ScenarioFile>({
      type: ['string', 'object'],
      description:
        "What all runs start from: a scenario's file (from this file's folder), the name of one that comes with " +
        'lightbulb, or the scenario itself.',
    }),
    arms: Type.Optional(
      Type.Unsafe<Readonly<Record<string, Readonly<Record<string, Json>>>>>({
        type: 'object',
        description: 'What is compared: a name, and what it sets over the scenario.',
        default: { base: {} },
        minProperties: 1,
        additionalProperties: settings,
      }),
    ),
    search: Type.Optional(search),
    seeds,
    parallel: Type.Optional(
      nullable(count(1, { maximum: 1024 }), {
        description: 'Runs side by side; null: as many as the machine has cores for, at their threads each.',
        default: null,
      }),
    ),
    threads: Type.Optional(
      nullable(count(1, { maximum: 1024 }), {
        description: "Threads of each run; null: the scenario's.",
        default: null,
      }),
    ),
    retries: Type.Optional(count(0, { description: 'Further attempts after a failed one.', default: 1, maximum: 100 })),
    limits: Type.Optional(
      Type.Object(
        {
          seconds: Type.Optional(
            nullable(positive(), {
              description: 'Time of one attempt; a run past it stops at a checkpoint and has failed. null: no limit.',
              default: null,
            }),
          ),
          memory: Type.Optional(
            nullable(positive(), {
              description: "Resident memory of a run's process, MiB; past it the process is killed. null: no limit.",
              default: null,
            }),
          ),
        },
        { title: 'Limits', description: 'What each run may use.', additionalProperties: false, default: {} },
      ),
    ),
    scores: Type.Optional(
      Type.Unsafe<Readonly<Record<string, { readonly low: number; readonly high: number }>>>({
        type: 'object',
        description:
          "What counts as 0 and 1 on a task, by the environment's name (of several tasks, the scenario's): a random policy's return, say.",
        default: {},
        additionalProperties: Type.Object(
          {
            low: Type.Number({ description: 'The return that counts as 0.' }),
            high: Type.Number({ description: 'The return that counts as 1.' }),
          },
          { title: 'Score range', additionalProperties: false },
        ),
      }),
    ),
  },
  {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'lightbulb experiment',
    description: 'Arms times search times seeds of one scenario.',
    additionalProperties: false,
  },
);

/** What people write. */
export type ExperimentFile = Type.Static<typeof experimentSchema>;

type Search = NonNullable<ExperimentFile['search']>;
export type Grid = NonNullable<Search['grid']>;
export type RandomSearch = NonNullable<Search['random']>;
export type Draw = Type.Static<typeof draw>;
