import { LightbulbError } from '../../../core/index.ts';
import { type DenseOf, dense, initialisers, lecunNormal, type Tree, tf, type Value } from '../../../nn/index.ts';
import type { Space } from '../../space.ts';
import { flatSize } from '../../spaces/index.ts';
import { detached } from '../detached.ts';
import type { ModelSequence, Noise, WorldModel } from '../model.ts';
import { type TrunkOf, trunk } from '../trunk.ts';
import { twoHot } from '../two-hot.ts';
import { type CellOf, recur } from './cell.ts';
import { createCodec } from './codec.ts';
import { divergence, drawn, type LatentShape, mixed, softmaxed } from './latents.ts';
import { binaryLoss } from './likelihood.ts';
import type { RssmOptions } from './options.ts';
import { type Unrolled, unroll } from './unroll.ts';

/** All that an RSSM learns. */
export type RssmOf<X> = {
  readonly cell: CellOf<X>;
  /** What actions add in front of the GRU: [A, U], [U]. */
  readonly action: DenseOf<X>;
  /** What encoded observations add to the posterior's hidden layer: [E, U], [U]. */
  readonly observation: DenseOf<X>;
  readonly codec: Tree<X>;
  readonly prior: TrunkOf<X>;
  readonly reward: TrunkOf<X>;
  readonly terminal: TrunkOf<X>;
};

/** Where the gates begin: update nearly shut, so that a state is kept unless there is a reason to change it. */
const UPDATE_BIAS = -1;

/**
 * DreamerV3's recurrent state-space model (Hafner et al., arXiv 2301.04104; github.com/danijar/dreamerv3): a GRU and discrete latents
 * drawn from a posterior that has seen the observation, or from a prior that has not. A state is [deterministic | latents,
 * one-hot], and its features are all of it. What does not wait for the step before (encoder, decoder, prior, heads) runs
 * over all steps at once.
 *
 * `actions`: A, the numbers of an action as models take them. Error `invalid_input` for sizes that cannot be.
 */
