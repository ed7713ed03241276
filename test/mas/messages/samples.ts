import fc from 'fast-check';
import {
  act,
  type Dtype,
  experience,
  feedback,
  hello,
  type MessageKind,
  type NumberArray,
  observe,
  policy,
  progress,
  refusal,
} from '../../../mas/messages/index.ts';

const count = fc.nat();
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 });
const blob = fc.record({
  name: fc.constantFrom('policy-1', 'a/b.c', 'x=41='),
  sha256: fc.constant('0123456789abcdef'.repeat(4)),
  size: count,
});
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const rate = fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value + 0);

/** Every kind that the project has, with fields that its schema allows. */
export const KINDS: readonly { readonly kind: MessageKind; readonly fields: fc.Arbitrary<object> }[] = [
  { kind: observe, fields: fc.record({ round: count, step: count, version: count }) },
  { kind: act, fields: fc.record({ round: count, step: count, version: count, role: name }) },
  { kind: experience, fields: fc.record({ round: count, step: count, version: count, role: name }) },
  {
    kind: feedback,
    fields: fc.record({ round: count, step: count, from: name, about: name, meaning: name }),
  },
  { kind: policy, fields: fc.record({ version: count, step: count, blob }) },
  {
    kind: hello,
    fields: fc.record({
      role: name,
      name,
      version: count,
      isThere: fc.boolean(),
      received: count,
      sent: count,
      round: count,
    }),
  },
  {
    kind: progress,
    fields: fc.record({
      round: count,
      step: count,
      version: count,
      metrics: fc.dictionary(fc.constantFrom('return', 'loss/value', 'team 1', 'a-b.c'), number, {
        noNullPrototype: true,
      }),
      rates: fc.record({ stepsPerSecond: rate, messagesPerSecond: rate, updatesPerSecond: rate, lag: rate }),
    }),
  },
  { kind: refusal, fields: fc.record({ reason: fc.constantFrom('schema', 'failed'), detail: name }) },
];

const HOLDERS = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array };
const BYTES: Record<Dtype, number> = { f32: 4, f64: 8, i32: 4, u8: 1 };

/** Arrays of any bits, in shapes that agree with each other, with and without those that may be missing. */
export function arraysOf({ plans }: MessageKind): fc.Arbitrary<Record<string, NumberArray>> {
  const extents = plans.flatMap((plan) => plan.extents);
  const named = new Map(extents.map((extent) => [extent.name ?? '', extent.mayBeEmpty ? 0 : 1]));
  const sizes = fc.record(
    Object.fromEntries([...named].map(([name, least]) => [name, fc.integer({ min: least, max: 3 })])),
  );
  return sizes.chain((size: Record<string, number>) =>
    fc
      .tuple(
        ...plans.map(({ dtypes, extents, isOptional }) => {
          const shape = extents.map(({ name, plus }) => (name === undefined ? 0 : size[name]!) + plus);
          const numbers = shape.reduce((product, entry) => product * entry, 1);
          const made = fc.constantFrom(...dtypes).chain((dtype) =>
            fc.uint8Array({ minLength: numbers * BYTES[dtype], maxLength: numbers * BYTES[dtype] }).map((bytes) => {
              return { shape, data: new HOLDERS[dtype](new Uint8Array(bytes).buffer) };
            }),
          );
          return isOptional ? fc.option(made, { nil: undefined }) : made;
        }),
      )
      .map((arrays) =>
        Object.fromEntries(
          arrays.flatMap((array, i) => (array === undefined ? [] : [[plans[i]!.name, array as NumberArray]])),
        ),
      ),
  );
}

/** A message of this kind. */
export function messageOf(kind: MessageKind, fields: fc.Arbitrary<object>) {
  return fc.record({ fields, arrays: arraysOf(kind) });
}

/** The parts of a message as bytes: a header as it is given, then what follows it. */
export function bytesOf(header: unknown, rest: Uint8Array = new Uint8Array()): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return new Uint8Array(Buffer.concat([length, text, rest]));
}
