import {
  addDecayedWeights,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  type Executor,
  fromLeaves,
  globalNorm,
  type Layout,
  leaves,
  type Program,
  packTensors,
  scaleByAdam,
  scaleByLearningRate,
  type Tensors,
  type Transform,
  type TransformState,
  type Tree,
  tf,
  unpackTensors,
} from '../nn/index.ts';
import type { Critic, Policy } from './actor-critic.ts';
import type { Memory } from './body.ts';
import type { PpoOptions } from './options.ts';
import { clippedSurrogate, standardise, valueLossOf, weighTerms, weightedMean } from './ppo-loss.ts';
import { scaleOf, updateScale } from './value-scale.ts';

type Named = Readonly<Record<string, tf.Tensor>>;

/** What the three programs of a unit need to know. `n` agents, `D` observation numbers, `S` numbers a critic sees. */
export interface PpoShape {
  readonly n: number;
  readonly D: number;
  readonly A: number;
  readonly M: number;
  /** Rows of the critic per sample: 1 with a central critic (it answers n values), n otherwise. */
  readonly criticRows: number;
  readonly actorLayout: Layout;
  readonly criticLayout: Layout;
  /** Whether actor and critic see the same rows, so that one gather serves both. */
  readonly isStateShared: boolean;
}

export interface PpoPrograms {
  /** One step of acting, for B copies. */
  readonly act: Program;
  /** Action alone: drawn, or always the most probable one. */
  readonly sample: Program;
  readonly greedy: Program;
  /** Values of many rows at once; networks without memory only. */
  readonly value: Program;
  /** One minibatch: gradients and optimiser included. */
  readonly update: Program;
}

/** The names of `update`'s metrics, in order. */
export const METRICS = [
  'loss/policy',
  'loss/value',
  'loss/entropy',
  'approximateKl',
  'clipFraction',
  'gradientNorm',
] as const;

/** The optimiser of PPO: clip, Adam, decay, rate; on one flat vector. */
export function ppoOptimiser(options: PpoOptions, learningRate: tf.Scalar | number): Transform {
  return chain(
    clipByGlobalNorm(options.maximumGradientNorm),
    scaleByAdam({ epsilon: options.adamEpsilon }),
    ...(options.weightDecay > 0 ? [addDecayedWeights(options.weightDecay)] : []),
    scaleByLearningRate(learningRate),
  );
}

