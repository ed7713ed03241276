import { clippedSurrogate, errorLoss, ppoOptimiser } from '../../agents/index.ts';
import {
  applyUpdates,
  compile,
  type Executor,
  embedding,
  flattened,
  globalNorm,
  type Program,
  restored,
  type TransformState,
  tf,
} from '../../nn/index.ts';
import type { JointNetwork, Seen } from './joint-network.ts';
import type { SharedValueOptions } from './options.ts';

type Named = Readonly<Record<string, tf.Tensor>>;

/** The metrics of each role, in order; those of all roles follow each other, then the team's loss. */
export const ROLE_METRICS = ['loss/policy', 'loss/value', 'loss/entropy', 'approximateKl', 'clipFraction'] as const;

/** The compiled programs of the learner. Inputs as in `Batch`, and `parameters` [P]. */
export interface LearnerPrograms {
  /**
   * Values as the heads give them: `value/<role>` [S, n], `team` [S]. With COMA also `taken/<role>` Q(s, u), and
   * `baseline/<role>`, the mean of Q over the role's own policy.
   */
  readonly estimate: Program;
  /**
   * Of (a shard of) a minibatch: `gradient` [P] and `metrics`. Over shards, both add up. shares [2 G + 1]: 1 over the
   * number of each role's decisions, of each role's values that count, and of samples.
   */
  readonly gradient: Program;
  /** One step of the optimiser: `parameters`, `optimiser/...`, `gradient`, `learningRate` in; `norm` out, too. */
  readonly apply: Program;
}

