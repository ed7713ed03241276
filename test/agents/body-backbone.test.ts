import assert from 'node:assert/strict';
import type { Body } from '../../agents/body.ts';
import { createBackboneBody } from '../../agents/body-backbone.ts';
import { GatoModel, type GatoOf } from '../../agents/gato/index.ts';
import { type ActorCritic, backboneNetworkDefaults, createActorCritic } from '../../agents/index.ts';
import { byteTokenizer, createStepTokens, TokenBuffer, vocabularyOf } from '../../agents/tokens/index.ts';
import { stream } from '../../core/index.ts';
import {
  compile,
  float32,
  fromLeaves,
  int32,
  leaves,
  mapTree,
  type Program,
  type Tree,
  tf,
  type Value,
} from '../../nn/index.ts';
import { box, dict, discrete, flatSize, flatten, type Space, sample } from '../../worlds/index.ts';
import { assertClose } from '../nn/close.ts';
import { network } from './probes.ts';

const tiny = { ...backboneNetworkDefaults, layers: 2, width: 8, heads: 2, bins: 16 };

const maze = dict({ direction: discrete(4), view: box([3, 3, 2], 0, 1) });

/** Members of a space, row by row. */
function members(space: Space, rows: number, name: string): Value {
  const random = stream(1, `test/${name}`);
  const size = flatSize(space);
  const numbers = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) flatten(space, sample(space, random), numbers, row * size);
  return float32([rows, size], numbers);
}

interface Remembered {
  readonly state: Value;
  readonly keep: Value;
}

/** First parameters with every number moved, so that nothing is hidden behind a 0 or a 1. */
function shaken(body: Pick<Body, 'initialise'>, by = 0.3): Tree<Value> {
  const random = stream(2, 'test/parameters');
  return mapTree(body.initialise(random), ({ shape, data }: Value) =>
    float32(
      shape,
      Float32Array.from(data, (number) => number + by * random.normal()),
    ),
  ) as Tree<Value>;
}

/** One program for each body: what is traced anew is only what has other shapes. */
const programs = new Map<Body, Program>();

function run(body: Body, parameters: Tree<Value>, x: Value, memory?: Remembered) {
  let program = programs.get(body);
  if (program === undefined) {
    program = compile((inputs) => {
      const { x: rows, state, keep, ...held } = inputs as typeof inputs & { x: tf.Tensor };
      const given = state && keep && { state, keep, steps: rows.shape[0]! / state.shape[0]! };
      const { features, memory: after } = body.apply(fromLeaves(Object.entries(held)), rows, given);
      return { features, ...(after === undefined ? {} : { memory: after }) };
    });
    programs.set(body, program);
  }
  const held = Object.fromEntries(leaves<Value>(parameters));
  const found = program.run({
    ...held,
    x,
    ...(memory === undefined ? {} : { state: memory.state, keep: memory.keep }),
  });
  return { features: found.features!.data as Float32Array, memory: found.memory?.data as Float32Array | undefined };
}

after(() => {
  for (const program of programs.values()) program.dispose();
  programs.clear();
});

