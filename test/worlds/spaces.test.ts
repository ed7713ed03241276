import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stream } from '../../core/index.ts';
import {
  actionBounds,
  actionChoices,
  actionComponents,
  box,
  checkSpace,
  checkValue,
  decodeAction,
  dict,
  discrete,
  encodeAction,
  flatSize,
  flatten,
  hasText,
  maskSize,
  multiBinary,
  multiDiscrete,
  printSpace,
  type Space,
  sample,
  spaceKey,
  text,
  tuple,
  unflatten,
  zero,
} from '../../worlds/index.ts';

const size = fc.integer({ min: 1, max: 4 });
const plain: fc.Arbitrary<Space> = fc.oneof(
  fc.array(size, { maxLength: 2 }).map((shape) => box(shape)),
  fc.array(size, { maxLength: 2 }).map((shape) => box(shape, -3, 0.1)),
  fc.array(size, { maxLength: 2 }).map((shape) => box(shape, 1)),
  fc.array(size, { maxLength: 2 }).map((shape) => box(shape, Number.NEGATIVE_INFINITY, -1, 'int32')),
  size.map((n) => box([n], 0, 255, 'uint8')),
  size.map((n) => discrete(n)),
  fc.array(size, { minLength: 1, maxLength: 3 }).map((n) => multiDiscrete(n)),
  fc
    .tuple(size, size, size)
    .map(([words, first, more]) =>
      multiDiscrete(new Array<number>(words).fill(first + more), { first, to: 'article' }),
    ),
  size.map((n) => multiBinary(n)),
);
const nested: fc.Arbitrary<Space> = fc.oneof(
  plain,
  fc
    .dictionary(fc.string({ minLength: 1, maxLength: 3 }), plain, { minKeys: 1, maxKeys: 3 })
    .map((parts) => dict(parts)),
  fc.array(plain, { minLength: 1, maxLength: 3 }).map((parts) => tuple(parts)),
);
const withText = fc.oneof(nested, fc.constant<Space>(text(5, { minLength: 2, charset: 'äb' })), fc.constant(text(3)));

