import {
  addDecayedWeights,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  compileScan,
  type Distribution,
  type Executor,
  fromLeaves,
  globalNorm,
  type Layout,
  leaves,
  type Program,
  type Scan,
  scaleByAdam,
  scaleByLearningRate,
  type Tensors,
  type Transform,
  type TransformState,
  type Tree,
  tf,
  unpackTensors,
} from '../nn/index.ts';
import type { ActingSight, ActorCritic, ActorCriticParameters, Sight } from './actor-critic.ts';
import type { Memory } from './body.ts';
import type { PpoOptions } from './options.ts';
import { clippedSurrogate, valueLossOf, weighTerms } from './ppo-loss.ts';

type Named = Readonly<Record<string, tf.Tensor>>;

/** What the programs of a unit need to know. `n` agents, `D` observation numbers, `A` action components, `M` mask entries. */
export interface PpoShape {
  readonly n: number;
  readonly D: number;
  readonly A: number;
  readonly M: number;
  /** Rows of the critic per sample: 1 with a central critic (it answers n values), n otherwise. */
  readonly criticRows: number;
  readonly actorLayout: Layout;
  readonly criticLayout: Layout;
  /** Whether actor and critic see the same rows. */
  readonly isStateShared: boolean;
}

/**
 * The compiled programs of a unit. A sample is one copy at one time: all its agents. Parameters enter leaf by leaf
 * (`actor/...`, `critic/...`) where they are only read, and as one vector where they change.
 */
export interface PpoPrograms {
  /**
   * One step of acting: draws actions. Given the critic's parameters (and its memory, where it has one), also
   * log-probabilities and values.
   */
  readonly act: Program;
  /** One step of acting: the most probable actions. */
  readonly greedy: Program;
  /** Values of samples. */
  readonly value: Program;
  /** Log-probabilities of the actions of samples; networks without memory or shared trunk. */
  readonly logProbability: Program;
  /** The gradient and the metrics of (a shard of) a minibatch. Over shards, both add up. */
  readonly gradient: Program;
  /** One optimiser step from a gradient. */
  readonly apply: Program;
  /** `gradient` and `apply` in one. */
  readonly update: Program;
  /**
   * `update` on one minibatch after the other. The learner's state is carried; its `metrics` end with the gradient's
   * norm. With `popArt` [ratio, shift] among a minibatch's rows, the critic's head is put into the new scale first.
   */
  readonly updates: Scan;
}

/** The names of the metrics of `gradient`, in order; `update` appends the gradient's norm. */
export const METRICS = ['loss/policy', 'loss/value', 'loss/entropy', 'approximateKl', 'clipFraction'] as const;

/** The optimiser of PPO: clip, Adam, decay, rate; on one flat vector. */
export function ppoOptimiser(
  options: Pick<PpoOptions, 'maximumGradientNorm' | 'adamEpsilon' | 'weightDecay'>,
  learningRate: tf.Scalar | number,
): Transform {
  return chain(
    clipByGlobalNorm(options.maximumGradientNorm),
    scaleByAdam({ epsilon: options.adamEpsilon }),
    ...(options.weightDecay > 0 ? [addDecayedWeights(options.weightDecay)] : []),
    scaleByLearningRate(learningRate),
  );
}

