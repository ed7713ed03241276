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
  viewsOf,
} from '../../nn/index.ts';
import { fillNoise, type Noise, noiseValues, type WorldModel } from '../../worlds/models/index.ts';
import { LearnerState } from '../learner-state.ts';
import { GradientStep } from './gradient-step.ts';
import { Metrics } from './metrics.ts';
import { dreamerOptimiser, optimised } from './optimise.ts';
import type { DreamerOptions } from './options.ts';
import type { SequenceBatch } from './replay.ts';

type Views = Readonly<Record<string, Value>> | undefined;

/** What a model learns by; `name` is the learner's, for errors. */
export type ModelLearning = Pick<DreamerOptions, 'learningRate' | 'maximumGradientNorm' | 'adamEpsilon'> & {
  readonly name: string;
};

/** A world model that learns from batches of sequences. */
export class ModelLearner {
  readonly state: LearnerState;
  readonly layout: Layout;
  /** [L, B, S]: the states that were inferred in the last step. */
  readonly states: Value;
  private readonly noise: Readonly<Record<string, Value>>;
  private readonly gradient: GradientStep;
  private readonly known: [Views, Views] = [undefined, undefined];

  constructor(
    readonly model: WorldModel,
    batch: SequenceBatch,
    options: ModelLearning,
    executor: Executor,
    initial: Stream,
  ) {
    const parameters = model.initialise(initial);
    const optimiser = dreamerOptimiser(options, options.learningRate);
    this.layout = layoutOf(parameters as Tree<Value>);
    this.state = new LearnerState(pack(parameters), this.layout, optimiser);
    const [L, B] = batch.first.shape as [number, number];
    this.states = float32([L, B, model.stateSize]);
    this.noise = noiseValues(model.observeNoise, [L, B]);
    const metrics = new Metrics('model', `${options.name}'s model`);
    const program = compile(
      (inputs) => {
        const { observation, action, reward, first, terminal, state } = inputs as Record<string, tf.Tensor>;
        const sequence = {
          observation: observation!,
          action: action!,
          reward: reward!,
          first: first!,
          terminal: terminal!,
        };
        const losses = (packed: tf.Tensor) =>
          model.losses(
            unpackTensors(packed as tf.Tensor1D, this.layout) as Tree<tf.Tensor>,
            sequence,
            state!,
            restored('noise/', inputs) as unknown as Noise,
          );
        const gradient = tf.grad((packed: tf.Tensor) => losses(packed).loss)(inputs.parameters!);
        const { loss, parts, states } = losses(inputs.parameters!);
        const { norm, ...next } = optimised(optimiser, inputs, gradient);
        return { ...next, states, metrics: metrics.stacked({ loss, ...parts, norm: norm! }) };
      },
      { name: 'dreamer/model', executor },
    );
    const { observation, action, reward, first, terminal } = batch;
    const sequence = { observation, action, reward, first, terminal, state: batch.state };
    const inputs = { ...sequence, ...flattened('noise/', this.noise as Tree<Value>) };
    this.gradient = new GradientStep(program, this.state, metrics, inputs, { states: this.states });
  }

  /** The current parameters, leaf by leaf under `model/`, as views; the same ones each time that they are in this place. */
  views(): Readonly<Record<string, Value>> {
    const { turn } = this.state;
    this.known[turn] ??= Object.fromEntries(
      Object.entries(this.state.parameters()).map(([path, value]) => [`model/${path}`, value]),
    );
    return this.known[turn]!;
  }

  /** The current parameters as a tree of views. */
  tree(): Tree<Value> {
    return viewsOf(this.layout, this.state.current.parameters!.data as Float32Array) as Tree<Value>;
  }

  /** One gradient step on the batch; `states` are those from before it. Adds to `sums`. */
  step(random: Stream, sums: Map<string, number>): void {
    fillNoise(random, this.model.observeNoise, this.noise);
    this.gradient.run(sums);
  }

  dispose(): void {
    this.gradient.dispose();
  }
}