describe('a backbone as a body', () => {
  it("answers what the generalist's model makes of the separator of the tokens that the host wrote", () => {
    const bins = 64;
    const agents = 3;
    const space = dict({ camera: box([4, 6, 1], 0, 255, 'uint8'), place: box([2], -9, 9), turn: discrete(4) });
    const size = flatSize(space);
    const body = createBackboneBody(size + agents, space, network(), { ...tiny, bins, planes: false });
    const parameters = shaken(body) as { gato: GatoOf<Value> };
    const rows = 5;
    const seen = members(space, rows, 'rows');
    const x = new Float32Array(rows * (size + agents));
    const vocabulary = vocabularyOf({ text: 1, discrete: 4, bins, codes: 0 });
    const patch = { size: 6, channels: 1 };
    const settings = { vocabulary, tokenizer: byteTokenizer(), textTokens: 1, patch, imageCodes: null };
    const tokens = createStepTokens({ observation: space, action: null, agents }, settings);
    const S = tokens.layout.observationTokens;
    // The agent, a patch, two numbers, a choice and the separator.
    assert.equal(S, 6);
    const { context: _, bins: __, patch: ___, planes: ____, ...axes } = tiny;
    const model = new GatoModel({
      vocabulary,
      backbone: { ...axes, zLoss: 0, dropout: 0 },
      length: S,
      localPositions: S,
      patch,
      hasValue: false,
    });
    const buffer = new TokenBuffer(patch);
    for (let row = 0; row < rows; row++) {
      const numbers = (seen.data as Float32Array).subarray(row * size, (row + 1) * size);
      x.set(numbers, row * (size + agents));
      x[row * (size + agents) + size + (row % agents)] = 1;
      tokens.observe(numbers, 0, row % agents, buffer);
    }
    const whole = compile((inputs) => {
      const held = mapTree(parameters.gato as Tree<Value>, (leaf: Value) => tf.tensor(leaf.data, [...leaf.shape]));
      return {
        hidden: model.hidden(held as unknown as GatoOf<tf.Tensor>, {
          ids: inputs.ids!,
          local: inputs.local!,
          order: inputs.order!,
          patch: inputs.patch!,
          pixels: inputs.pixels!,
          grid: inputs.grid!,
        }),
      };
    });
    const cut = (array: Int32Array): Value => int32([rows, S], array.slice(0, rows * S));
    const { hidden } = whole.run({
      ids: cut(buffer.ids),
      local: cut(buffer.local),
      order: int32(
        [rows, S],
        Int32Array.from({ length: rows * S }, (_, i) => i % S),
      ),
      patch: cut(buffer.patch),
      pixels: float32([rows, 6, 6, 1], buffer.pixels.slice(0, rows * 36)),
      // One patch of 6 x 6 is all of the picture: the mean of the entries 0 and 127, rounded.
      grid: int32([rows, 2], new Int32Array(2 * rows).fill(64)),
    });
    whole.dispose();
    const { features } = run(body, parameters as Tree<Value>, float32([rows, size + agents], x));
    for (let row = 0; row < rows; row++) {
      const last = (row * S + S - 1) * tiny.width;
      assertClose(
        features.subarray(row * tiny.width, (row + 1) * tiny.width),
        hidden!.data.subarray(last, last + tiny.width) as Float32Array,
        1e-5,
      );
    }
  });

  it('reads plain vectors as numbers without bounds', () => {
    const body = createBackboneBody(3, null, network(), tiny);
    const twin = createBackboneBody(3, box([3], -Infinity, Infinity), network(), tiny);
    const x = members(box([3], -5, 5), 4, 'plain');
    const parameters = shaken(body);
    assert.deepEqual(run(body, parameters, x), run(twin, parameters, x));
    assert.equal(body.memorySize, 0);
  });

  it('has one token for each small picture, unless patches are smaller or planes are numbers', () => {
    // Local positions are as many as tokens: choice, view, separator.
    const tokensOf = (change: Partial<typeof tiny>): number => {
      const body = createBackboneBody(22, maze, network(), { ...tiny, ...change });
      const local = leaves<Value>(body.initialise(stream(1, 'test'))).find(([path]) => path.includes('local'))!;
      return local[1].shape[0]!;
    };
    assert.deepEqual(
      [tokensOf({}), tokensOf({ patch: 1 }), tokensOf({ patch: 2 }), tokensOf({ planes: false })],
      [3, 11, 6, 20],
    );
  });

  const gradients: [string, Partial<typeof tiny>, { gru?: number; lstm?: number }][] = [
    ['of one observation', {}, {}],
    ['with a context', { context: 3 }, {}],
    ['with a context and an LSTM', { context: 2 }, { lstm: 3 }],
  ];
  for (const [name, change, cell] of gradients)
    it(`has the gradients that finite differences have: ${name}`, () => {
      const options = network({ ...cell, backbone: { ...tiny, width: 4, layers: 1, ...change }, sharedTrunk: true });
      const spec = {
        inputs: 22,
        observation: maze,
        action: discrete(3),
        critic: { inputs: 22, observation: maze, outputs: 1 },
      };
      checkGradients(createActorCritic(spec, options), members(maze, 6, 'gradient'));
    });
});

