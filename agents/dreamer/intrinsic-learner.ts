import type { Stream } from '../../core/index.ts';
import {
  compile,
  type Executor,
  type Layout,
  layoutOf,
  pack,
  type Tree,
  tf,
  unpackTensors,
  type Value,
} from '../../nn/index.ts';
import type { WorldModel } from '../../worlds/models/index.ts';
import { LearnerState } from '../learner-state.ts';
import { GradientStep } from './gradient-step.ts';
import type { Intrinsic } from './intrinsic.ts';
import { Metrics } from './metrics.ts';
import { dreamerOptimiser, optimised } from './optimise.ts';
import type { DreamerEnsembleOptions, DreamerOptions } from './options.ts';
import type { SequenceBatch } from './replay.ts';

/** An intrinsic reward that learns from the states of replayed batches. */
export class IntrinsicLearner {
  readonly state: LearnerState;
  private readonly layout: Layout;
  private readonly gradient: GradientStep;

  /** states: [L, B, S] of the batch's rows. */
  constructor(
    readonly intrinsic: Intrinsic,
    { action, first }: SequenceBatch,
    states: Value,
    model: WorldModel,
    options: Pick<DreamerOptions, 'maximumGradientNorm' | 'adamEpsilon'>,
    { learningRate }: DreamerEnsembleOptions,
    executor: Executor,
    initial: Stream,
  ) {
    const parameters = intrinsic.initialise(initial);
    const optimiser = dreamerOptimiser(options, learningRate);
    this.layout = layoutOf(parameters as Tree<Value>);
    this.state = new LearnerState(pack(parameters), this.layout, optimiser);
    const metrics = new Metrics('ensemble', 'the ensemble');
    const program = compile(
      (inputs) => {
        const rows = {
          features: model.features(inputs.states!),
          action: inputs.action!,
          first: inputs.first!,
        };
        const loss = (packed: tf.Tensor): tf.Tensor =>
          intrinsic.loss(unpackTensors(packed as tf.Tensor1D, this.layout) as Tree<tf.Tensor>, rows);
        const { value, grad } = tf.valueAndGrad(loss as (x: tf.Tensor) => tf.Tensor)(inputs.parameters!);
        const { norm, ...next } = optimised(optimiser, inputs, grad);
        return { ...next, metrics: metrics.stacked({ loss: value, norm: norm! }) };
      },
      { name: 'dreamer/ensemble', executor },
    );
    this.gradient = new GradientStep(program, this.state, metrics, { states, action, first });
  }

  /** The current parameters, leaf by leaf under `intrinsic/`, as views. */
  views(): Readonly<Record<string, Value>> {
    const views = Object.entries(this.state.parameters());
    return Object.fromEntries(views.map(([path, value]) => [`intrinsic/${path}`, value]));
  }

  step(sums: Map<string, number>): void {
    this.gradient.run(sums);
  }

  dispose(): void {
    this.gradient.dispose();
  }
}