export function createPpoPrograms(
  policy: Policy,
  critic: Critic,
  shape: PpoShape,
  options: PpoOptions,
  executor: Executor,
  unit: string,
): PpoPrograms {
  const { n, D, A, M, criticRows, actorLayout, criticLayout } = shape;
  const isRecurrent = policy.memorySize > 0;

  /** Rows of agents from rows of samples; standardised and numbered where the options say so. x: [R, n * D]. */
  const actorRows = (x: tf.Tensor, inputs: Named): tf.Tensor => {
    const rows = tf.reshape(x, [-1, D]);
    return withIndex(standardised(rows, inputs), n, options.agentIndex);
  };
  /** What the critic sees of a sample: the agents' own rows, or everything in one row. */
  const criticInput = (x: tf.Tensor, inputs: Named): tf.Tensor => {
    if (options.critic === 'independent') return actorRows(x, inputs);
    // A state that is not the unit's own observations has no running statistics of its own.
    if (!shape.isStateShared || inputs.observationMean === undefined) return x;
    return tf.reshape(standardised(tf.reshape(x, [-1, D]), inputs), x.shape);
  };

  const memoryOf = (
    state: tf.Tensor | undefined,
    keep: tf.Tensor | undefined,
    rows: number,
    steps: number,
  ): Memory | undefined => {
    if (state === undefined || keep === undefined) return undefined;
    // keep: [steps * samples] of copies -> one per row of agents.
    const spread = tf.tile(tf.reshape(keep, [-1, 1]), [1, rows]);
    return { state, keep: tf.reshape(spread, [-1, 1]), steps };
  };

  const act =
    (isDeterministic: boolean, isActionAlone: boolean) =>
    (inputs: Named): Named => {
      const parameters = unpackTensors(inputs.actor as tf.Tensor1D, actorLayout);
      const mask = M === 0 ? undefined : tf.reshape(inputs.mask!, [-1, M]);
      const { distribution, memory } = policy.distribution(
        parameters,
        actorRows(inputs.observation!, inputs),
        mask,
        memoryOf(inputs.actorMemory, inputs.keep, n, 1),
      );
      const action = isDeterministic
        ? distribution.mode()
        : distribution.sample(tf.reshape(inputs.noise!, [...distribution.noiseShape]));
      const rows = policy.head.asRows(action);
      const outputs: Record<string, tf.Tensor> = { action: tf.reshape(rows, [-1, n * A]) };
      if (memory !== undefined) outputs.actorMemory = memory;
      if (isActionAlone) return outputs;
      outputs.logProbability = tf.reshape(distribution.logProbability(action), [-1, n]);
      if (isRecurrent) {
        const criticParameters = unpackTensors(inputs.critic as tf.Tensor1D, criticLayout);
        const state = criticInput(shape.isStateShared ? inputs.observation! : inputs.state!, inputs);
        const result = critic.values(
          criticParameters,
          state,
          memoryOf(inputs.criticMemory, inputs.keep, criticRows, 1),
        );
        outputs.value = tf.reshape(result.values, [-1, n]);
        outputs.criticMemory = result.memory!;
      }
      return outputs;
    };

  const value = (inputs: Named): Named => {
    const parameters = unpackTensors(inputs.critic as tf.Tensor1D, criticLayout);
    const { values } = critic.values(
      parameters,
      criticInput(inputs.state!, inputs),
      memoryOf(inputs.criticMemory, inputs.keep, criticRows, 1),
    );
    return { value: tf.reshape(values, [-1, n]) };
  };

  const update = (inputs: Named): Named => {
    const rows = inputs.rows as tf.Tensor1D;
    const take = (name: string): tf.Tensor => tf.gather(inputs[name]!, rows);
    const steps = isRecurrent ? options.chunk : 1;
    const observation = take('observation');
    const x = actorRows(observation, inputs);
    const state = criticInput(shape.isStateShared ? observation : take('state'), inputs);
    const mask = M === 0 ? undefined : tf.reshape(take('mask'), [-1, M]);
    const action = policy.head.fromRows(tf.reshape(take('action'), [-1, A]));
    const flat = (name: string): tf.Tensor => tf.reshape(take(name), [-1]);
    const weight = inputs.alive === undefined ? null : tf.cast(flat('alive'), 'float32');
    const total = weight === null ? null : tf.maximum(tf.sum(weight), 1);
    const keep = isRecurrent ? take('keep') : undefined;
    const actorMemory = isRecurrent
      ? memoryOf(memoryRows(inputs, 'actorMemory', n, policy.memorySize), keep, n, steps)
      : undefined;
    const criticMemory = isRecurrent
      ? memoryOf(memoryRows(inputs, 'criticMemory', criticRows, critic.memorySize), keep, criticRows, steps)
      : undefined;
    const oldLogProbability = flat('logProbability');
    const rawAdvantage = flat('advantage');
    const advantage =
      options.normaliseAdvantages === 'minibatch' ? standardise(rawAdvantage, weight, total) : rawAdvantage;
    const target = flat('target');
    const oldValue = options.valueClip === null ? null : flat('value');

    // The value scale takes this minibatch in before it is used, as ValueNorm does.
    const scaleState = inputs.valueScale;
    const nextScale =
      scaleState === undefined
        ? undefined
        : updateScale(scaleState, weightedMean(target, weight, total), weightedMean(tf.square(target), weight, total));
    const scale = nextScale === undefined ? undefined : scaleOf(nextScale);
    const scaledTarget = scale === undefined ? target : tf.div(tf.sub(target, scale.mean), scale.std);

    const packed = inputs.parameters as tf.Tensor1D;
    const [actorPacked, criticPacked] = tf.split(packed, [actorLayout.size, criticLayout.size]) as [
      tf.Tensor1D,
      tf.Tensor1D,
    ];
    const actorTree = unpackTensors(actorPacked, actorLayout) as Tensors;
    const criticRaw = unpackTensors(criticPacked, criticLayout) as Tensors;
    const isPopArt = options.valueNormalisation === 'popArt' && scaleState !== undefined && scale !== undefined;
    const criticTree = isPopArt ? rescaleHead(criticRaw, scaleOf(scaleState), scale) : criticRaw;

    const actorLeaves = leaves<tf.Tensor>(actorTree);
    const criticLeaves = leaves<tf.Tensor>(criticTree);
    const measure = (
      weights: readonly tf.Tensor[],
    ): { terms: Record<string, tf.Scalar>; kl: tf.Scalar; clipFraction: tf.Scalar } => {
      const actor = rebuild(actorLeaves, weights.slice(0, actorLeaves.length));
      const own = rebuild(criticLeaves, weights.slice(actorLeaves.length));
      const { distribution } = policy.distribution(actor, x, mask, actorMemory);
      const logProbability = distribution.logProbability(action);
      const logRatio = tf.sub(logProbability, oldLogProbability);
      const ratio = tf.exp(logRatio);
      const values = tf.reshape(critic.values(own, state, criticMemory).values, [-1]);
      const mean = (term: tf.Tensor): tf.Scalar => weightedMean(term, weight, total);
      const terms = {
        policy: mean(clippedSurrogate(ratio, advantage, options.clip)),
        value: mean(valueLossOf(values, oldValue, scaledTarget, options)),
        entropy: mean(distribution.entropy()),
      };
      // KL(old || new) by the estimator (r - 1) - log r (Schulman, "Approximating KL divergence").
      const kl = mean(tf.sub(tf.sub(ratio, 1), logRatio));
      const isClipped = tf.cast(tf.greater(tf.abs(tf.sub(ratio, 1)), options.clip), 'float32');
      return { terms, kl, clipFraction: mean(isClipped) };
    };
    const scales = { policy: 1, value: options.valueCoefficient, entropy: -options.entropyCoefficient };
    const weights = [...actorLeaves, ...criticLeaves].map(([, leaf]) => leaf);
    const grads = tf.grads((...given: tf.Tensor[]) => weighTerms(measure(given).terms, scales))(weights);
    // Autodiff keeps nothing for us; measured again, compiled programs share the nodes (common subexpressions).
    const { terms, kl, clipFraction } = measure(weights);
    const gradients = tf.concat1d(grads.map((gradient) => tf.reshape<tf.Rank.R1>(gradient, [-1])));

    const before = isPopArt ? tf.concat1d([actorPacked, packTensors(criticTree, criticLayout)]) : packed;
    const optimiser = ppoOptimiser(options, inputs.learningRate as tf.Scalar);
    const optimiserState = fromLeaves(prefixed(inputs, 'optimiser/')) as TransformState;
    const stepped = optimiser.update(gradients, optimiserState, before);
    const outputs: Record<string, tf.Tensor> = {
      parameters: applyUpdates(before, stepped.updates) as tf.Tensor,
      metrics: tf.stack([terms.policy!, terms.value!, terms.entropy!, kl, clipFraction, globalNorm(gradients)]),
    };
    for (const [path, leaf] of leaves<tf.Tensor>(stepped.state)) outputs[`optimiser/${path}`] = leaf;
    if (nextScale !== undefined) outputs.valueScale = nextScale;
    return outputs;
  };

  return {
    act: compile(act(false, false), { name: `${unit}/act`, executor }),
    sample: compile(act(false, true), { name: `${unit}/sample`, executor }),
    greedy: compile(act(true, true), { name: `${unit}/greedy`, executor }),
    value: compile(value, { name: `${unit}/value`, executor }),
    update: compile(update, { name: `${unit}/update`, executor }),
  };
}

