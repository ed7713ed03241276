import Type from 'typebox';
import type { JsonObject } from '../core/index.ts';
import { count } from './schema-parts.ts';

const options = Type.Optional(
  Type.Unsafe<JsonObject>({
    type: 'object',
    description: "The environment's own options.",
    default: {},
  }),
);
const name = Type.String({ description: 'A built-in environment; see `lightbulb list environments`.' });
const module = Type.String({
  description: "File of an environment of your own (its default export), from this scenario's folder.",
  minLength: 1,
});
const copies = Type.Optional(count(1, { description: 'Copies that step side by side.', default: 8, maximum: 65536 }));

const titles = { builtIn: 'Built-in environment', custom: 'Your own environment' };

/** Which environment: exactly one of a built-in's name and the absolute path of a module. */
export type EnvironmentIdentity = { readonly options: JsonObject } & (
  | { readonly name: string }
  | { readonly module: string }
);

/** Which environment, in full, and how many copies of it learn side by side. */
export type EnvironmentChoice = EnvironmentIdentity & { readonly copies: number };

type WrittenIdentity = { options?: JsonObject } & ({ name: string } | { module: string });

/** What a scenario plays in; null where it has tasks instead. */
export const environmentSchema = choice<WrittenIdentity & { copies?: number }>(
  Type.Object({ name, options, copies }, { title: titles.builtIn, additionalProperties: false }),
  Type.Object({ module, options, copies }, { title: titles.custom, additionalProperties: false }),
  'What the agents act in: a built-in by `name`, or your own by `module`.',
);

/** What a task plays in; null for a dataset that nobody plays. */
export const taskEnvironmentSchema = choice<WrittenIdentity>(
  Type.Object({ name, options }, { title: titles.builtIn, additionalProperties: false }),
  Type.Object({ module, options }, { title: titles.custom, additionalProperties: false }),
  'What the task is played in: a built-in by `name`, or your own by `module`. A dataset needs none.',
);

/** As if/then/else and not as a union, so that errors are about the branch that the person meant. */
function choice<T>(builtIn: Type.TSchema, custom: Type.TSchema, description: string): Type.TUnsafe<T | null> {
  return Type.Unsafe<T | null>({
    type: ['object', 'null'],
    title: 'Environment',
    description,
    default: null,
    if: { type: 'object', required: ['module'] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
    then: custom,
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
    else: { if: { type: 'object' }, then: builtIn },
  });
}
