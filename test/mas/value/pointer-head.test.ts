import assert from 'node:assert/strict';
import { stream } from '../../../core/index.ts';
import type { Encoded } from '../../../mas/value/encoder.ts';
import { pointerHead } from '../../../mas/value/pointer-head.ts';
import { rolesOf } from '../../../mas/value/role.ts';
import type { RoleHead } from '../../../mas/value/role-head.ts';
import {
  type Branch,
  bool,
  compile,
  float32,
  int32,
  layoutOf,
  type Program,
  pack,
  tf,
  unpackTensors,
  type Value,
} from '../../../nn/index.ts';
import { dict, type MultiDiscrete, multiDiscrete, text } from '../../../worlds/index.ts';

const WIDTH = 6;
const [A, FIRST, W] = [3, 2, 3];
const C = FIRST + W;

const action = multiDiscrete([C, C, C], { first: FIRST, to: 'article' }) as MultiDiscrete;
const [role] = rolesOf([
  { name: 'writer', agents: ['writer'], observation: dict({ article: text(20) }), action, masked: true },
]);

interface Rig {
  readonly head: RoleHead;
  readonly parameters: Value;
  readonly evaluate: Program;
  readonly draw: Program;
  readonly greedy: Program;
}

function rig(): Rig {
  const head = pointerHead(role!, action, WIDTH);
  const initial = head.initialise(stream(3, 'test'));
  const layout = layoutOf(initial);
  const parameters = pack(initial);
  // Far from uniform: a head that says the same of everything would hide mistakes.
  const random = stream(4, 'test');
  for (let i = 0; i < layout.size; i++) parameters.data[i]! += 0.7 * random.normal();
  type Inputs = Readonly<Record<string, tf.Tensor>>;
  const given = (inputs: Inputs): [Branch<tf.Tensor>, Encoded, tf.Tensor] => [
    unpackTensors(inputs.parameters as tf.Tensor1D, layout) as Branch<tf.Tensor>,
    { features: inputs.features!, words: { vectors: inputs.vectors!, present: inputs.present! } },
    inputs.mask!,
  ];
  return {
    head,
    parameters,
    evaluate: compile((inputs) => {
      const { logProbability, entropy } = head.evaluate(...given(inputs), inputs.action!);
      const total = (flat: tf.Tensor): tf.Scalar => {
        const of = head.evaluate(...given({ ...inputs, parameters: flat }), inputs.action!);
        return tf.sum(tf.add(of.logProbability, tf.mul(of.entropy, 0.5)));
      };
      return { logProbability, entropy, gradient: tf.grad(total)(inputs.parameters!) };
    }),
    draw: compile((inputs) => head.draw(...given(inputs), inputs.noise!)),
    greedy: compile((inputs) => head.draw(...given(inputs), null)),
  };
}

/** R observations drawn by lot. mask: float of [A, C] by row, all legal where there is none. */
function observations(rows: number, present: number[][], mask?: (row: number, k: number, c: number) => boolean) {
  const random = stream(5, 'observations');
  const normal = (n: number): Float32Array => Float32Array.from({ length: n }, () => random.normal());
  const legal = Uint8Array.from({ length: rows * A * C }, (_, i) =>
    (mask?.(Math.floor(i / A / C), Math.floor(i / C) % A, i % C) ?? true) ? 1 : 0,
  );
  // The same observation in every row.
  const repeated = (n: number): Float32Array => {
    const one = normal(n);
    return Float32Array.from({ length: rows * n }, (_, i) => one[i % n]!);
  };
  return {
    features: float32([rows, WIDTH], repeated(WIDTH)),
    vectors: float32([rows, W, WIDTH], repeated(W * WIDTH)),
    present: bool(
      [rows, W],
      present.length === 1 ? Array.from({ length: rows }, () => present[0]!).flat() : present.flat(),
    ),
    mask: bool([rows, A * C], legal),
  };
}

/** All utterances: every choice of three. */
const all = Array.from({ length: C ** A }, (_, i) => [Math.floor(i / C / C), Math.floor(i / C) % C, i % C]);

