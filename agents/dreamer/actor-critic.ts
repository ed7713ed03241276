import type { Stream } from '../../core/index.ts';
import { initialisers, tf, truncatedNormal, type Value } from '../../nn/index.ts';
import { type Imagined, type Noise, type TrunkOf, trunk, twoHot } from '../../worlds/models/index.ts';
import type { DreamerActions } from './actions.ts';
import type { BehaviourOptions, DreamerOptions } from './options.ts';
import { lambdaReturns, quantile } from './returns.ts';

/** All that an actor-critic learns. */
export type ActorCriticOf<X> = { readonly actor: TrunkOf<X>; readonly critic: TrunkOf<X> };

/** A dream: `N` starts, `H` steps. Everything without gradients. */
export interface Dream {
  /** H + 1 of [N, F]: features of the starts, and of what came after each step. */
  readonly features: readonly tf.Tensor[];
  /** H of [N, A]: what the actor drew. */
  readonly actions: readonly tf.Tensor[];
  /** H of [N]: the reward of each step. */
  readonly rewards: readonly tf.Tensor[];
  /** H + 1 of [N]: probabilities that it goes on from there. */
  readonly goesOn: readonly tf.Tensor[];
}

/** Rows of replayed sequences, [L, B] each, and their features [L * B, F]. */
export interface Replayed {
  readonly features: tf.Tensor;
  readonly reward: tf.Tensor;
  readonly first: tf.Tensor;
  readonly terminal: tf.Tensor;
}

/** What is fixed while the networks change. */
export interface Targets {
  readonly dream: Dream;
  readonly replayed: Replayed;
  /** [H, N]. */
  readonly returns: tf.Tensor;
  readonly advantages: tf.Tensor;
  /** [H, N]: how much each step counts, by how probable it is that it is reached. */
  readonly weights: tf.Tensor;
  /** [H * N] and [L * B]: the slow critic's values. */
  readonly slow: tf.Tensor;
  readonly slowReplayed: tf.Tensor;
  /** [L - 1, B]. */
  readonly replayReturns: tf.Tensor;
  readonly replayWeights: tf.Tensor;
}

type Settings = Pick<
  DreamerOptions,
  | 'horizon'
  | 'discountHorizon'
  | 'lambda'
  | 'entropyCoefficient'
  | 'returnRate'
  | 'slowCoefficient'
  | 'replayValueCoefficient'
>;

/** What imagines one step: state [N, S], action [N, A] as the model sees it, number of the step. */
export type ImagineStep = (state: tf.Tensor, action: tf.Tensor, step: number) => Imagined;

/** An actor and a critic that learn in imagination: pure functions over their parameters. */
export class ActorCritic {
  private readonly values;

  constructor(
    private readonly actions: DreamerActions,
    private readonly inputs: number,
    private readonly sizes: BehaviourOptions,
    private readonly settings: Settings,
  ) {
    this.values = twoHot({ bins: sizes.bins });
  }

  /** The actor begins nearly uniform, the critic at 0. */
  initialise(stream: Stream): ActorCriticOf<Value> {
    const { inputs, actions, sizes } = this;
    const { units, layers } = sizes;
    const small = truncatedNormal(0.01 / Math.sqrt(units));
    return {
      actor: trunk.init(stream, { inputs, units, layers, outputs: actions.outputs, last: small }),
      critic: trunk.init(stream, { inputs, units, layers, outputs: this.values.size, last: initialisers.zeros }),
    };
  }

  /** Outputs of the actor, to be drawn from. features: [R, F]. */
  act(actor: TrunkOf<tf.Tensor>, features: tf.Tensor): tf.Tensor {
    return trunk.apply(actor, features);
  }

  /** Values of features [R, F]: [R]. */
  value(critic: TrunkOf<tf.Tensor>, features: tf.Tensor): tf.Tensor {
    return this.values.mean(trunk.apply(critic, features));
  }

