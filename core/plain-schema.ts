import type { Type } from 'typebox';

type Options = Readonly<Record<string, unknown>>;
type TypeBox = Pick<
  typeof Type,
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unsafe'
>;

/**
 * TypeBox's builders of JSON schemas, as far as checks of messages and manifests need them: the same calls, types and
 * schemas, required properties only. TypeBox itself is 370 modules, nearly half of what a run would load; each process of
 * a batch or a team would wait a second for them.
 */
export const plainSchema = {
  Array: (items: object, options?: Options) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Options) => ({ type: 'boolean', ...options }),
  Enum: (values: readonly unknown[], options?: Options) => ({ enum: values, ...options }),
  Integer: (options?: Options) => ({ type: 'integer', ...options }),
  Literal: (value: unknown, options?: Options) => ({ type: typeof value, const: value, ...options }),
  Null: (options?: Options) => ({ type: 'null', ...options }),
  Number: (options?: Options) => ({ type: 'number', ...options }),
  Object: (properties: object, options?: Options) => {
    const required = Object.keys(properties);
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options };
  },
  Record: (key: { readonly pattern?: string }, value: object, options?: Options) => {
    return { type: 'object', patternProperties: { [key.pattern ?? '^.*$']: value }, ...options };
  },
  String: (options?: Options) => ({ type: 'string', ...options }),
  Union: (parts: readonly object[], options?: Options) => ({ anyOf: parts, ...options }),
  Unsafe: (schema: object) => ({ ...schema }),
} as unknown as TypeBox;
