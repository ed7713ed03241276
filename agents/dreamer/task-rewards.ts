import type { Stream } from '../../core/index.ts';
import {
  compile,
  flattened,
  float32,
  type Layout,
  layoutOf,
  pack,
  type Tree,
  tf,
  unpackTensors,
  type Value,
} from '../../nn/index.ts';
import { symexp, symlog, type TrunkOf, trunk } from '../../worlds/models/index.ts';
import { LearnerState } from '../learner-state.ts';
import type { BehaviourParts } from './behaviour.ts';
import { GradientStep } from './gradient-step.ts';
import { Metrics } from './metrics.ts';
import { dreamerOptimiser, optimised } from './optimise.ts';
import type { ZeroShotOptions } from './zero-shot-options.ts';

/** The parameters as programs take them, under `intrinsic/`. task: [K], 1 at the task that pays, else 0. */
type Given<X> = { readonly network: TrunkOf<X>; readonly task: X };

/**
 * What steps are paid under each of `K` tasks, learned from replayed steps after the model was: one network over a state's
 * features and the action, whose outputs are the symlogs of the rewards. Only the network learns.
 */
export class TaskRewards {
  private readonly state: LearnerState;
  private readonly layout: Layout;
  private readonly gradient: GradientStep;
  private readonly task: Value;

  constructor(
    { model, options, executor, batch, states }: Omit<BehaviourParts, 'intrinsic' | 'actions'>,
    { units, layers, learningRate }: Pick<ZeroShotOptions, 'units' | 'layers' | 'learningRate'>,
    initial: Stream,
  ) {
    const [L, B, K] = batch.tasks.shape as [number, number, number];
    const network = trunk.init(initial, {
      inputs: model.featureSize + model.actionSize,
      units,
      layers,
      outputs: K,
    });
    this.task = float32([K]);
    const optimiser = dreamerOptimiser(options, learningRate);
    this.layout = layoutOf(network as Tree<Value>);
    this.state = new LearnerState(pack(network as Tree<Value>), this.layout, optimiser);
    const metrics = new Metrics('taskRewards', 'the rewards of tasks');
    const program = compile(
      (inputs) => {
        const rows = (L - 1) * B;
        const early = tf.slice(model.features(tf.reshape(inputs.states!, [L * B, -1])), [0, 0], [rows, -1]);
        const late = (x: tf.Tensor): tf.Tensor => tf.slice(tf.reshape(x, [L * B, -1]), [B, 0], [rows, -1]);
        const seen = tf.concat([early, late(inputs.action!)], 1);
        const wanted = symlog(late(inputs.tasks!));
        // What begins an episode was paid nothing, by nobody.
        const counts = tf.sub(1, late(inputs.first!));
        const loss = (packed: tf.Tensor): tf.Tensor => {
          const predicted = trunk.apply(
            unpackTensors(packed as tf.Tensor1D, this.layout) as unknown as TrunkOf<tf.Tensor>,
            seen,
          );
          return tf.div(
            tf.sum(tf.mul(counts, tf.square(tf.sub(predicted, wanted)))),
            tf.mul(tf.maximum(tf.sum(counts), 1), K),
          );
        };
        const { value, grad } = tf.valueAndGrad(loss as (x: tf.Tensor) => tf.Tensor)(inputs.parameters!);
        const { norm, ...next } = optimised(optimiser, inputs, grad);
        return { ...next, metrics: metrics.stacked({ loss: value, norm: norm! }) };
      },
      { name: 'dreamer/task rewards', executor },
    );
    const { action, first, tasks } = batch;
    this.gradient = new GradientStep(program, this.state, metrics, { states, action, first, tasks });
  }

  /** From now on task number `task` pays. */
  set(task: number): void {
    this.task.data.fill(0);
    this.task.data[task] = 1;
  }

  /** What the task that is set pays. features: [N, F] before the step; action: [N, A] -> [N]. */
  reward(parameters: Tree<tf.Tensor>, features: tf.Tensor, action: tf.Tensor): tf.Tensor {
    const { network, task } = parameters as unknown as Given<tf.Tensor>;
    return symexp(tf.sum(tf.mul(trunk.apply(network, tf.concat([features, action], 1)), task), 1));
  }

  /** The parameters for programs, under `intrinsic/`, as views. They are in the same place until the next `step`. */
  views(): Readonly<Record<string, Value>> {
    return {
      ...Object.fromEntries(
        Object.entries(this.state.parameters()).map(([path, value]) => [`intrinsic/network/${path}`, value]),
      ),
      ...flattened('intrinsic/', { task: this.task } as Tree<Value>),
    };
  }

  /** One gradient step on the batch. Adds to `sums`. */
  step(sums: Map<string, number>): void {
    this.gradient.run(sums);
  }

  dispose(): void {
    this.gradient.dispose();
  }
}