export function createLearnerPrograms(
  network: JointNetwork,
  options: SharedValueOptions,
  executor: Executor,
): LearnerPrograms {
  const { roles, policy } = network;
  const isComa = options.credit === 'coma';

  /** Log-probabilities of a role's single choice on its rows: [R, n]. */
  const choices = (parameters: Parameters, { encoded }: Seen, inputs: Named, r: number): tf.Tensor =>
    policy.heads[r]!.logProbabilities!(policy.headOf(parameters.policy, r), encoded[r]!, inputs[`${r}/mask`]);

  const estimate = (inputs: Named): Record<string, tf.Tensor> => {
    const parameters = network.unpacked(inputs.parameters!);
    const seen = network.see(parameters, inputs);
    const { team, agents } = network.values(parameters.value, seen);
    const outputs: Record<string, tf.Tensor> = team === undefined ? {} : { team };
    for (const [r, value] of agents.entries()) outputs[`value/${r}`] = value;
    if (!isComa) return outputs;
    for (const [r, q] of network.critic(parameters.value, seen, inputs).entries()) {
      const probabilities = tf.exp(choices(parameters, seen, inputs, r));
      outputs[`taken/${r}`] = taken(q, inputs[`${r}/acted`]!);
      outputs[`baseline/${r}`] = tf.sum(tf.mul(q, spread(probabilities, q.shape, inputs[`${r}/index`])), -1);
    }
    return outputs;
  };

  /**
   * The clipped surrogate of a role's rows [R]. Where each choice is judged by itself, the mean over an utterance's choices,
   * with the utterance's ratio in the clipping and the gradient of each choice's own probability (GSPO-token, Zheng et al. 2025, arXiv 2507.18071).
   */
  const surrogate = (
    ratio: tf.Tensor,
    inputs: Named,
    r: number,
    each: tf.Tensor | undefined,
    length: tf.Tensor | undefined,
  ): tf.Tensor => {
    const judged = inputs[`${r}/wordAdvantage`];
    if (judged === undefined || each === undefined || length === undefined)
      return clippedSurrogate(ratio, inputs[`${r}/advantage`]!, options.clip);
    const own = tf.mul(tf.expandDims(constant(ratio), -1), tf.exp(tf.sub(each, constant(each))));
    return tf.div(tf.sum(clippedSurrogate(own, judged, options.clip), -1), length);
  };

  const gradient = (inputs: Named): { gradient: tf.Tensor; metrics: tf.Tensor } => {
    const shares = tf.unstack(inputs.shares!) as tf.Scalar[];
    const before = inputs.parameters!;
    const measure = (vector: tf.Tensor) => {
      const parameters = network.unpacked(vector);
      const seen = network.see(parameters, inputs);
      const { team, agents } = network.values(parameters.value, seen);
      const critics = isComa ? network.critic(parameters.value, seen, inputs) : undefined;
      const losses = roles.map((_, r) => {
        const of = (name: string): tf.Tensor => inputs[`${r}/${name}`]!;
        const mean = (term: tf.Tensor): tf.Scalar => tf.mul<tf.Scalar>(tf.sum(tf.mul(term, of('weight'))), shares[r]!);
        const given = policy.headOf(parameters.policy, r);
        const { logProbability, entropy, length, each } = policy.heads[r]!.evaluate(
          given,
          seen.encoded[r]!,
          inputs[`${r}/mask`],
          of('action'),
        );
        const joint = tf.sub(logProbability, of('logProbability'));
        const logRatio = options.ratio === 'joint' || length === undefined ? joint : tf.div(joint, length);
        const ratio = tf.exp(logRatio);
        const missed = (value: tf.Tensor, counts: tf.Tensor): tf.Scalar =>
          tf.sum(tf.mul(errorLoss(tf.sub(value, of('target')), options), counts));
        const value = tf.mul<tf.Scalar>(missed(agents[r]!, of('counts')), shares[roles.length + r]!);
        return {
          policy: mean(surrogate(ratio, inputs, r, each, length)),
          value:
            critics === undefined
              ? value
              : tf.add<tf.Scalar>(
                  value,
                  tf.mul(missed(taken(critics[r]!, of('acted')), decided(of('acted'))), shares[r]!),
                ),
          entropy: mean(entropy),
          // KL(old || new) by the estimator (r - 1) - log r (Schulman, "Approximating KL divergence").
          kl: mean(tf.sub(tf.sub(ratio, 1), logRatio)),
          clipped: mean(tf.cast(tf.greater(tf.abs(tf.sub(ratio, 1)), options.clip), 'float32')),
        };
      });
      const teamLoss =
        team === undefined
          ? tf.scalar(0)
          : tf.mul<tf.Scalar>(tf.sum(errorLoss(tf.sub(team, inputs.team!), options)), shares[2 * roles.length]!);
      return { each: losses, teamLoss };
    };
    const loss = (vector: tf.Tensor): tf.Scalar => {
      const { each, teamLoss } = measure(vector);
      return each.reduce(
        (sum, { policy: surrogate, value, entropy }) =>
          tf.add<tf.Scalar>(
            sum,
            tf.sub(
              tf.add(surrogate, tf.mul(value, options.valueCoefficient)),
              tf.mul(entropy, options.entropyCoefficient),
            ),
          ),
        tf.mul<tf.Scalar>(teamLoss, options.valueCoefficient),
      );
    };
    const vector = tf.grad(loss)(before);
    // Autodiff keeps nothing for us; measured again, compiled programs share the nodes.
    const { each, teamLoss } = measure(before);
    const metrics = each.flatMap(({ policy: surrogate, value, entropy, kl, clipped }) => [
      surrogate,
      value,
      entropy,
      kl,
      clipped,
    ]);
    return { gradient: vector, metrics: tf.stack([...metrics, teamLoss]) };
  };

  const apply = (inputs: Named): Record<string, tf.Tensor> => {
    const optimiser = ppoOptimiser(options, inputs.learningRate as tf.Scalar);
    const state = restored<TransformState, tf.Tensor>('optimiser/', inputs);
    const { updates, state: next } = optimiser.update(inputs.gradient!, state, inputs.parameters!);
    const parameters = applyUpdates(inputs.parameters!, updates) as tf.Tensor;
    return { parameters, ...flattened<tf.Tensor>('optimiser/', next), norm: globalNorm(inputs.gradient!) };
  };

  const called = (what: string): { name: string; executor: Executor } => ({ name: `shared/${what}`, executor });
  return {
    estimate: compile(estimate, called('estimate')),
    gradient: compile(gradient, called('gradient')),
    apply: compile(apply, called('apply')),
  };
}

type Parameters = ReturnType<JointNetwork['unpacked']>;

/** The same numbers, of which no gradient is taken. */
function constant(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((input) => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return op(x);
}

/** Of Q [S, n, K], that of the action taken: [S, n]; 0 where there was none. */
function taken(q: tf.Tensor, acted: tf.Tensor): tf.Tensor {
  const choices = tf.range(0, q.shape[2]!, 1, 'int32');
  return tf.sum(tf.mul(q, tf.cast(tf.equal(tf.expandDims(acted, -1), choices), 'float32')), -1);
}

/** 1 where an agent decided. */
function decided(acted: tf.Tensor): tf.Tensor {
  return tf.cast(tf.greaterEqual(acted, tf.scalar(0, 'int32')), 'float32');
}

/** Rows [R, K] to their places [S, n, K]; 0 where nobody decides. */
function spread(rows: tf.Tensor, shape: number[], index: tf.Tensor | undefined): tf.Tensor {
  if (index === undefined) return tf.reshape(rows, shape);
  const table = tf.concat([rows, tf.zeros([1, rows.shape[1]!])], 0);
  return tf.reshape(embedding.apply({ table }, index), shape);
}