function standardised(rows: tf.Tensor, { observationMean, observationScale }: Named): tf.Tensor {
  if (observationMean === undefined || observationScale === undefined) return rows;
  return tf.clipByValue(tf.mul(tf.sub(rows, observationMean), observationScale), -10, 10);
}

/** Appends the agent's one-hot index. rows: [R * n, D] -> [R * n, D + n]. */
function withIndex(rows: tf.Tensor, n: number, isWanted: boolean): tf.Tensor {
  if (!isWanted || n === 1) return rows;
  const samples = rows.shape[0]! / n;
  return tf.concat([rows, tf.tile(tf.eye(n), [samples, 1])], 1);
}

/** The memory that each chunk starts with. Stored [T * B, rows * size]; `chunks` names the samples. */
function memoryRows(inputs: Named, name: string, rows: number, size: number): tf.Tensor {
  const samples = tf.gather(inputs[name]!, inputs.chunks as tf.Tensor1D);
  return tf.reshape(samples, [samples.shape[0]! * rows, size]);
}

/** PopArt (van Hasselt et al. 2016, arXiv 1602.07714, equation 2): the head's outputs stay put as the scale moves. */
function rescaleHead(
  critic: Tensors,
  from: { readonly mean: tf.Tensor; readonly std: tf.Tensor },
  to: { readonly mean: tf.Tensor; readonly std: tf.Tensor },
): Tensors {
  const tree = critic as {
    readonly body: Tree<tf.Tensor>;
    readonly head: { readonly weight: tf.Tensor; readonly bias: tf.Tensor };
  };
  const ratio = tf.div(from.std, to.std);
  const bias = tf.div(tf.add(tf.mul(tree.head.bias, from.std), tf.sub(from.mean, to.mean)), to.std);
  return { ...tree, head: { weight: tf.mul(tree.head.weight, ratio), bias } } as Tensors;
}

function rebuild(named: readonly (readonly [string, tf.Tensor])[], weights: readonly tf.Tensor[]): Tree<tf.Tensor> {
  return fromLeaves(named.map(([path], i): [string, tf.Tensor] => [path, weights[i]!]));
}

function prefixed(inputs: Named, prefix: string): [string, tf.Tensor][] {
  return Object.entries(inputs)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, tensor]) => [name.slice(prefix.length), tensor]);
}
