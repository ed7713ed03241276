import assert from 'node:assert/strict';
import { type ActorCritic, createActorCritic, type PpoNetworkOptions } from '../../agents/index.ts';
import { stream } from '../../core/index.ts';
import { compile, float32, fromLeaves, leaves, type Tree, tf, type Value } from '../../nn/index.ts';
import { box, discrete } from '../../worlds/index.ts';
import { assertClose } from '../nn/close.ts';
import { network } from './probes.ts';

const ROWS = 3;
const STEPS = 4;
const view = box([4, 4, 2], 0, 1);
const INPUTS = 32;

type Gradients = Readonly<Record<string, Float32Array>>;

const spec = {
  inputs: INPUTS,
  observation: view,
  action: discrete(3),
  critic: { inputs: INPUTS, observation: view, outputs: 1 },
};

/** Gradients, by path, of the policy's log-probabilities and its entropy together with squared values. */
function gradientsOf(networks: ActorCritic, parameters: Tree<Value>): Gradients {
  const random = stream(3, 'test/rows');
  const rows = STEPS * ROWS;
  const given = leaves<Value>(parameters);
  const memory = (size: number): Value => float32([ROWS, Math.max(1, size)], noise(ROWS * Math.max(1, size)));
  const noise = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.normal());
  const x = float32([rows, INPUTS], noise(rows * INPUTS));
  const state = memory(networks.policy.memorySize);
  const keep = float32(
    [rows, 1],
    Float32Array.from({ length: rows }, (_, i) => (i === 4 ? 0 : 1)),
  );
  const program = compile((inputs) => {
    const measure = (...weights: tf.Tensor[]): tf.Scalar => {
      const tree = fromLeaves(given.map(([path], i) => [path, weights[i]!] as const)) as Parameters<
        ActorCritic['both']
      >[0];
      const remembered =
        networks.policy.memorySize > 0 ? { state: inputs.state!, keep: inputs.keep!, steps: STEPS } : undefined;
      const sight = { x: inputs.x!, memory: remembered };
      const { distribution, values } = networks.both(tree, sight, sight);
      const chosen = distribution.logProbability(tf.zeros([rows], 'int32'));
      return tf.add(tf.sum(tf.add(chosen, distribution.entropy())), tf.sum(tf.square(values)));
    };
    const found = tf.grads(measure)(given.map(([path]) => inputs[path]!));
    return Object.fromEntries(given.map(([path], i) => [path, found[i]!]));
  });
  try {
    const found = program.run({ x, state, keep, ...Object.fromEntries(given) });
    return Object.fromEntries(Object.entries(found).map(([path, { data }]) => [path, data as Float32Array]));
  } finally {
    program.dispose();
  }
}

describe('an actor and a critic', () => {
  const changes: [string, Partial<PpoNetworkOptions>][] = [
    ['of dense layers', { hidden: [5] }],
    ['of a GRU and normalised layers', { hidden: [5], gru: 4, layerNorm: true }],
    [
      'as published for mazes',
      { hidden: [], activation: 'relu', convolution: [{ filters: 3, size: 3, stride: 1 }], lstm: 6 },
    ],
  ];
  for (const [name, change] of changes) {
    it(`get on one trunk the sum of the gradients that two networks with equal weights get: ${name}`, () => {
      const options = network({ heads: [4], ...change });
      const one = createActorCritic(spec, { ...options, sharedTrunk: true });
      const two = createActorCritic(spec, options);
      const tied = one.initialise(stream(1, 'test/weights'));
      const { actor, critic } = tied as unknown as Record<'actor' | 'critic', Record<string, Tree<Value>>>;
      const together = gradientsOf(one, tied);
      const apart = gradientsOf(two, { actor, critic: { ...critic, body: actor.body! } });
      const heads = Object.keys(together).filter((path) => !path.startsWith('actor/body/'));
      assert.deepEqual([...new Set(heads.map((path) => path.split('/').slice(0, 2).join('/')))].sort(), [
        'actor/head',
        'actor/hidden',
        'critic/head',
        'critic/hidden',
      ]);
      for (const [path, gradient] of Object.entries(together)) {
        const twin = path.startsWith('actor/body/') ? apart[path.replace('actor/', 'critic/')]! : null;
        assertClose(gradient, twin === null ? apart[path]! : apart[path]!.map((g, i) => g + twin[i]!), 1e-4);
      }
      assert.equal(Object.keys(apart).length, 2 * Object.keys(together).length - heads.length);
    });
  }

  it('remember once on one trunk', () => {
    const options = network({ lstm: 6 });
    const [one, two] = [true, false].map((sharedTrunk) => createActorCritic(spec, { ...options, sharedTrunk }));
    assert.deepEqual([one!.policy.memorySize, one!.criticMemorySize], [12, 0]);
    assert.deepEqual([two!.policy.memorySize, two!.criticMemorySize], [12, 12]);
  });
});