export function createPpoPrograms(
  networks: ActorCritic,
  shape: PpoShape,
  options: PpoOptions,
  executor: Executor,
  unit: string,
): PpoPrograms {
  const { n, D, A, M, criticRows, actorLayout, criticLayout, isStateShared } = shape;
  const { policy } = networks;
  const isRecurrent = policy.memorySize > 0;

  /** Rows of agents from rows of samples, standardised and numbered where the options say so. x: [R, n * D]. */
  const actorRows = (inputs: Named): tf.Tensor =>
    withIndex(standardised(tf.reshape(inputs.observation!, [-1, D]), inputs), n, options.agentIndex);

  /** What the critic sees of each sample: the agents' own rows, or everything in one row. */
  const criticInput = (inputs: Named): tf.Tensor => {
    if (options.critic === 'independent') return actorRows(inputs);
    if (!isStateShared) return inputs.state!;
    // A state that is not the unit's own observations has no running statistics.
    const x = inputs.observation!;
    return inputs.observationMean === undefined ? x : tf.reshape(standardised(tf.reshape(x, [-1, D]), inputs), x.shape);
  };

  const maskRows = (inputs: Named): tf.Tensor | undefined => (M === 0 ? undefined : tf.reshape(inputs.mask!, [-1, M]));

  /** keep: [steps * samples] -> one row per agent (or per sample, for a central critic). */
  const memoryOf = (
    inputs: Named,
    name: 'actorMemory' | 'criticMemory',
    rows: number,
    steps: number,
  ): Memory | undefined => {
    const state = inputs[name];
    if (state === undefined || inputs.keep === undefined) return undefined;
    const keep = tf.reshape(tf.tile(tf.reshape(inputs.keep, [-1, 1]), [1, rows]), [-1, 1]);
    return { state, keep, steps };
  };

  const seeing = (inputs: Named, steps: number): Sight => ({
    x: actorRows(inputs),
    memory: memoryOf(inputs, 'actorMemory', n, steps),
  });

  const acting = (inputs: Named, steps = 1): ActingSight => ({ ...seeing(inputs, steps), mask: maskRows(inputs) });

  /** What the critic looks at; with a shared trunk, the same as the policy. */
  const judging = (inputs: Named, steps = 1): Sight =>
    networks.isShared
      ? seeing(inputs, steps)
      : { x: criticInput(inputs), memory: memoryOf(inputs, 'criticMemory', criticRows, steps) };

  const act =
    (isGreedy: boolean) =>
    (inputs: Named): Named => {
      const isJudged = branchOf(inputs, 'critic') !== undefined;
      const acted = isJudged
        ? networks.both(parametersOf(inputs), acting(inputs), judging(inputs))
        : onlyActed(policy.distribution(branch(inputs, 'actor'), acting(inputs)));
      const { distribution, values, actorMemory, criticMemory } = acted;
      const action = isGreedy
        ? distribution.mode()
        : distribution.sample(tf.reshape(inputs.noise!, [...distribution.noiseShape]));
      return {
        action: tf.reshape(policy.head.asRows(action), [-1, n * A]),
        ...(actorMemory === undefined ? {} : { actorMemory }),
        ...(criticMemory === undefined ? {} : { criticMemory }),
        ...(values === undefined
          ? {}
          : {
              logProbability: tf.reshape(distribution.logProbability(action), [-1, n]),
              value: tf.reshape(values, [-1, n]),
            }),
      };
    };

  const value = (inputs: Named): Named => ({
    value: tf.reshape(networks.values(parametersOf(inputs), judging(inputs)), [-1, n]),
  });

  const actionsOf = (inputs: Named): tf.Tensor => policy.head.fromRows(tf.reshape(inputs.action!, [-1, A]));

  const logProbability = (inputs: Named): Named => {
    const { distribution } = policy.distribution(branch(inputs, 'actor'), acting(inputs));
    return { logProbability: tf.reshape(distribution.logProbability(actionsOf(inputs)), [-1, n]) };
  };

  const gradient = (inputs: Named): { gradient: tf.Tensor1D; metrics: tf.Scalar[] } => {
    const steps = isRecurrent ? options.chunk : 1;
    const [seen, judged] = [acting(inputs, steps), judging(inputs, steps)];
    const action = actionsOf(inputs);
    const flat = (name: string): tf.Tensor => tf.reshape(inputs[name]!, [-1]);
    const advantage = flat('advantage');
    const target = flat('target');
    const oldLogProbability = flat('logProbability');
    const oldValue = options.valueClip === null ? null : flat('value');
    const weight = inputs.weight === undefined ? null : flat('weight');
    // The mean over the living agents of the whole minibatch, of which these may be a shard.
    const mean = (term: tf.Tensor): tf.Scalar =>
      tf.mul<tf.Scalar>(tf.sum(weight === null ? term : tf.mul(term, weight)), inputs.share!);

    const [actorPacked, criticPacked] = tf.split(inputs.parameters as tf.Tensor1D, [
      actorLayout.size,
      criticLayout.size,
    ]);
    const named = [
      ...leaves<tf.Tensor>(unpackTensors(actorPacked as tf.Tensor1D, actorLayout) as Tensors).map(prefixedBy('actor/')),
      ...leaves<tf.Tensor>(unpackTensors(criticPacked as tf.Tensor1D, criticLayout) as Tensors).map(
        prefixedBy('critic/'),
      ),
    ];
    const measure = (weights: readonly tf.Tensor[]) => {
      const tree = Object.fromEntries(named.map(([path], i): [string, tf.Tensor] => [path, weights[i]!]));
      const { distribution, values: judgements } = networks.both(parametersOf(tree), seen, judged);
      const logRatio = tf.sub(distribution.logProbability(action), oldLogProbability);
      const ratio = tf.exp(logRatio);
      const values = tf.reshape(judgements, [-1]);
      const terms = {
        policy: mean(clippedSurrogate(ratio, advantage, options.clip)),
        value: mean(valueLossOf(values, oldValue, target, options)),
        entropy: mean(distribution.entropy()),
      };
      return { terms, ratio, logRatio };
    };
    const scales = { policy: 1, value: options.valueCoefficient, entropy: -options.entropyCoefficient };
    const weights = named.map(([, leaf]) => leaf);
    const grads = tf.grads((...given: tf.Tensor[]) => weighTerms(measure(given).terms, scales))(weights);
    // Autodiff keeps nothing for us; measured again, compiled programs share the nodes (common subexpressions).
    const { terms, ratio, logRatio } = measure(weights);
    // KL(old || new) by the estimator (r - 1) - log r (Schulman, "Approximating KL divergence").
    const excess = tf.sub(ratio, 1);
    const kl = mean(tf.sub(excess, logRatio));
    const isClipped = tf.cast(tf.greater(tf.abs(excess), options.clip), 'float32');
    return {
      gradient: tf.concat1d(grads.map((leaf) => tf.reshape<tf.Rank.R1>(leaf, [-1]))),
      metrics: [terms.policy, terms.value, terms.entropy, kl, mean(isClipped)],
    };
  };

  const apply = (inputs: Named, gradients: tf.Tensor): Record<string, tf.Tensor> => {
    const optimiser = ppoOptimiser(options, inputs.learningRate as tf.Scalar);
    const state = (branchOf(inputs, 'optimiser') ?? {}) as TransformState;
    const stepped = optimiser.update(gradients, state, inputs.parameters!);
    const outputs: Record<string, tf.Tensor> = {
      parameters: applyUpdates(inputs.parameters!, stepped.updates) as tf.Tensor,
    };
    for (const [path, leaf] of leaves<tf.Tensor>(stepped.state)) outputs[`optimiser/${path}`] = leaf;
    return outputs;
  };

  const named = (name: string): { name: string; executor: Executor } => ({ name: `${unit}/${name}`, executor });
  return {
    act: compile(act(false), named('act')),
    greedy: compile(act(true), named('greedy')),
    value: compile(value, named('value')),
    logProbability: compile(logProbability, named('logProbability')),
    gradient: compile((inputs) => {
      const { gradient: vector, metrics } = gradient(inputs);
      return { gradient: vector, metrics: tf.stack(metrics) };
    }, named('gradient')),
    apply: compile(
      (inputs) => ({ ...apply(inputs, inputs.gradient!), norm: globalNorm(inputs.gradient!) }),
      named('apply'),
    ),
    update: compile((inputs) => {
      const { gradient: vector, metrics } = gradient(inputs);
      return { ...apply(inputs, vector), metrics: tf.stack(metrics), norm: globalNorm(vector) };
    }, named('update')),
    updates: compileScan((carry, x, constants) => {
      const parameters = withHead(carry.parameters as tf.Tensor1D, shape, x.popArt as tf.Tensor1D | undefined);
      const inputs = { ...constants, ...x, ...carry, parameters };
      const { gradient: vector, metrics } = gradient(inputs);
      return { carry: apply(inputs, vector), y: { metrics: tf.stack([...metrics, globalNorm(vector)]) } };
    }, named('updates')),
  };
}

