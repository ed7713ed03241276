import type { Stream } from '../../core/index.ts';
import { type DenseOf, dense, type Tree, tf, type Value } from '../../nn/index.ts';
import { linear } from './network.ts';
import type { QmixOptions, ValueDecompositionOptions } from './options.ts';

/** What the agents' Q become: pure, over parameters of its own. */
export interface Mixer {
  /** Whether it answers one value for the team; otherwise one for each agent. */
  readonly isTeam: boolean;
  /** Whether it looks at the state. */
  readonly needsState: boolean;
  initialise(stream: Stream): Tree<Value>;
  /** q: [R, N] the Q of each agent's action; state: [R, S] -> [R, 1], or [R, N] where agents stay apart. */
  mix(parameters: Tree<tf.Tensor>, q: tf.Tensor, state: tf.Tensor | undefined): tf.Tensor;
}

/** The mixer of a learner: nothing (IQL), the sum (VDN), or a monotonic network (QMIX). N agents, S state numbers. */
export function createMixer(options: ValueDecompositionOptions, N: number, S: number): Mixer {
  if (options.name === 'qmix') return monotonicMixer(options, N, S);
  const isTeam = options.name === 'vdn';
  return {
    isTeam,
    needsState: false,
    initialise: () => ({}),
    mix: (_parameters, q) => (isTeam ? tf.sum(q, 1, true) : q),
  };
}

/** A hypernetwork: the state in, weights out; linear, or with one hidden layer of ReLUs. */
type HyperOf<X> = { readonly hidden?: DenseOf<X>; readonly output: DenseOf<X> };

type MonotonicOf<X> = {
  readonly firstWeight: HyperOf<X>;
  readonly firstBias: HyperOf<X>;
  readonly lastWeight: HyperOf<X>;
  readonly lastBias: HyperOf<X>;
};

/**
 * QMIX's mixing network (Rashid et al. 2018, section 4): Q_tot = elu(q |W1(s)| + b1(s)) |W2(s)| + V(s). The absolute
 * values keep dQ_tot / dq_i at 0 or above, so that each agent's best action is a part of the best joint one.
 */
function monotonicMixer({ mixingUnits, hypernetworkUnits }: QmixOptions, N: number, S: number): Mixer {
  return {
    isTeam: true,
    needsState: true,
    initialise: (stream): MonotonicOf<Value> => ({
      firstWeight: hyper(stream, S, hypernetworkUnits, N * mixingUnits),
      firstBias: hyper(stream, S, null, mixingUnits),
      lastWeight: hyper(stream, S, hypernetworkUnits, mixingUnits),
      lastBias: hyper(stream, S, mixingUnits, 1),
    }),
    mix: (parameters, q, state) => {
      const own = parameters as MonotonicOf<tf.Tensor>;
      const s = state!;
      const weights = tf.reshape(tf.abs(applyHyper(own.firstWeight, s)), [-1, N, mixingUnits]);
      // A product and a sum: a batch of [1, N] x [N, units] products runs slower.
      const mixed = tf.sum(tf.mul(tf.expandDims(q, 2), weights), 1);
      const hidden = tf.elu(tf.add(mixed, applyHyper(own.firstBias, s)));
      const last = tf.abs(applyHyper(own.lastWeight, s));
      return tf.add(tf.sum(tf.mul(hidden, last), 1, true), applyHyper(own.lastBias, s));
    },
  };
}

function hyper(stream: Stream, inputs: number, hidden: number | null, outputs: number): HyperOf<Value> {
  if (hidden === null) return { output: linear(stream, inputs, outputs) };
  return { hidden: linear(stream, inputs, hidden), output: linear(stream, hidden, outputs) };
}

function applyHyper({ hidden, output }: HyperOf<tf.Tensor>, state: tf.Tensor): tf.Tensor {
  return dense.apply(output, hidden === undefined ? state : tf.relu(dense.apply(hidden, state)));
}