/** Slopes along random directions, two to a leaf, of log-probabilities and squared values of 3 steps of 2 rows. */
function checkGradients(networks: ActorCritic, x: Value): void {
  const [L, R] = [3, 2];
  const size = networks.policy.memorySize;
  const parameters = leaves<Value>(shaken(networks as unknown as Pick<Body, 'initialise'>));
  const keep = float32([L * R, 1], [1, 0, 1, 1, 1, 1]);
  const program = compile((inputs) => {
    const measure = (...weights: tf.Tensor[]): tf.Scalar => {
      const tree = fromLeaves(parameters.map(([path], i) => [path, weights[i]!] as const)) as Parameters<
        ActorCritic['both']
      >[0];
      const memory = size === 0 ? undefined : { state: inputs.state!, keep: inputs.keep!, steps: L };
      const sight = { x: inputs.x!, memory };
      const { distribution, values } = networks.both(tree, sight, sight);
      const chosen = distribution.logProbability(tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32'));
      return tf.add(tf.sum(chosen), tf.sum(tf.square(values)));
    };
    const weights = parameters.map(([path]) => inputs[path]!);
    const slopes = tf.grads(measure)(weights);
    return {
      loss: measure(...weights),
      ...Object.fromEntries(parameters.map(([path], i) => [`slope/${path}`, slopes[i]!])),
    };
  });
  const inputs: Record<string, Value> = { x, ...Object.fromEntries(parameters) };
  if (size > 0) Object.assign(inputs, { keep, state: float32([R, size]) });
  const at = (change: Record<string, Value>): Record<string, Value> => program.run({ ...inputs, ...change });
  try {
    const found = at({});
    const random = stream(5, 'test/directions');
    for (const [path, leaf] of parameters) {
      const slope = found[`slope/${path}`]!.data;
      const direction = Float32Array.from(leaf.data, () => random.normal());
      const step = 2e-3;
      const moved = (by: number): number =>
        at({
          [path]: float32(
            leaf.shape,
            (leaf.data as Float32Array).map((w, i) => w + by * direction[i]!),
          ),
        }).loss!.data[0]!;
      const wanted = (moved(step) - moved(-step)) / (2 * step);
      const got = direction.reduce((sum, d, i) => sum + d * slope[i]!, 0);
      // Single precision: the loss is some 10, of which 1e-6 over the step is 5e-3; the rest is the third derivative, and with longer
      // steps the corners of ReLUs.
      assert.ok(Math.abs(got - wanted) < 0.01 + 0.02 * Math.abs(wanted), `${path}: ${got}, ${wanted}`);
    }
  } finally {
    program.dispose();
  }
}

describe('a backbone with a context', () => {
  const [L, R] = [6, 3];
  const D = 22;
  // Row 1 starts an episode at step 2, row 2 at steps 0 and 5.
  const keep = float32(
    [L * R, 1],
    Array.from({ length: L * R }, (_, i) => (i === 2 * R + 1 || i === 2 || i === 5 * R + 2 ? 0 : 1)),
  );
  const x = members(maze, L * R, 'context');
  const at = (value: Value, t: number, width: number): Value =>
    float32([R, width], (value.data as Float32Array).slice(t * R * width, (t + 1) * R * width));

  for (const [name, cell] of [
    ['alone', {}],
    ['with a GRU behind it', { gru: 4 }],
    ['with an LSTM and a norm behind it', { lstm: 4, layerNorm: true }],
  ] as const)
    it(`unrolled is what it is step by step, ${name}`, () => {
      const body = createBackboneBody(D, maze, network(cell), { ...tiny, context: 3 });
      const parameters = shaken(body);
      const size = body.memorySize;
      assert.equal(size, 2 * (D + 1) + ('gru' in cell ? 4 : 'lstm' in cell ? 8 : 0));
      let state = float32([R, size]);
      const whole = run(body, parameters, x, { state, keep });
      for (let t = 0; t < L; t++) {
        const one = run(body, parameters, at(x, t, D), { state, keep: at(keep, t, 1) });
        const width = body.features;
        assertClose(one.features, whole.features.subarray(t * R * width, (t + 1) * R * width), 1e-5);
        state = float32([R, size], one.memory!);
      }
      assertClose(state.data, whole.memory!, 1e-5);
      // From the middle on with what was remembered there, as the chunks of a rollout.
      const half = run(body, parameters, float32([3 * R, D], (x.data as Float32Array).slice(0, 3 * R * D)), {
        state: float32([R, size]),
        keep: float32([3 * R, 1], (keep.data as Float32Array).slice(0, 3 * R)),
      });
      const rest = run(body, parameters, float32([3 * R, D], (x.data as Float32Array).slice(3 * R * D)), {
        state: float32([R, size], half.memory!),
        keep: float32([3 * R, 1], (keep.data as Float32Array).slice(3 * R)),
      });
      assertClose([...half.features, ...rest.features], whole.features, 1e-5);
    });

  it('sees the last observations of the episode, none before them and none to come', () => {
    const context = 3;
    const body = createBackboneBody(D, maze, network(), { ...tiny, context });
    const parameters = shaken(body);
    const state = float32([R, body.memorySize]);
    const features = (rows: Value): Float32Array => run(body, parameters, rows, { state, keep }).features;
    const before = features(x);
    const started = (t: number, row: number): number => {
      let s = t;
      while (s > 0 && keep.data[s * R + row] === 1) s--;
      return s;
    };
    for (let s = 0; s < L; s++) {
      const other = float32([L * R, D], (x.data as Float32Array).slice());
      other.data.set(members(maze, R, `other ${s}`).data, s * R * D);
      const after = features(other);
      for (let t = 0; t < L; t++)
        for (let row = 0; row < R; row++) {
          const from = (t * R + row) * tiny.width;
          const isSeen = s <= t && s > t - context && s >= started(t, row);
          const isChanged = before
            .subarray(from, from + tiny.width)
            .some((feature, i) => Math.abs(feature - after[from + i]!) > 1e-4);
          assert.equal(isChanged, isSeen, `step ${s} at step ${t}, row ${row}`);
        }
    }
  });

  it('at the start of an episode is what it is without one', () => {
    const body = createBackboneBody(D, maze, network(), { ...tiny, context: 3 });
    const alone = createBackboneBody(D, maze, network(), tiny);
    const parameters = shaken(body);
    const rows = at(x, 0, D);
    const state = float32(
      [R, body.memorySize],
      members(box([body.memorySize], -1, 1), R, 'memory').data as Float32Array,
    );
    const first = run(body, parameters, rows, { state, keep: float32([R, 1]) });
    assertClose(first.features, run(alone, parameters, rows).features, 1e-5);
  });

  it('cannot be run without its memory', () => {
    const body = createBackboneBody(D, maze, network(), { ...tiny, context: 2 });
    assert.throws(() => run(body, shaken(body), at(x, 0, D)), { code: 'internal' });
  });
});