  /**
   * Plays in imagination. state: [N, S]; goesOn: [N], 0 for starts behind which there is nothing. `reward` replaces the model's
   * own reward of a step where given: of features and bounded action before it, row by row. act: features [N, F] -> outputs to draw from.
   */
  dream(
    act: (features: tf.Tensor) => tf.Tensor,
    start: { readonly state: tf.Tensor; readonly goesOn: tf.Tensor },
    features: (state: tf.Tensor) => tf.Tensor,
    imagine: ImagineStep,
    noise: readonly tf.Tensor[],
    reward?: (features: tf.Tensor, action: tf.Tensor) => tf.Tensor,
  ): Dream {
    const dream = {
      features: [features(start.state)],
      actions: [] as tf.Tensor[],
      rewards: [] as tf.Tensor[],
      goesOn: [start.goesOn],
    };
    const done: tf.Tensor[] = [];
    let { state } = start;
    for (let step = 0; step < this.settings.horizon; step++) {
      const action = this.actions.draw(act(dream.features[step]!), noise[step]!);
      const bounded = this.actions.bounded(action);
      const imagined = imagine(state, bounded, step);
      state = imagined.state;
      dream.features.push(features(state));
      dream.actions.push(action);
      done.push(bounded);
      if (reward === undefined) dream.rewards.push(imagined.reward);
      dream.goesOn.push(tf.sigmoid(tf.neg(imagined.terminalLogit)));
    }
    if (reward !== undefined) {
      // No step waits for it: all of them at once cost a fraction of one after the other.
      const paid = reward(tf.concat(dream.features.slice(0, -1)), tf.concat(done));
      dream.rewards.push(...tf.split(paid, done.length));
    }
    return dream;
  }

  /** Returns, advantages and weights of a dream. range: [2], the running quantiles of returns; also the next ones. */
  targets(
    critic: TrunkOf<tf.Tensor>,
    slowCritic: TrunkOf<tf.Tensor>,
    dream: Dream,
    replayed: Replayed,
    range: tf.Tensor,
    isDreamFromAllRows: boolean,
  ): { readonly targets: Targets; readonly range: tf.Tensor } {
    const { discountHorizon, lambda, returnRate } = this.settings;
    const discount = 1 - 1 / discountHorizon;
    const H = dream.actions.length;
    const N = dream.goesOn[0]!.size;
    const first = tf.concat(dream.features.slice(0, H));
    const value = tf.reshape(this.value(critic, first), [H, N]);
    const last = tf.reshape(this.value(critic, dream.features[H]!), [1, N]);
    const goesOn = tf.stack(dream.goesOn.slice(1));
    const returns = lambdaReturns(
      {
        reward: tf.stack([...dream.rewards]),
        discount: tf.mul(goesOn, discount),
        value: H === 1 ? last : tf.concat([tf.slice(value, [1, 0], [H - 1, N]), last]),
      },
      lambda,
    );
    const weights: tf.Tensor[] = [dream.goesOn[0]!];
    for (let step = 1; step < H; step++)
      weights.push(tf.mul(tf.mul(weights[step - 1]!, dream.goesOn[step]!), discount));

    const quantiles = tf.stack([quantile(returns, 0.05), quantile(returns, 0.95)]);
    const nextRange = tf.add(tf.mul(range, 1 - returnRate), tf.mul(quantiles, returnRate));
    const [low, high] = tf.unstack(nextRange) as [tf.Tensor, tf.Tensor];
    const spread = tf.maximum(tf.sub(high, low), 1);

    const rows = this.replayTargets(critic, replayed, isDreamFromAllRows ? returns : undefined);
    const targets: Targets = {
      dream,
      replayed,
      returns,
      advantages: tf.div(tf.sub(returns, value), spread),
      weights: tf.stack(weights),
      slow: this.value(slowCritic, first),
      slowReplayed: this.value(slowCritic, replayed.features),
      ...rows,
    };
    return { targets, range: nextRange };
  }

