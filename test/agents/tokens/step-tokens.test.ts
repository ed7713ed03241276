import assert from 'node:assert/strict';
import { TARGET, TokenBuffer } from '../../../agents/tokens/index.ts';
import {
  type BatchedEnvironment,
  box,
  createActions,
  createOutputs,
  dict,
  discrete,
  flatSize,
  type GroupOutput,
  makeEnvironment,
  multiBinary,
  multiDiscrete,
  text,
  tuple,
} from '../../../worlds/index.ts';
import { BINS, DISCRETE, make, observed, settings, vocabulary, written } from './token-settings.ts';

const { separator, patch, endText } = vocabulary;

function begun(environment: BatchedEnvironment, level: Parameters<NonNullable<BatchedEnvironment['setLevel']>>[1]) {
  environment.setLevel!(0, level);
  const outputs: GroupOutput[] = createOutputs(environment.groups, 1);
  environment.reset(1, outputs);
  return { ...environment.groups[0]!, numbers: outputs[0]!.observation };
}

describe('tokens of a time step', () => {
  it('are bins, a separator and a choice in cart pole', () => {
    const environment = makeEnvironment('cartpole', 1);
    const { observation, action, numbers } = begun(environment, { state: [0.01, 0.1, -0.1, 2] });
    const tokens = make({ observation, action });
    const out = new TokenBuffer();
    tokens.observe(numbers, 0, 0, out);
    tokens.act(createActions(environment.groups, 1)[0]!.fill(1), 0, out);
    // By mu-law, but for the angle: its bounds lie within [-1, 1], so -0.1 is in bin floor(0.9 * 512).
    assert.deepEqual(written(out), {
      ids: [BINS + 546, BINS + 632, BINS + 460, BINS + 779, separator, DISCRETE + 1],
      local: [0, 1, 2, 3, 4, -1],
      target: [0, 0, 0, 0, 0, TARGET.action],
      patch: [-1, -1, -1, -1, -1, -1],
    });
    assert.deepEqual(
      tokens.layout.segments.map(({ role, kind, tokens, local }) => [role, kind, tokens, local]),
      [
        ['observation', 'continuous', 4, 0],
        ['separator', 'separator', 1, 4],
        ['action', 'discrete', 1, null],
      ],
    );
    const { observationTokens, actionTokens, isFixed, patches, legal } = tokens.layout;
    assert.deepEqual(
      { observationTokens, actionTokens, isFixed, patches, legal },
      {
        observationTokens: 5,
        actionTokens: 1,
        isFixed: true,
        patches: 0,
        legal: [{ start: DISCRETE, size: 2 }],
      },
    );
  });

  it('are bins of the bounds in the actions of the pendulum, decoded at their centres', () => {
    const { observation, action, numbers } = begun(makeEnvironment('pendulum', 1), { state: [0, 1] });
    const tokens = make({ observation, action });
    const out = new TokenBuffer();
    tokens.observe(numbers, 0, 0, out);
    for (const torque of [-2, 0, 0.5, 2, 7]) tokens.act([torque], 0, out);
    // cos 0 = 1 and sin 0 = 0 as they are, the speed by mu-law; torques of [-2, 2] in 1024 bins; 7 is cut to 2.
    const bins = [1023, 512, 744, 0, 512, 640, 1023, 1023].map((bin) => BINS + bin);
    assert.deepEqual(written(out).ids, [...bins.slice(0, 3), separator, ...bins.slice(3)]);
    assert.equal(tokens.number(0, BINS), -2 + 2 / 1024);
    assert.equal(tokens.number(0, BINS + 1023), 2 - 2 / 1024);
    assert.deepEqual(tokens.layout.legal, [vocabulary.continuous]);
  });

  it('stand for whole numbers where the box holds such, in bins too', () => {
    const tokens = make({ action: box([2], -5, [5, 400], 'int32') });
    for (const action of [
      [-5, -5],
      [5, 400],
      [3, 123],
    ]) {
      const out = new TokenBuffer();
      tokens.act(action, 0, out);
      assert.deepEqual([tokens.number(0, out.ids[0]!), tokens.number(1, out.ids[1]!)], action);
    }
  });

  it('begin with the agent where several share them, as in simple_spread', () => {
    const environment = makeEnvironment('simple_spread', 1);
    const outputs = createOutputs(environment.groups, 1);
    environment.reset(1, outputs);
    const { observation, action } = environment.groups[0]!;
    const tokens = make({ observation, action, agents: 3 });
    const out = new TokenBuffer();
    tokens.observe(outputs[0]!.observation, 36, 2, out);
    const { ids, local } = written(out);
    assert.equal(ids.length, 20);
    assert.deepEqual([ids[0], ids[19]], [DISCRETE + 2, separator]);
    // At rest at first, and silent: the bin of 0 for both velocities and the last four.
    for (const at of [1, 2, 15, 16, 17, 18]) assert.equal(ids[at], BINS + 512);
    assert.deepEqual(
      local,
      Array.from({ length: 20 }, (_, i) => i),
    );
    assert.throws(() => tokens.observe(outputs[0]!.observation, 0, 3, out), { code: 'invalid_input' });
  });

  it('are patches in raster order in dodge', () => {
    const { observation, action, numbers } = begun(makeEnvironment('dodge', 1, { size: 6, cell: 2 }), {});
    const tokens = make({ observation, action });
    const out = new TokenBuffer(settings.patch);
    tokens.observe(numbers, 0, 0, out);
    assert.deepEqual(written(out).ids, [...Array<number>(9).fill(patch), separator]);
    assert.deepEqual(written(out).patch, [0, 1, 2, 3, 4, 5, 6, 7, 8, -1]);
    assert.equal(tokens.layout.patches, 9);
    // The player, 128, stands in the middle of the bottom row; everything else is black: -1 / sqrt(2).
    const player = 128 / 127.5 - 1;
    for (let k = 0; k < 9; k++) {
      const wanted = Math.fround((k === 7 ? player : -1) / Math.SQRT2);
      for (const pixel of out.pixels.subarray(4 * k, 4 * k + 4)) assert.ok(Math.abs(pixel - wanted) < 1e-7, `${k}`);
    }
    const intervals = [...out.intervals.subarray(4 * 5, 4 * 6)];
    assert.deepEqual(intervals, [1 / 3, 2 / 3, 2 / 3, 1].map(Math.fround));
  });

  it("follow the order of a dict's names and of a tuple's parts", () => {
    const space = dict({
      b: tuple([multiDiscrete([2, 3]), discrete(4)]),
      a: text(3),
      B: box([2], [0, -5], [1, 5]),
      c: multiBinary(3),
      d: box([2], 0, 15, 'int32'),
      e: box([1], 0, 16, 'int32'),
    });
    const tokens = make({ observation: space, action: null });
    const value = { a: 'ä', b: [[1, 2], 3], B: [0.5, 1], c: [0, 1, 1], d: [15, 0], e: [16] };
    const discretes = [1, 2, 3, 0, 1, 1, 15, 0].map((id) => DISCRETE + id);
    assert.deepEqual(written(observed(tokens, space, value)), {
      // "B" < "a"; the UTF-8 of "ä"; a box of whole numbers that go beyond the discrete ids is binned.
      ids: [BINS + 768, BINS + 744, 0xc3, 0xa4, endText, ...discretes, BINS + 884, separator],
      local: Array.from({ length: 15 }, (_, i) => i),
      target: [0, 0, 1, 1, 1, ...Array<number>(10).fill(0)],
      patch: Array<number>(15).fill(-1),
    });
    assert.deepEqual(
      tokens.layout.segments.map(({ path, kind, tokens, local }) => [path, kind, tokens, local]),
      [
        ['B', 'continuous', 2, 0],
        ['a', 'text', 8, 2],
        ['b/0', 'discrete', 2, 10],
        ['b/1', 'discrete', 1, 12],
        ['c', 'discrete', 3, 13],
        ['d', 'discrete', 2, 16],
        ['e', 'continuous', 1, 18],
        ['', 'separator', 1, 19],
      ],
    );
    const { observationTokens, actionTokens, isFixed, legal } = tokens.layout;
    assert.deepEqual([observationTokens, actionTokens, isFixed, legal], [20, 0, false, []]);
  });

  it('cut texts, and end each', () => {
    const space = text(40);
    const tokens = make({ observation: space });
    const long = written(observed(tokens, space, 'abcdefghijk'));
    assert.deepEqual(long.ids, [...Buffer.from('abcdefg'), endText, separator]);
    assert.deepEqual(long.target, [1, 1, 1, 1, 1, 1, 1, 1, 0]);
    assert.deepEqual(written(observed(tokens, space, '')).ids, [endText, separator]);
  });

  it('read zeros alone, as of dead agents, as the member nearest to zero', () => {
    const space = tuple([discrete(3), box([2], [1, -1], [2, 1]), box([1], -3, -2, 'int32')]);
    const tokens = make({ observation: space });
    const out = new TokenBuffer();
    tokens.observe(new Float32Array(flatSize(space)), 0, 0, out);
    assert.deepEqual(written(out), written(observed(tokens, space, [0, [1, 0], [-2]])));
    // Next to anything else they are what they are.
    assert.throws(() => tokens.observe(Float32Array.of(0, 0, 0, 1, 0, -2), 0, 0, out), { code: 'invalid_input' });
  });
});

