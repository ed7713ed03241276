import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  binCentre,
  byteTokenizer,
  channelsNeeded,
  createStepTokens,
  discreteNeeded,
  muLaw,
  type StepLayout,
  TokenBuffer,
  type TokenSettings,
  vocabularyOf,
} from '../../../agents/tokens/index.ts';
import { stream } from '../../../core/index.ts';
import {
  actionComponents,
  type Box,
  box,
  boxSize,
  checkValue,
  decodeAction,
  dict,
  discrete,
  effectiveBound,
  encodeAction,
  entryBounds,
  flatSize,
  flatten,
  multiBinary,
  multiDiscrete,
  partNames,
  type Space,
  type SpaceValue,
  sample,
  text,
  tuple,
} from '../../../worlds/index.ts';

const BINS = 1024;
const NOWHERE = Number.POSITIVE_INFINITY;

const size = fc.integer({ min: 1, max: 4 });
const shape = fc.array(size, { maxLength: 2 });
const bounds = fc.constantFrom<[number, number]>(
  [-1, 1],
  [-0.3, 0.7],
  [-3, 0.1],
  [0, 500],
  [-NOWHERE, NOWHERE],
  [2, NOWHERE],
);
const wholeBounds = fc.constantFrom<[number, number]>([0, 3], [2, 250], [-4, 4], [0, 1e6], [-NOWHERE, -1], [5, 5]);
const numbers: fc.Arbitrary<Space> = fc.oneof(
  fc.tuple(shape, bounds).map(([shape, [low, high]]) => box(shape, low, high)),
  fc.tuple(shape, wholeBounds).map(([shape, [low, high]]) => box(shape, low, high, 'int32')),
  size.map((n) => box([n], 0, 255, 'uint8')),
  fc.integer({ min: 1, max: 9 }).map((n) => discrete(n)),
  fc.array(size, { minLength: 1, maxLength: 3 }).map((n) => multiDiscrete(n)),
  size.map((n) => multiBinary(n)),
);
const seen: fc.Arbitrary<Space> = fc.oneof(
  numbers,
  fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 }))
    .map((shape) => box(shape, 0, 255, 'uint8')),
  fc.constantFrom<Space>(text(5, { minLength: 2, charset: 'äb' }), text(7)),
);
const nestedIn = (part: fc.Arbitrary<Space>): fc.Arbitrary<Space> =>
  fc.oneof(
    part,
    fc
      .dictionary(fc.string({ minLength: 1, maxLength: 3 }), part, { minKeys: 1, maxKeys: 3 })
      .map((parts) => dict(parts)),
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => tuple(parts)),
  );
const settingsFor = (discreteValues: number): TokenSettings => ({
  vocabulary: vocabularyOf({ text: 256, discrete: discreteValues, bins: BINS, codes: 0 }),
  tokenizer: byteTokenizer(),
  textTokens: 16,
  patch: { size: 2, channels: 3 },
  imageCodes: null,
});

/** Reads tokens of an observation one after the other and holds them against the value that they were made from. */
class Reader {
  private at = 0;

  constructor(
    private readonly out: TokenBuffer,
    private readonly settings: TokenSettings,
  ) {}

  next(): number {
    return this.out.ids[this.at++]!;
  }

  match(space: Space, value: SpaceValue): void {
    const { discrete } = this.settings.vocabulary;
    if (space.type === 'box') this.matchBox(space, value as readonly number[]);
    else if (space.type === 'discrete') assert.equal(this.next() - discrete.start, value);
    else if (space.type === 'text') this.matchText(value as string);
    else if (space.type === 'dict')
      for (const name of partNames(space))
        this.match(space.spaces[name]!, (value as Record<string, SpaceValue>)[name]!);
    else if (space.type === 'tuple')
      space.spaces.forEach((part, i) => void this.match(part, (value as SpaceValue[])[i]!));
    else for (const each of value as readonly number[]) assert.equal(this.next() - discrete.start, each);
  }