  /** Losses of actor and critic: scalars by name, unweighted, and the one that is minimised. */
  losses(
    { actor, critic }: ActorCriticOf<tf.Tensor>,
    targets: Targets,
  ): { readonly loss: tf.Tensor; readonly parts: Readonly<Record<string, tf.Tensor>> } {
    const { entropyCoefficient, slowCoefficient, replayValueCoefficient } = this.settings;
    const { dream, replayed, returns, advantages, weights } = targets;
    const H = dream.actions.length;
    const flat = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [-1]);
    const features = tf.concat(dream.features.slice(0, H));
    const outputs = this.act(actor, features);
    const entropy = this.actions.entropy(outputs);
    const logProbability = this.actions.logProbability(outputs, tf.concat([...dream.actions]));
    const gain = tf.add(tf.mul(logProbability, flat(advantages)), tf.mul(entropy, entropyCoefficient));
    const counted = flat(weights);
    const valueLoss = (rows: tf.Tensor, target: tf.Tensor, slow: tf.Tensor): tf.Tensor => {
      const logits = trunk.apply(critic, rows);
      return tf.add(this.values.loss(logits, target), tf.mul(this.values.loss(logits, slow), slowCoefficient));
    };
    const [L, B] = replayed.first.shape as [number, number];
    const kept = (L - 1) * B;
    const early = (x: tf.Tensor): tf.Tensor => tf.slice(x, [0], [kept]);
    const replayLoss = valueLoss(
      tf.slice(replayed.features, [0, 0], [kept, -1]),
      flat(targets.replayReturns),
      early(targets.slowReplayed),
    );
    const parts = {
      actor: tf.mean(tf.neg(tf.mul(counted, gain))),
      critic: tf.mean(tf.mul(counted, valueLoss(features, flat(returns), targets.slow))),
      criticReplay: tf.mean(tf.mul(flat(targets.replayWeights), replayLoss)),
      entropy: tf.mean(entropy),
    };
    const loss = tf.add(tf.add(parts.actor, parts.critic), tf.mul(parts.criticReplay, replayValueCoefficient));
    return { loss, parts };
  }

  /**
   * Returns of replayed rows 0 to L - 2 from their real rewards, with what was imagined from each row in the place of its value (the
   * critic's own value where not all rows were imagined from).
   */
  private replayTargets(
    critic: TrunkOf<tf.Tensor>,
    { features, reward, first, terminal }: Replayed,
    imagined: tf.Tensor | undefined,
  ): Pick<Targets, 'replayReturns' | 'replayWeights'> {
    const { discountHorizon, lambda } = this.settings;
    const [L, B] = first.shape as [number, number];
    const later = (x: tf.Tensor): tf.Tensor => tf.slice(x, [1, 0], [L - 1, B]);
    const boot =
      imagined === undefined ? this.value(critic, features) : tf.slice(imagined, [0, 0], [1, imagined.shape[1]!]);
    // Row t is the last of its episode where row t + 1 begins one; behind the last row of the batch the value stands anyway.
    const ends = tf.concat([later(first), tf.zeros([1, B])]);
    const replayReturns = lambdaReturns(
      {
        reward: later(reward),
        discount: tf.mul(tf.sub(1, later(terminal)), 1 - 1 / discountHorizon),
        value: later(tf.reshape(boot, [L, B])),
        follows: tf.sub(1, later(ends)),
      },
      lambda,
    );
    return { replayReturns, replayWeights: tf.sub(1, tf.slice(ends, [0, 0], [L - 1, B])) };
  }
}

/** Noise of `horizon` imagined steps, [H, N, size] each, as one tensor for each step. */
export function stepsOf(noise: Noise, horizon: number): Noise[] {
  const apart = Object.entries(noise).map(([name, all]) => [name, tf.unstack(all)] as const);
  return Array.from({ length: horizon }, (_, step) =>
    Object.fromEntries(apart.map(([name, steps]) => [name, steps[step]!])),
  );
}