/** The parameters with the critic's head times `ratio`, and `shift` added to its bias (`preserveOutputs`). */
function withHead(
  parameters: tf.Tensor1D,
  { actorLayout, criticLayout }: PpoShape,
  popArt: tf.Tensor1D | undefined,
): tf.Tensor {
  if (popArt === undefined) return parameters;
  const [ratio, shift] = tf.unstack(popArt) as [tf.Scalar, tf.Scalar];
  const parts: tf.Tensor1D[] = [tf.slice1d(parameters, 0, actorLayout.size)];
  for (const { path, offset, size } of criticLayout.slots) {
    const part = tf.slice1d(parameters, actorLayout.size + offset, size);
    const scaled = path.startsWith('head/') ? tf.mul<tf.Tensor1D>(part, ratio) : part;
    parts.push(path === 'head/bias' ? tf.add(scaled, shift) : scaled);
  }
  return tf.concat1d(parts);
}

function standardised(rows: tf.Tensor, { observationMean, observationScale }: Named): tf.Tensor {
  if (observationMean === undefined || observationScale === undefined) return rows;
  return tf.clipByValue(tf.mul(tf.sub(rows, observationMean), observationScale), -10, 10);
}

/** Appends the agent's one-hot index. rows: [R * n, D] -> [R * n, D + n]. */
function withIndex(rows: tf.Tensor, n: number, isWanted: boolean): tf.Tensor {
  if (!isWanted || n === 1) return rows;
  return tf.concat([rows, tf.tile(tf.eye(n), [rows.shape[0]! / n, 1])], 1);
}

const prefixedBy =
  (prefix: string) =>
  ([path, leaf]: [string, tf.Tensor]): [string, tf.Tensor] => [prefix + path, leaf];

/** What acting gives where nobody asks for values. */
function onlyActed({ distribution, memory }: ReturnType<ActorCritic['policy']['distribution']>): Partial<
  ReturnType<ActorCritic['both']>
> & {
  readonly distribution: Distribution;
} {
  return { distribution, actorMemory: memory };
}

function parametersOf(inputs: Named): ActorCriticParameters<tf.Tensor> {
  return { actor: branch(inputs, 'actor'), critic: branch(inputs, 'critic') };
}

/** The tree of the inputs whose names start with `name/`. */
function branch(inputs: Named, name: string): Tree<tf.Tensor> {
  return branchOf(inputs, name) ?? {};
}

function branchOf(inputs: Named, name: string): Tree<tf.Tensor> | undefined {
  const own = Object.entries(inputs).flatMap(([path, leaf]): [string, tf.Tensor][] =>
    path.startsWith(`${name}/`) ? [[path.slice(name.length + 1), leaf]] : [],
  );
  return own.length === 0 ? undefined : fromLeaves(own);
}