export function createRssm(observation: Space, actions: number, options: RssmOptions): WorldModel {
  checkOptions(options);
  const { deterministic: H, groups, classes, units: U, layers, uniformMix, rewardBins } = options;
  const D = flatSize(observation);
  const Z = groups * classes;
  const S = H + Z;
  const shape: LatentShape = { groups, classes, mix: uniformMix };
  const codec = createCodec(observation, S, options);
  const rewards = twoHot({ bins: rewardBins });
  const of = (parameters: Tree<tf.Tensor>): RssmOf<tf.Tensor> => parameters as RssmOf<tf.Tensor>;

  const observeRows = (parameters: RssmOf<tf.Tensor>, sequence: ModelSequence, state: tf.Tensor, noise: Noise) => {
    const [L, B] = sequence.first.shape as [number, number];
    const rows = L * B;
    const [deter, latent] = tf.split(state, [H, Z], 1) as [tf.Tensor, tf.Tensor];
    const x = tf.reshape(sequence.observation, [rows, D]);
    const unrolled = unroll(
      parameters.cell,
      {
        action: dense.apply(parameters.action, tf.reshape(sequence.action, [rows, actions])),
        observation: dense.apply(parameters.observation, codec.encode(parameters.codec, x)),
        keep: tf.sub(1, tf.reshape(sequence.first, [rows, 1])),
        uniform: tf.reshape(noise.latent!, [rows, groups]),
        deter,
        latent,
      },
      shape,
    );
    return { ...unrolled, x, states: statesOf(unrolled) };
  };

  return {
    name: 'rssm',
    observationSize: D,
    actionSize: actions,
    stateSize: S,
    featureSize: S,
    observeNoise: { latent: { kind: 'uniform', size: groups } },
    imagineNoise: { latent: { kind: 'uniform', size: groups } },

    initialise(stream): RssmOf<Value> {
      const bias = initialisers.zeros(stream, [3 * H]);
      (bias.data as Float32Array).fill(UPDATE_BIAS, 2 * H);
      const ones = initialisers.ones(stream, [U]);
      const head = (outputs: number): TrunkOf<Value> =>
        trunk.init(stream, { inputs: S, units: U, layers, outputs, last: initialisers.zeros });
      return {
        cell: {
          input: { latent: lecunNormal(stream, [Z, U]), scale: ones },
          gates: { weight: lecunNormal(stream, [U + H, 3 * H]), bias },
          posterior: { weight: lecunNormal(stream, [H, U]), scale: ones },
          logits: dense.init(stream, { inputs: U, outputs: Z }),
        },
        action: dense.init(stream, { inputs: actions, outputs: U }),
        observation: dense.init(stream, { inputs: codec.features, outputs: U }),
        codec: codec.initialise(stream),
        prior: trunk.init(stream, { inputs: H, units: U, layers: 1, outputs: Z }),
        reward: head(rewards.size),
        terminal: head(1),
      };
    },

    start: (rows) => tf.zeros([rows, S]),

    observe(parameters, sequence, state, noise) {
      const { states } = observeRows(of(parameters), sequence, state, noise);
      return { states: tf.reshape(states, [...sequence.first.shape, S]) };
    },

    imagine(parameters, state, action, noise, temperature = 1) {
      const { cell, action: actionLayer, prior, reward, terminal } = of(parameters);
      const [deter, latent] = tf.split(state, [H, Z], 1) as [tf.Tensor, tf.Tensor];
      const nextDeter = recur(cell, deter, latent, dense.apply(actionLayer, action));
      const logits = trunk.apply(prior, nextDeter);
      const tempered = temperature === 1 ? logits : tf.div(logits, temperature);
      const probabilities = mixed(softmaxed(tempered, shape), shape);
      const after = tf.concat([nextDeter, drawn(probabilities, noise.latent!, shape)], 1);
      return {
        state: after,
        reward: rewards.mean(trunk.apply(reward, after)),
        terminalLogit: tf.reshape(trunk.apply(terminal, after), [-1]),
      };
    },

    features: (state) => state,

    decode(parameters, state) {
      const rows = tf.reshape(state, [-1, S]);
      const { codec: own } = of(parameters);
      return tf.reshape(codec.restore(codec.decode(own, rows)), [...state.shape.slice(0, -1), D]);
    },

    losses(parameters, sequence, state, noise) {
      const own = of(parameters);
      const { x, states, deter, logits } = observeRows(own, sequence, state, noise);
      const prior = trunk.apply(own.prior, deter);
      const perRow = {
        reconstruction: codec.error(codec.decode(own.codec, states), x),
        reward: rewards.loss(trunk.apply(own.reward, states), tf.reshape(sequence.reward, [-1])),
        terminal: binaryLoss(tf.reshape(trunk.apply(own.terminal, states), [-1]), tf.reshape(sequence.terminal, [-1])),
        dynamics: divergence(logits, prior, 'prior', shape),
        representation: divergence(logits, prior, 'posterior', shape),
      };
      const parts = {
        reconstruction: tf.mean(perRow.reconstruction),
        reward: tf.mean(perRow.reward),
        terminal: tf.mean(perRow.terminal),
        dynamics: tf.mean(tf.maximum(perRow.dynamics, options.freeNats)),
        representation: tf.mean(tf.maximum(perRow.representation, options.freeNats)),
      };
      const scales = {
        reconstruction: 1,
        reward: 1,
        terminal: 1,
        dynamics: options.dynamicsScale,
        representation: options.representationScale,
      };
      const loss = Object.entries(scales)
        .map(([name, scale]) => tf.mul(parts[name as keyof typeof parts], scale))
        .reduce((sum, term) => tf.add(sum, term));
      return { loss, parts, states: tf.reshape(detached(states), [...sequence.first.shape, S]) };
    },
  };
}

/** [rows, H + Z]. */
function statesOf({ deter, latent }: Unrolled): tf.Tensor {
  return tf.concat([deter, latent], 1);
}

function checkOptions(options: RssmOptions): void {
  const wrong = (name: keyof RssmOptions, wanted: string): LightbulbError =>
    new LightbulbError('invalid_input', 'an RSSM cannot be of this size', {
      where: `/${name}`,
      wanted,
      got: String(options[name]),
    });
  for (const name of ['deterministic', 'groups', 'units', 'layers', 'channels'] as const)
    if (!Number.isSafeInteger(options[name]) || options[name] < 1) throw wrong(name, 'a whole number above 0');
  if (!Number.isSafeInteger(options.classes) || options.classes < 2) throw wrong('classes', 'at least 2');
  if (!(options.uniformMix >= 0 && options.uniformMix < 1)) throw wrong('uniformMix', 'at least 0 and below 1');
  for (const name of ['freeNats', 'dynamicsScale', 'representationScale'] as const)
    if (!(options[name] >= 0)) throw wrong(name, 'a number from 0');
}
