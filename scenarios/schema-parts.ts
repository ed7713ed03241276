import Type from 'typebox';

/** A whole number of things, at least `minimum`. */
export function count(minimum: number, options: Type.TNumberOptions = {}): Type.TInteger {
  return Type.Integer({ maximum: Number.MAX_SAFE_INTEGER, ...options, minimum });
}

/** A number above zero. */
export function positive(options: Type.TNumberOptions = {}): Type.TNumber {
  return Type.Number({ ...options, exclusiveMinimum: 0 });
}

/** A number from 0 to 1. */
export function fraction(options: Type.TNumberOptions = {}): Type.TNumber {
  return Type.Number({ ...options, minimum: 0, maximum: 1 });
}

/**
 * The schema, or null. As `type: [.., "null"]` and not as a union: a union's errors speak of every branch, this one's
 * of the value.
 */
export function nullable<S extends Type.TSchema>(
  schema: S,
  options: Type.TSchemaOptions = {},
): Type.TUnsafe<Type.Static<S> | null> {
  const { type } = schema as { type?: unknown };
  return Type.Unsafe<Type.Static<S> | null>({ ...schema, ...options, type: [type, 'null'] });
}

type OrDefaults<P extends Type.TProperties> = { [K in keyof P]: Type.TOptional<P[K]> };

/** The properties of `whole`, each optional and with its default beside it. */
export function orDefaults<P extends Type.TProperties>(
  whole: Type.TObject<P>,
  defaults: { readonly [K in keyof P]: unknown },
): OrDefaults<P> {
  const optional = Object.entries<Type.TSchema>(whole.properties).map(([key, schema]) => [
    key,
    Type.Optional(withDefault(schema, defaults[key])),
  ]);
  return Object.fromEntries(optional) as OrDefaults<P>;
}

function withDefault(schema: Type.TSchema, value: unknown): Type.TSchema {
  return Type.Unsafe({ ...schema, default: value });
}

/** An object as people write it: all of its properties may be left out. */
export const written = <P extends Type.TProperties>(
  whole: Type.TObject<P>,
  defaults: { readonly [K in keyof P]: unknown },
): Type.TObject =>
  Type.Object(orDefaults(whole, defaults), {
    title: (whole as { readonly title?: string }).title ?? '',
    additionalProperties: false,
  });

/**
 * One of several objects, told apart by the string under `tag`; without it the first is meant. As if/then and not as
 * a union, so that an error is about the branch that the person meant and about no other.
 */
export function tagged<B extends Record<string, Type.TSchema>>(
  tag: string,
  branches: B,
  options: Type.TSchemaOptions,
): Type.TUnsafe<Type.Static<B[keyof B]>> {
  const names = Object.keys(branches);
  const rules = names.map((name, i) => ({
    if: { properties: { [tag]: { const: name } }, ...(i === 0 ? {} : { required: [tag] }) },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
    then: branches[name],
  }));
  return Type.Unsafe<Type.Static<B[keyof B]>>({
    ...options,
    type: 'object',
    properties: { [tag]: { enum: names, default: names[0] } },
    allOf: rules,
  });
}