  private matchText(value: string): void {
    const ids: number[] = [];
    for (let id = this.next(); id !== this.settings.vocabulary.endText; id = this.next()) ids.push(id);
    assert.equal(this.settings.tokenizer.decode(ids), value);
  }

  private matchBox(space: Box, value: readonly number[]): void {
    if (space.dtype === 'uint8' && space.shape.length >= 2) {
      this.matchPicture(space, value);
      return;
    }
    const { discrete, continuous } = this.settings.vocabulary;
    for (let i = 0; i < boxSize(space); i++) {
      const id = this.next();
      const [low, high] = entryBounds(space, i);
      if (id < continuous.start) {
        assert.notEqual(space.dtype ?? 'float32', 'float32');
        assert.equal(id - discrete.start, value[i]);
        continue;
      }
      const x = Math.fround(value[i]!);
      const y = low >= -1 && high <= 1 ? x : Math.max(-1, Math.min(1, muLaw(x)));
      assert.ok(Math.abs(binCentre(id - continuous.start, BINS) - y) <= 1 / BINS + 1e-7, `${x}`);
    }
  }

  /** All pixels of a picture from its patches, by their intervals. */
  private matchPicture(space: Box, value: readonly number[]): void {
    const [height, width, depth = 1] = space.shape as [number, number, number?];
    const { size, channels } = this.settings.patch;
    const found = new Float64Array(value.length).fill(Number.NaN);
    for (let k = 0; k < Math.ceil(height / size) * Math.ceil(width / size); k++) {
      const patch = this.out.patch[this.at]!;
      assert.equal(this.next(), this.settings.vocabulary.patch);
      const [top, bottom, left, right] = [...this.out.intervals.subarray(4 * patch, 4 * patch + 4)];
      for (let y = Math.round(top! * height); y < Math.round(bottom! * height); y++)
        for (let x = Math.round(left! * width); x < Math.round(right! * width); x++)
          for (let c = 0; c < depth; c++) {
            const within = ((y % size) * size + (x % size)) * channels + c;
            const pixel = this.out.pixels[patch * size * size * channels + within]!;
            found[(y * width + x) * depth + c] = (pixel * Math.sqrt(size) + 1) * 127.5;
          }
    }
    found.forEach((each, i) => {
      assert.ok(Math.abs(each - value[i]!) < 1e-4, `pixel ${i}: ${each} for ${value[i]}`);
    });
  }
}