describe('utterances that point', () => {
  it('have probabilities that sum to 1, none of them for what means nothing', () => {
    const { evaluate, parameters } = rig();
    // Word 2 is not there, and the second place must not say the own word.
    const given = observations(all.length, [[1, 1, 0]], (_, k, c) => !(k === 1 && c === 1));
    const { logProbability } = evaluate.run({ parameters, ...given, action: int32([all.length, A], all.flat()) });
    // Utterances that are the same up to their stop are one.
    const sums = new Map<string, number>();
    for (const [i, utterance] of all.entries()) {
      const stop = utterance.indexOf(0);
      const said = utterance.slice(0, stop < 0 ? A : stop + 1);
      const probability = Math.exp(logProbability!.data[i]!);
      const key = said.join();
      if (sums.has(key)) assert.ok(Math.abs(sums.get(key)! - probability) < 1e-6, key);
      sums.set(key, probability);
      const points = said.filter((c) => c >= FIRST);
      const isNothing = new Set(points).size < points.length || said.includes(4) || said[1] === 1;
      assert.equal(probability > 1e-6, !isNothing, key);
    }
    const total = [...sums.values()].reduce((sum, p) => sum + p, 0);
    assert.ok(Math.abs(total - 1) < 1e-5, `${total}`);
  });

  it('have an entropy that is, over all draws, that of the whole utterance', () => {
    const { evaluate, parameters } = rig();
    const given = observations(all.length, [[1, 1, 1]]);
    const { logProbability, entropy } = evaluate.run({
      parameters,
      ...given,
      action: int32([all.length, A], all.flat()),
    });
    // H = E[sum of the entropies at the states that are visited], by the chain rule. Only whole utterances count once.
    let [whole, visited] = [0, 0];
    for (const [i, utterance] of all.entries()) {
      const stop = utterance.indexOf(0);
      if (stop >= 0 && utterance.slice(stop).some((c) => c !== 0)) continue;
      const p = Math.exp(logProbability!.data[i]!);
      whole -= p < 1e-9 ? 0 : p * Math.log(p);
      visited += p * entropy!.data[i]!;
    }
    assert.ok(Math.abs(whole - visited) < 1e-4, `${whole} ${visited}`);
  });

  it('are drawn with the probabilities that training finds, and never what is masked', () => {
    const { draw, evaluate, greedy, parameters, head } = rig();
    const rows = 400;
    const given = observations(rows, [[1, 0, 1]], (_, k, c) => !(k === 0 && c === 0));
    const noise = new Float32Array(rows * head.noiseSize);
    stream(6, 'noise').fillGumbel(noise);
    const drawn = draw.run({ parameters, ...given, noise: float32([rows, head.noiseSize], noise) });
    const found = evaluate.run({ parameters, ...given, action: drawn.action! });
    for (let row = 0; row < rows; row++) {
      assert.ok(Math.abs(drawn.logProbability!.data[row]! - found.logProbability!.data[row]!) < 1e-5);
      const said = [...drawn.action!.data.subarray(row * A, (row + 1) * A)];
      assert.notEqual(said[0], 0);
      assert.ok(!said.includes(FIRST + 1), said.join());
      const points = said.filter((c) => c >= FIRST);
      assert.equal(new Set(points).size, points.length, said.join());
      const stop = said.indexOf(0);
      if (stop >= 0) assert.ok(said.slice(stop).every((c) => c === 0));
    }
    // Draws agree with probabilities: the share of each, within four deviations.
    const shares = new Map<string, { p: number; n: number }>();
    for (let row = 0; row < rows; row++) {
      const key = [...drawn.action!.data.subarray(row * A, (row + 1) * A)].join();
      const of = shares.get(key) ?? { p: Math.exp(drawn.logProbability!.data[row]!), n: 0 };
      shares.set(key, { p: of.p, n: of.n + 1 });
    }
    for (const [key, { p, n }] of shares)
      assert.ok(Math.abs(n / rows - p) < 4 * Math.sqrt((p * (1 - p)) / rows) + 2 / rows, `${key} ${p} ${n / rows}`);
    const best = greedy.run({ parameters, ...given });
    assert.equal(
      new Set(Array.from({ length: rows }, (_, r) => best.action!.data.slice(r * A, r * A + A).join())).size,
      1,
    );
  });

  it('stop where nothing else is left, though the mask forbids it', () => {
    const { draw, parameters, head } = rig();
    const given = observations(1, [[1, 0, 0]], (_, __, c) => c >= FIRST);
    const noise = float32([1, head.noiseSize]);
    const { action: said, logProbability } = draw.run({ parameters, ...given, noise });
    assert.deepEqual([...said!.data], [FIRST, 0, 0]);
    assert.equal(logProbability!.data[0], 0);
  });

  it('have the gradient that finite differences find', () => {
    const { evaluate, parameters } = rig();
    const said = [
      [2, 4, 1],
      [1, 3, 0],
      [3, 0, 0],
      [0, 0, 0],
    ];
    const given = { ...observations(4, [[1, 1, 1]]), action: int32([4, A], said.flat()) };
    const of = (at: number, change: number): number => {
      const moved = float32(parameters.shape, (parameters.data as Float32Array).slice());
      moved.data[at]! += change;
      const { logProbability, entropy } = evaluate.run({ ...given, parameters: moved });
      const total = ({ data }: Value): number => [...data].reduce((sum, x) => sum + x, 0);
      return total(logProbability!) + 0.5 * total(entropy!);
    };
    const gradient = evaluate.run({ ...given, parameters }).gradient!.data;
    const random = stream(7, 'places');
    for (let i = 0; i < 60; i++) {
      const at = random.integer(parameters.data.length);
      const slope = (of(at, 1e-2) - of(at, -1e-2)) / 2e-2;
      // float32 sums over differences of 1e-2, and relu's bends.
      assert.ok(Math.abs(slope - gradient[at]!) < 5e-3 + 0.02 * Math.abs(slope), `${at}: ${slope} ${gradient[at]}`);
    }
  });
});
