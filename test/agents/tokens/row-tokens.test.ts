import assert from 'node:assert/strict';
import { binEdges } from '../../../agents/tokens/bin-edges.ts';
import { binOf, createRowTokens, createStepTokens, muLaw, TokenBuffer } from '../../../agents/tokens/index.ts';
import { stream } from '../../../core/index.ts';
import { compile, float32 } from '../../../nn/index.ts';
import {
  box,
  dict,
  discrete,
  flatSize,
  flatten,
  multiBinary,
  multiDiscrete,
  type Space,
  sample,
  text,
  tuple,
} from '../../../worlds/index.ts';
import { assertClose } from '../../nn/close.ts';
import { settings } from './token-settings.ts';

const own = { ...settings, patch: { size: 3, channels: 2 }, planes: true };

/** Of rows of numbers, by the compiled program. */
function inGraph(space: Space, agents: number, rows: Float32Array): { ids: number[]; pixels: number[] } {
  const tokens = createRowTokens({ observation: space, action: null, agents }, own);
  const program = compile(({ rows }) => {
    const { ids, pixels } = tokens.write(rows!);
    return { ids, ...(pixels === undefined ? {} : { pixels }) };
  });
  try {
    const { ids, pixels } = program.run({ rows: float32([rows.length / tokens.numbers, tokens.numbers], rows) });
    return { ids: [...ids!.data], pixels: [...(pixels?.data ?? [])] };
  } finally {
    program.dispose();
  }
}

/** Of the same rows, by the host. */
function onHost(space: Space, agents: number, rows: Float32Array, own_: typeof own = own) {
  const tokens = createStepTokens({ observation: space, action: null, agents }, own_);
  const size = flatSize(space);
  const width = agents > 1 ? size + agents : size;
  const out = new TokenBuffer(own_.patch);
  for (let at = 0; at < rows.length; at += width) {
    const agent = agents > 1 ? rows.subarray(at + size, at + width).indexOf(1) : 0;
    tokens.observe(rows, at, agent, out);
  }
  const { size: side, channels } = own_.patch;
  return {
    ids: [...out.ids.subarray(0, out.length)],
    pixels: [...out.pixels.subarray(0, out.patchCount * side * side * channels)],
    layout: tokens.layout,
    intervals: [...out.intervals.subarray(0, 4 * tokens.layout.patches)],
    patch: [...out.patch.subarray(0, tokens.layout.observationTokens)],
  };
}

const spaces: Readonly<Record<string, Space>> = {
  'numbers without bounds': box([6], -Infinity, Infinity),
  'numbers between -1 and 1, and others': box([4], [-1, 0, -7, -0.4], [1, 1, 7, 0.4]),
  'numbers away from 0': box([3], [2, -9, 0.1], [5, -3, 0.7]),
  'whole numbers beyond the discrete ids': box([3], -400, 400, 'int32'),
  'whole numbers among the discrete ids': box([2, 2], 2, 9, 'int32'),
  'a choice': discrete(5),
  'choices of one size': multiDiscrete([4, 4, 4]),
  'choices of several sizes': multiDiscrete([2, 7, 3]),
  bits: multiBinary(5),
  'a picture that patches fill': box([6, 3, 2], 0, 255, 'uint8'),
  'a grey picture that sticks out': box([5, 4], 0, 255, 'uint8'),
  'planes of a grid': box([5, 5, 2], 0, 1),
  'planes of other bounds': box([2, 3, 1], -3, 5),
  'much at once': dict({
    view: box([4, 4, 2], 0, 1),
    camera: box([3, 6, 1], 0, 255, 'uint8'),
    place: box([2], -Infinity, Infinity),
    rest: tuple([discrete(3), box([2], -1, 1)]),
  }),
};

describe('tokens of rows', () => {
  for (const [name, space] of Object.entries(spaces))
    for (const agents of [1, 3])
      it(`are those that the host writes: ${name}, ${agents === 1 ? 'one agent' : 'three agents'}`, () => {
        const random = stream(1, `test/${name}`);
        const count = 40;
        const size = flatSize(space);
        const width = agents === 1 ? size : size + agents;
        const rows = new Float32Array(count * width);
        for (let row = 0; row < count; row++) {
          // The last one is dead: nothing but zeros.
          if (row < count - 1) flatten(space, sample(space, random), rows, row * width);
          if (agents > 1) rows[row * width + size + random.integer(agents)] = 1;
        }
        const host = onHost(space, agents, rows);
        const graph = inGraph(space, agents, rows);
        assert.deepEqual(graph.ids, host.ids);
        assertClose(graph.pixels, host.pixels, 1e-6);
        const { tokens, patches, patch, intervals, numbers } = createRowTokens(
          { observation: space, action: null, agents },
          own,
        );
        assert.deepEqual(
          [numbers, tokens, patches, [...patch], [...intervals]],
          [width, host.layout.observationTokens, host.layout.patches, host.patch, host.intervals],
        );
      });

  it('are those of the host on the edge of every bin, and right below it', () => {
    const values: number[] = [];
    const bits = new Int32Array(1);
    const float = new Float32Array(bits.buffer);
    for (const edge of [...binEdges(muLaw, 1024), ...binEdges((x) => x, 1024)]) {
      float[0] = edge;
      values.push(float[0]);
      bits[0]! += edge > 0 ? -1 : 1;
      if (Number.isFinite(float[0])) values.push(float[0]);
    }
    const rows = Float32Array.from(values);
    const far = box([1], -Infinity, Infinity);
    assert.deepEqual(inGraph(far, 1, rows).ids, onHost(far, 1, rows).ids);
    const units = rows.filter((x) => Math.abs(x) <= 1);
    const near = box([1], -1, 1);
    assert.deepEqual(inGraph(near, 1, units).ids, onHost(near, 1, units).ids);
  });

  it('read planes as pictures only where they are told to', () => {
    const space = box([5, 5, 2], 0, 1);
    const rows = new Float32Array(50);
    const { planes: _, ...usual } = own;
    assert.equal(onHost(space, 1, rows, usual as typeof own).layout.observationTokens, 51);
    assert.equal(onHost(space, 1, rows).layout.observationTokens, 5);
    // 0 is the lower bound, -1; 1 / sqrt(3) of it in patches of 3 x 3.
    assertClose([inGraph(space, 1, rows).pixels[0]!], [-1 / Math.sqrt(3)], 1e-6);
  });

  it('refuse texts', () => {
    assert.throws(() => createRowTokens({ observation: text(4), action: null, agents: 1 }, own), {
      code: 'unsupported',
    });
  });
});

describe('edges of bins', () => {
  it('are the first numbers of their bins', () => {
    for (const [squash, bins] of [
      [muLaw, 64],
      [(x: number) => x, 7],
    ] as const) {
      const edges = binEdges(squash, bins);
      assert.equal(edges.length, bins + 1);
      for (let bin = 1; bin < bins; bin++) {
        assert.equal(binOf(squash(edges[bin]!), bins), bin);
        const below = edges[bin]! - Math.abs(edges[bin]!) * 2 ** -23 - 2 ** -149;
        assert.equal(binOf(squash(Math.fround(below)), bins), bin - 1);
      }
    }
  });
});