describe('tokens of any space', () => {
  it('tell what was observed, within half a bin', () => {
    fc.assert(
      fc.property(
        nestedIn(seen),
        fc.integer(),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(9, 300),
        (space, seed, agents, discreteValues) => {
          const settings = settingsFor(discreteValues);
          const tokens = createStepTokens({ observation: space, action: null, agents }, settings);
          const value = sample(space, stream(seed, 'sample'));
          const flat = new Float32Array(flatSize(space) + 2).fill(7);
          flatten(space, value, flat, 2);
          // What nothing can be told of: no part of this test.
          fc.pre(flat.subarray(2).some((each) => each !== 0));
          const out = new TokenBuffer(settings.patch);
          tokens.observe(flat, 2, agents - 1, out);
          const reader = new Reader(out, settings);
          if (agents > 1) assert.equal(reader.next(), settings.vocabulary.discrete.start + agents - 1);
          reader.match(space, value);
          assert.equal(reader.next(), settings.vocabulary.separator);
          holds(tokens.layout, out);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('tell what was done: the same choices, numbers within half a bin, all members of the space', () => {
    fc.assert(
      fc.property(nestedIn(numbers), fc.integer(), fc.constantFrom(9, 300), (space, seed, discreteValues) => {
        const settings = settingsFor(discreteValues);
        const tokens = createStepTokens({ observation: discrete(2), action: space, agents: 1 }, settings);
        const flat = new Float32Array(actionComponents(space) + 1);
        encodeAction(space, sample(space, stream(seed, 'sample')), flat, 1);
        const out = new TokenBuffer();
        tokens.act(flat, 1, out);
        assert.equal(out.length, tokens.layout.actionTokens);
        const legal = new Uint8Array(settings.vocabulary.size);
        const decoded = Float32Array.from({ length: out.length }, (_, i) => {
          tokens.legal(i, null, 0, legal);
          assert.equal(legal[out.ids[i]!], 1);
          return tokens.number(i, out.ids[i]!);
        });
        assert.equal(checkValue(space, decodeAction(space, decoded, 0)), null);
        let at = 0;
        for (const part of leaves(space)) {
          for (let i = 0; i < actionComponents(part); i++, at++)
            within(part, i, flat[at + 1]!, decoded[at]!, out.ids[at]!);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are as many as a vocabulary of what they need holds', () => {
    fc.assert(
      fc.property(nestedIn(seen), nestedIn(numbers), size, (observation, action, agents) => {
        const spaces = { observation, action, agents };
        const patch = { size: 2, channels: Math.max(1, channelsNeeded(spaces)) };
        const needed = discreteNeeded(spaces);
        const { layout } = createStepTokens(spaces, { ...settingsFor(needed), patch });
        // Boxes of whole numbers below 1024 stay whole numbers.
        const most = Math.max(1, agents, ...layout.legal.filter(({ size }) => size !== BINS).map(({ size }) => size));
        assert.ok(needed >= most);
      }),
    );
    const box3 = box([4, 4, 3], 0, 255, 'uint8');
    const spaces = { observation: dict({ a: box3, b: box([2, 2], 0, 255, 'uint8') }), action: discrete(7), agents: 3 };
    assert.deepEqual([discreteNeeded(spaces), channelsNeeded(spaces)], [7, 3]);
    const plain = { observation: box([2]), action: null, agents: 1 };
    assert.deepEqual([discreteNeeded(plain), channelsNeeded(plain)], [1, 0]);
    const ranges = [box([2], 0, 30, 'int32'), box([2], 0, 1024, 'int32'), box([2], [0, -1], 9, 'int32')];
    const needs = ranges.map((observation) =>
      discreteNeeded({ observation, action: multiDiscrete([2, 5]), agents: 2 }),
    );
    assert.deepEqual(needs, [31, 5, 5]);
  });
});

/** Local positions count up to the separator's; a layout without text is as long as it says. */
function holds(layout: StepLayout, out: TokenBuffer): void {
  assert.deepEqual(
    [...out.local.subarray(0, out.length)],
    Array.from({ length: out.length }, (_, i) => i),
  );
  if (layout.isFixed) assert.equal(out.length, layout.observationTokens);
  else assert.ok(out.length <= layout.observationTokens);
  assert.equal(out.patchCount, layout.patches);
  let next = 0;
  for (const { role, local, tokens } of layout.segments) {
    if (role === 'action') continue;
    assert.equal(local, next);
    next += tokens;
  }
  assert.equal(next, layout.observationTokens);
}

function leaves(space: Space): readonly Space[] {
  if (space.type === 'dict') return partNames(space).flatMap((name) => leaves(space.spaces[name]!));
  return space.type === 'tuple' ? space.spaces.flatMap(leaves) : [space];
}

function within(space: Space, entry: number, value: number, decoded: number, id: number): void {
  const what = `${JSON.stringify(space)}: ${decoded} for ${value}, id ${id}`;
  if (space.type !== 'box') {
    assert.equal(decoded, value, what);
    return;
  }
  const [low, high] = entryBounds(space, entry).map(effectiveBound) as [number, number];
  const rounding = space.dtype === 'int32' || space.dtype === 'uint8' ? 0.5 : 0;
  const far = Math.abs(decoded - value);
  if (Number.isFinite(high - low)) assert.ok(far <= (high - low) / 2 / BINS + rounding + 1e-4, what);
  else if (rounding === 0 && Math.abs(value) < 256)
    assert.ok(Math.abs(muLaw(decoded) - muLaw(value)) <= 1 / BINS + 1e-6, what);
}
