import {
  applyUpdates,
  categorical,
  chain,
  clipByGlobalNorm,
  compile,
  type Executor,
  flattened,
  globalNorm,
  type Layout,
  maskLogits,
  type Program,
  restored,
  scaleByAdam,
  scaleByLearningRate,
  type Transform,
  type TransformState,
  tf,
  unpackTensors,
} from '../../nn/index.ts';
import { clippedSurrogate, weighTerms } from '../ppo-loss.ts';
import type { StepLayout } from '../tokens/index.ts';
import type { GatoModel, GatoOf } from './model.ts';
import type { ReinforcementOptions } from './options.ts';
import { vectorsAt } from './target-loss.ts';
import type { TokenInputs } from './token-inputs.ts';

type Named = Readonly<Record<string, tf.Tensor>>;

/** The names of the metrics of an update, in order. */
export const METRICS = ['loss/policy', 'loss/value', 'loss/entropy', 'approximateKl', 'clipFraction'] as const;

/** The compiled programs of one group's rows; see `RowBatch` for their inputs. S = R C slots. */
export interface ReinforcementPrograms {
  /** In: `parameters` [P] and rows. Out: `logProbability` of the actions and `value`, [S] each. */
  readonly estimate: Program;
  /**
   * One step of the optimiser. In: `parameters`, `optimiser/...`, rows, and of each slot `logProbability`, `advantage`,
   * `target`, `weight` [S]; `share` (1 / the sum of weights) and `learningRate`. Out: `parameters`, `optimiser/...`,
   * `metrics`, `norm` (of the gradient).
   */
  readonly update: Program;
  /** The same, for the value head alone: all else stays as it is, bit for bit. */
  readonly warmUp: Program;
}

/** Clip, Adam, rate; on one flat vector. Epsilon as in most PPO code. */
export function reinforcementOptimiser(maximumGradientNorm: number, rate: tf.Scalar | number): Transform {
  return chain(clipByGlobalNorm(maximumGradientNorm), scaleByAdam({ epsilon: 1e-5 }), scaleByLearningRate(rate));
}

export function createReinforcementPrograms(
  model: GatoModel,
  step: StepLayout,
  layout: Layout,
  options: ReinforcementOptions,
  { executor, name }: { readonly executor: Executor; readonly name: string },
): ReinforcementPrograms {
  const components = step.actionTokens;
  const unpacked = (vector: tf.Tensor): GatoOf<tf.Tensor> =>
    unpackTensors(vector as tf.Tensor1D, layout) as unknown as GatoOf<tf.Tensor>;

  /** The vectors [S, D] that each component of the slots' actions is foretold from, values from the first. */
  const vectors = (parameters: GatoOf<tf.Tensor>, inputs: Named): ((component: number) => tf.Tensor) => {
    const hidden = model.hidden(parameters, inputs as unknown as TokenInputs<tf.Tensor>);
    const slots = inputs.at!.shape[0]!;
    // The first component follows the separator, each further one the component before it.
    const places = tf.add(tf.expandDims(inputs.at!, 0), tf.reshape(tf.range(0, components, 1, 'int32'), [-1, 1]));
    const rows = vectorsAt(hidden, tf.reshape(places, [-1]));
    return (component) => tf.slice(rows, [component * slots, 0], [slots, rows.shape[1]!]);
  };

  const distributions = (parameters: GatoOf<tf.Tensor>, inputs: Named, at: (component: number) => tf.Tensor) => {
    let from = 0;
    return step.legal.map((range, component) => {
      const logits = model.logits(parameters, at(component), range);
      const slots = logits.shape[0]!;
      const legal = inputs.legal && tf.slice(inputs.legal, [0, from], [slots, range.size]);
      from += range.size;
      const action = tf.reshape(tf.slice(inputs.action!, [0, component], [slots, 1]), [slots]);
      const distribution = categorical(legal === undefined ? logits : maskLogits(logits, legal));
      return { distribution, action };
    });
  };

  const sumOf = (terms: readonly tf.Tensor[]): tf.Tensor => terms.reduce((sum, term) => tf.add(sum, term));

  /** [S] each. */
  const outputs = (parameters: GatoOf<tf.Tensor>, inputs: Named) => {
    const at = vectors(parameters, inputs);
    const chosen = distributions(parameters, inputs, at);
    return {
      logProbability: sumOf(chosen.map(({ distribution, action }) => distribution.logProbability(action))),
      entropy: sumOf(chosen.map(({ distribution }) => distribution.entropy())),
      value: model.values(parameters, at(0)),
    };
  };

  const gradient = (inputs: Named, isWarmUp: boolean): { gradient: tf.Tensor; metrics: tf.Tensor } => {
    const mean = (term: tf.Tensor): tf.Scalar => tf.mul<tf.Scalar>(tf.sum(tf.mul(term, inputs.weight!)), inputs.share!);
    const before = inputs.parameters!;
    // Taken apart out here, where autodiff does not look.
    const frozen = unpacked(before);
    const measure = (vector: tf.Tensor) => {
      const given = unpacked(vector);
      // Warming up, the gradient ends at the head.
      const parameters = isWarmUp && given.value !== undefined ? { ...frozen, value: given.value } : given;
      const { logProbability, entropy, value } = outputs(parameters, inputs);
      const logRatio = tf.sub(logProbability, inputs.logProbability!);
      const ratio = tf.exp(logRatio);
      const terms = {
        policy: mean(clippedSurrogate(ratio, inputs.advantage!, options.clip)),
        value: mean(tf.mul(tf.square(tf.sub(value, inputs.target!)), 0.5)),
        entropy: mean(entropy),
      };
      return { terms, ratio, logRatio };
    };
    const scales = { policy: 1, value: options.valueCoefficient, entropy: -options.entropyCoefficient };
    const loss = ({ terms }: ReturnType<typeof measure>): tf.Scalar =>
      isWarmUp ? terms.value : weighTerms(terms, scales);
    const vector = tf.grad((flat: tf.Tensor) => loss(measure(flat)))(before);
    // Measured again, for autodiff keeps nothing; compiled programs share the nodes.
    const { terms, ratio, logRatio } = measure(before);
    // KL(old || new) by the estimator (r - 1) - log r (Schulman, "Approximating KL divergence").
    const excess = tf.sub(ratio, 1);
    const isClipped = tf.cast(tf.greater(tf.abs(excess), options.clip), 'float32');
    return {
      gradient: vector,
      metrics: tf.stack([terms.policy, terms.value, terms.entropy, mean(tf.sub(excess, logRatio)), mean(isClipped)]),
    };
  };

  const stepped = (isWarmUp: boolean) => (inputs: Named) => {
    const { gradient: vector, metrics } = gradient(inputs, isWarmUp);
    const state = restored<TransformState, tf.Tensor>('optimiser/', inputs);
    const optimiser = reinforcementOptimiser(options.maximumGradientNorm, inputs.learningRate as tf.Scalar);
    const { updates, state: next } = optimiser.update(vector, state, inputs.parameters!);
    const parameters = applyUpdates(inputs.parameters!, updates) as tf.Tensor;
    return { parameters, ...flattened<tf.Tensor>('optimiser/', next), metrics, norm: globalNorm(vector) };
  };

  const called = (what: string): { name: string; executor: Executor } => ({ name: `gato/${what}-${name}`, executor });
  return {
    estimate: compile((inputs) => {
      const { logProbability, value } = outputs(unpacked(inputs.parameters!), inputs);
      return { logProbability, value };
    }, called('estimate')),
    update: compile(stepped(false), called('update')),
    warmUp: compile(stepped(true), called('warm-up')),
  };
}
