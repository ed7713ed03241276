import type { Stream } from '../../core/index.ts';
import {
  compile,
  type Executor,
  flattened,
  float32,
  type Layout,
  layoutOf,
  pack,
  restored,
  type Tree,
  tf,
  unpackTensors,
  type Value,
  type Values,
} from '../../nn/index.ts';
import { fillNoise, type Noise, noiseValues, type TrunkOf, type WorldModel } from '../../worlds/models/index.ts';
import { LearnerState, viewsByPath } from '../learner-state.ts';
import type { DreamerActions } from './actions.ts';
import { ActorCritic, type ActorCriticOf, type Dream, stepsOf } from './actor-critic.ts';
import { GradientStep } from './gradient-step.ts';
import type { Intrinsic } from './intrinsic.ts';
import { Metrics } from './metrics.ts';
import { dreamerOptimiser, optimised } from './optimise.ts';
import type { DreamerOptions } from './options.ts';
import type { SequenceBatch } from './replay.ts';
import { Starts } from './starts.ts';

/** What a behaviour is made from. */
export interface BehaviourParts {
  readonly model: WorldModel;
  readonly actions: DreamerActions;
  readonly options: DreamerOptions;
  readonly executor: Executor;
  readonly batch: SequenceBatch;
  /** [L, B, S]: states of the batch's rows. */
  readonly states: Value;
  /** What pays in imagination, in place of the model's reward. Its parameters come to `step` under `intrinsic/`. */
  readonly intrinsic?: Pick<Intrinsic, 'reward'> | undefined;
}

/**
 * An actor and a critic that learn in the imagination of a world model: from each replayed state (or some of them) `horizon` steps
 * under the actor, returns, both losses and the optimiser's step are one program.
 */
export class Behaviour {
  readonly state: LearnerState;
  readonly layout: Layout;
  /** [N]: the mean reward of the dream from each start of the last step. */
  readonly meanReward: Value;
  /** Which rows of the batch were imagined from. */
  readonly starts: Starts;
  readonly networks: ActorCritic;
  private readonly criticLayout: Layout;
  private readonly slow: Value;
  private readonly range = float32([2]);
  private readonly next: { readonly slow: Value; readonly range: Value };
  private readonly imagineNoise: Readonly<Record<string, Value>>;
  private readonly actionNoise: Value;
  private readonly gradient: GradientStep;

  constructor(
    readonly name: string,
    private readonly parts: BehaviourParts,
    initial: Stream,
  ) {
    const { model, actions, options, executor, batch } = parts;
    this.networks = new ActorCritic(actions, model.featureSize, options.behaviour, options);
    const parameters = this.networks.initialise(initial);
    const optimiser = dreamerOptimiser(options, options.behaviourLearningRate);
    this.layout = layoutOf(parameters as Tree<Value>);
    this.criticLayout = layoutOf(parameters.critic as Tree<Value>);
    this.slow = pack(parameters.critic as Tree<Value>);
    this.next = { slow: float32(this.slow.shape), range: float32([2]) };
    this.state = new LearnerState(pack(parameters as Tree<Value>), this.layout, optimiser, {
      slow: this.slow,
      range: this.range,
    });
    const [L, B] = batch.first.shape as [number, number];
    this.starts = new Starts(L * B, options.starts);
    const N = this.starts.count;
    this.meanReward = float32([N]);
    this.imagineNoise = noiseValues(model.imagineNoise, [options.horizon, N]);
    this.actionNoise = float32([options.horizon, N, actions.noise.size]);
    const metrics = new Metrics(name, `the ${name} actor-critic`);
    const program = compile(
      (inputs) => {
        const { targets, range, dream } = this.prepare(inputs);
        const losses = (packed: tf.Tensor) =>
          this.networks.losses(
            unpackTensors(packed as tf.Tensor1D, this.layout) as unknown as ActorCriticOf<tf.Tensor>,
            targets,
          );
        const gradient = tf.grad((packed: tf.Tensor) => losses(packed).loss)(inputs.parameters!);
        const { parts: measured } = losses(inputs.parameters!);
        const { norm, ...next } = optimised(optimiser, inputs, gradient);
        const critic = tf.slice(
          next.parameters!,
          [this.layout.size - this.criticLayout.size],
          [this.criticLayout.size],
        );
        const rewards = tf.stack([...dream.rewards]);
        const [low, high] = tf.unstack(range) as [tf.Tensor, tf.Tensor];
        return {
          ...next,
          slow: tf.add(inputs.slow!, tf.mul(tf.sub(critic, inputs.slow!), options.slowRate)),
          range,
          meanReward: tf.mean(rewards, 0),
          metrics: metrics.stacked({
            ...measured,
            reward: tf.mean(rewards),
            return: tf.mean(targets.returns),
            returnRange: tf.sub(high, low),
            norm: norm!,
          }),
        };
      },
      { name: `dreamer/${name}`, executor },
    );
    const { slow, range, next, meanReward } = this;
    const outputs = { ...next, meanReward };
    this.gradient = new GradientStep(program, this.state, metrics, { ...this.inputs(), slow, range }, outputs);
  }

