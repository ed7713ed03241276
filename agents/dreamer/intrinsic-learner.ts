import type { Stream } from '../../core/index.ts';
import {
  compile,
  type Executor,
  type Layout,
  layoutOf,
  type Program,
  pack,
  type Tree,
  tf,
  unpackTensors,
  type Value,
} from '../../nn/index.ts';
import type { WorldModel } from '../../worlds/models/index.ts';
import { LearnerState } from '../learner-state.ts';
import type { Intrinsic } from './intrinsic.ts';
import { Metrics } from './metrics.ts';
import { dreamerOptimiser, optimised } from './optimise.ts';
import type { DreamerEnsembleOptions, DreamerOptions } from './options.ts';
import type { SequenceBatch } from './replay.ts';

/** An intrinsic reward that learns from the states of replayed batches. */
export class IntrinsicLearner {
  readonly state: LearnerState;
  private readonly layout: Layout;
  private readonly program: Program;
  private readonly runs: [(() => void) | undefined, (() => void) | undefined] = [undefined, undefined];
  private readonly metrics = new Metrics('ensemble', 'the ensemble');

  /** states: [L, B, S] of the batch's rows. */
  constructor(
    readonly intrinsic: Intrinsic,
    private readonly batch: SequenceBatch,
    private readonly states: Value,
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
    this.program = compile(
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
        return { ...next, metrics: this.metrics.stacked({ loss: value, norm: norm! }) };
      },
      { name: 'dreamer/ensemble', executor },
    );
  }

  /** The current parameters, leaf by leaf under `intrinsic/`, as views. */
  views(): Readonly<Record<string, Value>> {
    const views = Object.entries(this.state.parameters());
    return Object.fromEntries(views.map(([path, value]) => [`intrinsic/${path}`, value]));
  }

  step(sums: Map<string, number>): void {
    const { turn } = this.state;
    this.runs[turn] ??= this.bind();
    this.runs[turn]!();
    this.metrics.addTo(sums);
    this.state.swap();
  }

  dispose(): void {
    this.program.dispose();
  }

  private bind(): () => void {
    const { state, batch, states } = this;
    const inputs = { ...state.current, states, action: batch.action, first: batch.first };
    const metrics = this.metrics.array(this.program.outputsFor(inputs).metrics!.shape);
    return this.program.bind(inputs, { ...state.next, metrics });
  }
}