describe('spaces', () => {
  it('sample members of themselves, the same for the same stream', () => {
    fc.assert(
      fc.property(withText, fc.integer(), (space, seed) => {
        const value = sample(space, stream(seed, 'sample'));
        assert.equal(checkValue(space, value), null);
        assert.deepEqual(sample(space, stream(seed, 'sample')), value);
      }),
    );
  });

  it('have a member nearest to zero', () => {
    fc.assert(fc.property(withText, (space) => assert.equal(checkValue(space, zero(space)), null)));
    assert.deepEqual(zero(box([2], [-1, 3], [1, 4])), Float32Array.of(0, 3));
  });

  it('flatten to as many numbers as they say, and back to the same member', () => {
    fc.assert(
      fc.property(withText, fc.integer(), fc.integer({ min: 0, max: 3 }), (space, seed, offset) => {
        const value = sample(space, stream(seed, 'sample'));
        const out = new Float32Array(flatSize(space) + offset).fill(7);
        assert.equal(flatten(space, value, out, offset), out.length);
        assert.deepEqual(unflatten(space, out, offset), value);
      }),
    );
  });

  it('turn actions into numbers and back', () => {
    fc.assert(
      fc.property(nested, fc.integer(), (space, seed) => {
        const value = sample(space, stream(seed, 'sample'));
        const out = new Float32Array(actionComponents(space) + 1);
        assert.equal(encodeAction(space, value, out, 1), out.length);
        assert.deepEqual(decodeAction(space, out, 1), value);
      }),
    );
  });

  it('flatten choices to one-hots and parts in the order of their names', () => {
    const space = dict({ b: discrete(3), a: multiDiscrete([2, 2]), B: box([1], 0, 1) });
    const out = new Float32Array(8).fill(9);
    flatten(space, { a: [1, 0], b: 2, B: [0.5] }, out, 0);
    // "B" < "a" < "b"; [0.5], then one-hots of 1 and 0 of two, then of 2 of three.
    assert.deepEqual([...out], [0.5, 0, 1, 1, 0, 0, 0, 1]);
  });

  it('know the choices of each component, and that boxes have none', () => {
    assert.deepEqual(actionChoices(discrete(5)), [5]);
    assert.deepEqual(actionChoices(multiBinary(3)), [2, 2, 2]);
    assert.deepEqual(actionChoices(tuple([discrete(5), multiDiscrete([2, 3])])), [5, 2, 3]);
    assert.equal(actionChoices(box([2])), null);
    assert.equal(maskSize(multiDiscrete([2, 3])), 5);
    assert.equal(maskSize(box([2])), 0);
    assert.deepEqual(actionBounds(box([2], [-1, -2], 3)), {
      low: Float32Array.of(-1, -2),
      high: Float32Array.of(3, 3),
    });
    assert.equal(actionBounds(discrete(2)), null);
  });

  it('carry any text in code units + 1, and zeros behind it', () => {
    const space = dict({ a: text(6), b: discrete(2) });
    const out = new Float32Array(8).fill(9);
    // Half of a surrogate pair, the first and the last code unit.
    flatten(space, { a: '\ud800\0\uffffä', b: 1 }, out, 0);
    assert.deepEqual([...out], [0xd801, 1, 0x10000, 0xe5, 0, 0, 0, 1]);
    assert.deepEqual(unflatten(space, out, 0), { a: '\ud800\0\uffffä', b: 1 });
    assert.equal(unflatten(text(3), new Float32Array(3), 0), '');
    const long = 'long '.repeat(50_000);
    const numbers = new Float32Array(long.length);
    flatten(text(long.length), long, numbers, 0);
    assert.equal(unflatten(text(long.length), numbers, 0), long);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (value) => {
        const room = new Float32Array(40);
        flatten(text(40), value, room, 0);
        assert.equal(unflatten(text(40), room, 0), value);
      }),
    );
  });

  it('know whether there is text in them', () => {
    assert.ok(hasText(tuple([discrete(2), dict({ word: text(3) })])));
    assert.ok(!hasText(tuple([discrete(2), dict({ word: box([1]) })])));
  });

  it('refuse texts as actions, and an action of numbers and choices mixed, with a cure', () => {
    assert.throws(() => actionComponents(text(3)), { code: 'unsupported', message: /token/ });
    assert.throws(() => actionChoices(tuple([discrete(2), box([1])])), { code: 'unsupported', message: /choices/ });
  });

  it('say what is wrong with a value, and where', () => {
    const cases: readonly [Space, unknown, string, string][] = [
      [box([2], -1, 1), Float32Array.of(0, 2), '/1', 'bounds'],
      [box([2]), Float32Array.of(0, Number.NaN), '/1', 'not_finite'],
      [box([2]), [Number.POSITIVE_INFINITY, 0], '/0', 'not_finite'],
      [box([1]), Float64Array.of(1e39), '/0', 'not_finite'],
      [box([2]), Int32Array.of(0, 0), '', 'dtype'],
      [box([2], 0, 255, 'uint8'), Float32Array.of(0, 0), '', 'dtype'],
      [box([2], 0, 9, 'int32'), [0, 0.5], '/1', 'integer'],
      [box([2]), Float32Array.of(0), '', 'shape'],
      [box([2]), [0, '0'], '/1', 'type'],
      [box([1]), 0, '', 'type'],
      [discrete(3), 3, '', 'bounds'],
      [discrete(3), -1, '', 'bounds'],
      [discrete(3), 0.5, '', 'integer'],
      [discrete(3), true, '', 'type'],
      [multiDiscrete([2, 2]), Float32Array.of(0, 0), '', 'dtype'],
      [multiDiscrete([2, 2]), [0, 2], '/1', 'bounds'],
      [multiBinary(2), [0, 2], '/1', 'bounds'],
      [text(2), 'abc', '', 'shape'],
      [text(2, { charset: 'ab' }), 'ac', '', 'bounds'],
      [dict({ 'a/b': discrete(2) }), { 'a/b': 2 }, '/a~1b', 'bounds'],
      [dict({ a: discrete(2) }), { a: 1, b: 1 }, '', 'shape'],
      [dict({ a: discrete(2) }), {}, '', 'shape'],
      [tuple([discrete(2), discrete(2)]), [0], '', 'shape'],
      [tuple([discrete(2), box([1])]), [0, Float32Array.of(Number.NaN)], '/1/0', 'not_finite'],
    ];
    for (const [space, value, path, kind] of cases) {
      const fault = checkValue(space, value);
      assert.deepEqual([fault?.path, fault?.kind], [path, kind], `${printSpace(space)} ${String(value)}`);
    }
  });

  it('let a float32 stand where rounding puts a bound', () => {
    assert.ok(Math.fround(0.1) > 0.1);
    assert.equal(checkValue(box([1], 0, 0.1), Float32Array.of(0.1)), null);
    assert.equal(checkValue(box([1], 0, 0.1), [0.1001])?.kind, 'bounds');
  });

  it('say what is wrong with a declaration, and where', () => {
    const cases: readonly [unknown, string][] = [
      [null, ''],
      [{ type: 'Discrete', n: 2 }, '/type'],
      [{ type: 'discrete', n: 0 }, '/n'],
      [{ type: 'discrete', n: 2, labels: ['a'] }, '/labels'],
      [{ type: 'multiDiscrete', n: [2, 0] }, '/n/1'],
      [{ type: 'multiDiscrete', n: [] }, '/n'],
      [{ type: 'multiDiscrete', n: [3, 0], sequence: { first: 1, to: 'a' } }, '/n/1'],
      [{ type: 'multiDiscrete', n: [3, 3, 4], sequence: { first: 1, to: 'a' } }, '/n/2'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: null }, '/sequence'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: { to: 'a' } }, '/sequence/first'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: { first: 0, to: 'a' } }, '/sequence/first'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: { first: 1.5, to: 'a' } }, '/sequence/first'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: { first: 3, to: 'a' } }, '/sequence/first'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: { first: 2, to: '' } }, '/sequence/to'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: { first: 2 } }, '/sequence/to'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: { first: 2, to: 'a', features: '' } }, '/sequence/features'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: { first: 2, to: 'a', labels: ['end'] } }, '/sequence/labels'],
      [{ type: 'multiDiscrete', n: [3, 3], sequence: { first: 1, to: 'a', labels: [7] } }, '/sequence/labels'],
      [{ type: 'multiBinary', n: 1.5 }, '/n'],
      [{ type: 'box', shape: [0], low: 0, high: 1 }, '/shape'],
      [{ type: 'box', shape: [2], low: [0], high: 1 }, '/low'],
      [{ type: 'box', shape: [2], low: [0, 2], high: 1 }, '/low/1'],
      [{ type: 'box', shape: [1], low: 0, high: Number.NaN }, '/high'],
      [{ type: 'box', shape: [1], low: null, high: 1 }, '/low'],
      [{ type: 'box', shape: [1], low: 0, high: 256, dtype: 'uint8' }, '/low'],
      [{ type: 'box', shape: [1], low: 0, high: 1, dtype: 'float64' }, '/dtype'],
      [{ type: 'text', maxLength: 0 }, '/maxLength'],
      [{ type: 'text', maxLength: 2, minLength: 3 }, '/minLength'],
      [{ type: 'dict', spaces: {} }, '/spaces'],
      [{ type: 'tuple', spaces: [{ type: 'discrete', n: 2 }, { type: 'discrete' }] }, '/spaces/1/n'],
    ];
    for (const [space, path] of cases) assert.equal(checkSpace(space)?.path, path, JSON.stringify(space));
    const words = { type: 'multiDiscrete', n: [3, 3], sequence: { first: 2, to: 'a', labels: ['end', 'not'] } };
    assert.equal(checkSpace(words), null);
    assert.throws(() => multiDiscrete([3, 2], { first: 1, to: 'a' }), { code: 'invalid_input', message: /n\/1/ });
    assert.throws(() => discrete(0), { code: 'invalid_input', message: /integer >= 1/ });
  });

  it('print in one line', () => {
    assert.equal(printSpace(box([4])), 'Box(4)[-inf, inf]');
    assert.equal(printSpace(box([4], -3.4028234663852886e38, 3.4028234663852886e38)), 'Box(4)[-inf, inf]');
    assert.equal(printSpace(box([84, 84, 3], 0, 255, 'uint8')), 'Box(84, 84, 3)[0, 255] uint8');
    assert.equal(printSpace(box([2], [-1, -2], 3)), 'Box(2)[(-1 -2), 3]');
    assert.equal(
      printSpace(dict({ b: multiDiscrete([2, 3]), a: tuple([discrete(2, ['left', 'right']), multiBinary(4)]) })),
      'Dict(a: Tuple(Discrete(2: left right), MultiBinary(4)), b: MultiDiscrete(2, 3))',
    );
    assert.equal(printSpace(text(9)), 'Text(0 to 9)');
    assert.equal(
      printSpace(multiDiscrete([64, 64, 64], { first: 4, to: 'article' })),
      'MultiDiscrete(3 x 64, from 4 on words of "article")',
    );
  });

  it('have equal keys exactly where they are equal', () => {
    assert.equal(spaceKey({ type: 'discrete', n: 2 }), spaceKey({ n: 2, type: 'discrete' }));
    assert.notEqual(spaceKey(box([1], 0)), spaceKey(box([1], 0, 1)));
    const keys = [
      multiDiscrete([3, 3]),
      multiDiscrete([3, 3], { first: 1, to: 'a' }),
      multiDiscrete([3, 3], { first: 2, to: 'a' }),
      multiDiscrete([3, 3], { first: 1, to: 'b' }),
      multiDiscrete([3, 3], { first: 1, to: 'a', features: 'b' }),
      multiDiscrete([3, 3], { first: 1, to: 'a', labels: ['end'] }),
    ].map(spaceKey);
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(keys[1], spaceKey({ sequence: { to: 'a', first: 1 }, n: [3, 3], type: 'multiDiscrete' }));
    assert.notEqual(spaceKey(box([1], Number.NEGATIVE_INFINITY, 0)), spaceKey(box([1], -1e300, 0)));
  });
});
