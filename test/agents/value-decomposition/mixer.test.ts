import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createMixer, type Mixer } from '../../../agents/value-decomposition/mixer.ts';
import { iqlDefaults, qmixDefaults, vdnDefaults } from '../../../agents/value-decomposition/options.ts';
import { stream } from '../../../core/index.ts';
import { compile, float32, fromLeaves, leaves, type Tree, type tf, type Value } from '../../../nn/index.ts';
import { assertClose } from '../../nn/close.ts';

/** Runs a mixer on rows of Q and, where it looks at one, of state. */
function mixing(mixer: Mixer, parameters: Tree<Value>) {
  const held = Object.fromEntries(leaves<Value>(parameters).map(([path, leaf]) => [`p/${path}`, leaf]));
  const program = compile((inputs) => {
    const own = Object.entries(inputs).filter(([path]) => path.startsWith('p/'));
    const tree = fromLeaves(own.map(([path, leaf]): [string, tf.Tensor] => [path.slice(2), leaf]));
    return { mixed: mixer.mix(tree, inputs.q!, inputs.state) };
  });
  return (q: readonly (readonly number[])[], state: readonly (readonly number[])[] = []): Float32Array => {
    const rows = { q: float32([q.length, q[0]!.length], q.flat()) };
    const seen = state.length === 0 ? {} : { state: float32([state.length, state[0]!.length], state.flat()) };
    return program.run({ ...held, ...rows, ...seen }).mixed!.data as Float32Array;
  };
}

const finite = (most: number): fc.Arbitrary<number> => fc.double({ min: -most, max: most, noNaN: true });

describe('a mixer', () => {
  it('of VDN is the sum', () => {
    const mix = mixing(createMixer(vdnDefaults, 3, 2), {});
    assertClose(
      mix([
        [1, 2, 4],
        [-1, 0.5, 0],
      ]),
      [7, -0.5],
      1e-6,
    );
  });

  it('of IQL leaves agents apart', () => {
    assert.deepEqual([...mixing(createMixer(iqlDefaults, 2, 2), {})([[1, 2]])], [1, 2]);
  });

  it('of QMIX is what is worked out by hand', () => {
    const mixer = createMixer({ ...qmixDefaults, mixingUnits: 2, hypernetworkUnits: null }, 2, 1);
    const dense = (weight: number[], bias: number[]) => ({
      weight: float32([weight.length / bias.length, bias.length], weight),
      bias: float32([bias.length], bias),
    });
    const mix = mixing(mixer, {
      // At s = 2: [[-2, 1], [3, -4]], so |W1| = [[2, 1], [3, 4]]; b1 = [1, -20]; |w2| = [3, 5]
      firstWeight: { output: dense([-1, 0, 1, -2], [0, 1, 1, 0]) },
      firstBias: { output: dense([1, -10], [-1, 0]) },
      lastWeight: { output: dense([-2, 2], [1, 1]) },
      // V(s) = 3 relu(s - 1) - relu(-s) + 0.5 = 3.5
      lastBias: { hidden: dense([1, -1], [-1, 0]), output: dense([3, -1], [0.5]) },
    });
    // Hidden: elu(1 2 + 2 3 + 1) = 9; elu(1 1 + 2 4 - 20) = e^-11 - 1
    assertClose(mix([[1, 2]], [[2]]), [3 * 9 + 5 * (Math.exp(-11) - 1) + 3.5], 1e-6);
  });

  it('of QMIX never falls when an agent thinks better of its action', () => {
    const [N, S] = [3, 4];
    for (const hypernetworkUnits of [null, 8]) {
      const mixer = createMixer({ ...qmixDefaults, mixingUnits: 5, hypernetworkUnits }, N, S);
      const mix = mixing(mixer, mixer.initialise(stream(3, 'mixer')));
      let rose = 0;
      fc.assert(
        fc.property(
          fc.array(finite(20), { minLength: N, maxLength: N }),
          fc.array(finite(10), { minLength: S, maxLength: S }),
          fc.nat(N - 1),
          fc.double({ min: 0.1, max: 5, noNaN: true }),
          (q, state, agent, more) => {
            const better = q.map((value, i) => (i === agent ? value + more : value));
            const [low, high] = mix([q, better], [state, state]) as unknown as [number, number];
            rose += high > low ? 1 : 0;
            assert.ok(high - low >= -1e-4 * Math.max(1, Math.abs(low)), `${low} fell to ${high}`);
          },
        ),
        { numRuns: 200, seed: 1 },
      );
      assert.ok(rose > 150, `it rose only ${rose} times of 200`);
    }
  });
});