  /** The current actor, leaf by leaf under `actor/`, as views. */
  actorViews(): Readonly<Record<string, Value>> {
    const all = viewsByPath(this.layout, this.state.current.parameters!.data as Float32Array);
    return Object.fromEntries(Object.entries(all).filter(([path]) => path.startsWith('actor/')));
  }

  /**
   * One gradient step. `given`: the model's and the intrinsic reward's current parameters by name, told apart by `key` (views take
   * turns). Adds to `sums`.
   */
  step(given: Readonly<Record<string, Value>>, key: string, random: Stream, sums: Map<string, number>): void {
    const { parts, starts } = this;
    const { model, actions } = parts;
    starts.draw(random);
    fillNoise(random, model.imagineNoise, this.imagineNoise);
    const draws = this.actionNoise.data as Float32Array;
    if (actions.noise.kind === 'gumbel') random.fillGumbel(draws);
    else random.fillNormal(draws);
    this.gradient.run(sums, given, key);
    this.slow.data.set(this.next.slow.data as Float32Array);
    this.range.data.set(this.next.range.data as Float32Array);
  }

  dispose(): void {
    this.gradient.dispose();
  }

  /** All that has no gradient: the dream, and what it says of states. */
  private prepare(inputs: Readonly<Record<string, tf.Tensor>>) {
    const { model, options, intrinsic, batch } = this.parts;
    const { actor, critic } = unpackTensors(
      inputs.parameters as tf.Tensor1D,
      this.layout,
    ) as unknown as ActorCriticOf<tf.Tensor>;
    const slow = unpackTensors(inputs.slow as tf.Tensor1D, this.criticLayout) as unknown as TrunkOf<tf.Tensor>;
    const world = restored('model/', inputs) as Tree<tf.Tensor>;
    const own = intrinsic === undefined ? {} : (restored('intrinsic/', inputs) as Tree<tf.Tensor>);
    const [L, B] = batch.first.shape as [number, number];
    const all = tf.reshape(inputs.states!, [L * B, model.stateSize]);
    const lives = tf.sub(1, tf.reshape(inputs.terminal!, [L * B]));
    const [state, goesOn] = [all, lives].map((rows) => this.starts.of(rows, inputs)) as [tf.Tensor, tf.Tensor];
    const noise = stepsOf(restored('noise/', inputs) as unknown as Noise, options.horizon);
    const dream: Dream = this.networks.dream(
      (features) => this.networks.act(actor, features),
      { state, goesOn },
      (rows) => model.features(rows),
      (rows, action, step) => model.imagine(world, rows, action, noise[step]!),
      tf.unstack(inputs.actionNoise!),
      intrinsic === undefined ? undefined : (features, action) => intrinsic.reward(own, features, action),
    );
    const replay = {
      features: model.features(all),
      reward: intrinsic === undefined ? inputs.reward! : this.intrinsicOfReplay(inputs, own),
      first: inputs.first!,
      terminal: inputs.terminal!,
    };
    const { targets, range } = this.networks.targets(critic, slow, dream, replay, inputs.range!, this.starts.areAll);
    return { targets, range, dream };
  }

  /** What the intrinsic reward would have paid for the replayed steps: [L, B]. Row 0 is of no step of the batch. */
  private intrinsicOfReplay(inputs: Readonly<Record<string, tf.Tensor>>, own: Tree<tf.Tensor>): tf.Tensor {
    const { model, intrinsic, batch } = this.parts;
    const [L, B] = batch.first.shape as [number, number];
    const rows = (L - 1) * B;
    const before = tf.slice(model.features(tf.reshape(inputs.states!, [L * B, model.stateSize])), [0, 0], [rows, -1]);
    const action = tf.slice(tf.reshape(inputs.action!, [L * B, model.actionSize]), [B, 0], [rows, -1]);
    const paid = tf.reshape(intrinsic!.reward(own, before, action), [L - 1, B]);
    return tf.concat([tf.zeros([1, B]), paid]);
  }

  /** What the program reads besides parameters of its own and others'. */
  private inputs(): Values {
    const { batch, states, intrinsic } = this.parts;
    return {
      ...flattened('noise/', this.imagineNoise as Tree<Value>),
      ...this.starts.inputs,
      ...(intrinsic === undefined ? {} : { action: batch.action }),
      states,
      actionNoise: this.actionNoise,
      reward: batch.reward,
      first: batch.first,
      terminal: batch.terminal,
    };
  }
}