describe('legal tokens', () => {
  const action = tuple([multiDiscrete([2, 3]), discrete(2)]);
  const legalIds = (tokens: ReturnType<typeof make>, component: number, mask: Uint8Array | null, offset = 0) => {
    const out = new Uint8Array(vocabulary.size).fill(7);
    tokens.legal(component, mask, offset, out);
    assert.ok(out.every((each) => each <= 1));
    return [...out.keys()].filter((id) => out[id] === 1);
  };

  it('are those of the component', () => {
    const tokens = make({ action });
    assert.deepEqual(
      tokens.layout.legal,
      [2, 3, 2].map((size) => ({ start: DISCRETE, size })),
    );
    assert.deepEqual(legalIds(tokens, 1, null), [DISCRETE, DISCRETE + 1, DISCRETE + 2]);
    assert.deepEqual(legalIds(make({ action: box([1], 3, 5, 'int32') }), 0, null), [259, 260, 261]);
    const bins = legalIds(make({ action: box([2]) }), 1, null);
    assert.deepEqual([bins.length, bins[0], bins.at(-1)], [1024, BINS, BINS + 1023]);
  });

  it('are fewer under a mask, which has all components side by side', () => {
    const tokens = make({ action });
    const mask = Uint8Array.of(9, 9, 1, 0, 0, 1, 1, 0, 1);
    assert.deepEqual(legalIds(tokens, 0, mask, 2), [DISCRETE]);
    assert.deepEqual(legalIds(tokens, 1, mask, 2), [DISCRETE + 1, DISCRETE + 2]);
    assert.deepEqual(legalIds(tokens, 2, mask, 2), [DISCRETE + 1]);
  });
});
