import { LightbulbError, type Stream } from '../../core/index.ts';
import {
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  type Executor,
  flattened,
  float32,
  globalNorm,
  type Layout,
  layoutOf,
  type Program,
  pack,
  type Rate,
  restored,
  scaleByAdam,
  scaleByLearningRate,
  type Transform,
  type TransformState,
  type Tree,
  tf,
  unpackTensors,
  type Value,
  type Values,
  viewsOf,
} from '../../nn/index.ts';
import type { VaeRnn, VaeRnnOf } from '../../worlds/models/index.ts';
import { LearnerState, type Take } from '../learner-state.ts';
import type { WorldModelsOptions } from './options.ts';

type Named = Readonly<Record<string, tf.Tensor>>;

/** What an update of V says: of a batch, squared error of a picture (summed) and nats; and the norm of the gradient. */
export const VISION_METRICS = ['vision/reconstruction', 'vision/divergence', 'vision/gradientNorm'] as const;
/** What an update of M says: nats of a latent's number, squared error of the reward, nats of the ending (weighted). */
export const MEMORY_METRICS = ['memory/latent', 'memory/reward', 'memory/ending', 'memory/gradientNorm'] as const;

interface Part {
  readonly state: LearnerState;
  readonly program: Program;
  readonly metrics: Value;
  readonly names: readonly string[];
  readonly rate: Value;
  readonly steps: readonly [() => void, () => void];
}

/** V's and M's parameters, and one compiled update for each. Fill the inputs, then update. */
export class ModelLearner {
  readonly parameterCount: number;
  /** [N, D] and [N, Z]. */
  readonly visionBatch: { readonly observation: Value; readonly noise: Value };
  /** [L, B, Z] each, [L, B, A], [L, B] each, [L, B, Z]. */
  readonly memoryBatch: Readonly<
    Record<'mean' | 'logVariance' | 'action' | 'reward' | 'first' | 'terminal' | 'noise', Value>
  >;
  private readonly vision: Part;
  private readonly memory: Part;
  private readonly untrained: Tree<Value>;

  constructor(model: VaeRnn, options: WorldModelsOptions, stream: Stream, executor: Executor) {
    const initial = model.initialise(stream);
    const [N, L, B] = [options.vision.batch, options.memory.length, options.memory.batch];
    const Z = model.latentSize;
    this.untrained = initial.memory;
    this.visionBatch = { observation: float32([N, model.observationSize]), noise: float32([N, Z]) };
    this.memoryBatch = {
      mean: float32([L, B, Z]),
      logVariance: float32([L, B, Z]),
      action: float32([L, B, model.actionSize]),
      reward: float32([L, B]),
      first: float32([L, B]),
      terminal: float32([L, B]),
      noise: float32([L, B, Z]),
    };
    this.vision = part(
      'vision',
      initial.vision,
      this.visionBatch,
      VISION_METRICS,
      options.vision.maximumGradientNorm,
      executor,
      (tree, { observation, noise }) => {
        const { loss, reconstruction, divergence } = model.visionLoss(
          { vision: tree } as Tree<tf.Tensor>,
          observation!,
          noise!,
        );
        return { loss, parts: [reconstruction, divergence] };
      },
    );
    this.memory = part(
      'memory',
      initial.memory,
      this.memoryBatch,
      MEMORY_METRICS,
      options.memory.maximumGradientNorm,
      executor,
      (tree, inputs) => {
        const { noise, ...coded } = inputs as Record<keyof ModelLearner['memoryBatch'], tf.Tensor>;
        const { loss, latent, reward, ending } = model.memoryLoss({ memory: tree } as Tree<tf.Tensor>, coded, noise);
        return { loss, parts: [latent, reward, ending] };
      },
    );
    this.parameterCount = this.vision.state.layout.size + this.memory.state.layout.size;
  }

  /** V and M as they are now, as views. `untrained`: with M as it was at the beginning. */
  parameters(memory: 'trained' | 'untrained' = 'trained'): VaeRnnOf<Value> {
    const tree = {
      vision: presentOf(this.vision.state),
      memory: memory === 'trained' ? presentOf(this.memory.state) : this.untrained,
    };
    return tree as unknown as VaeRnnOf<Value>;
  }

  /** Error `not_finite`, naming the metric, with the parameters from before still in place. */
  updateVision(learningRate: number): ArrayLike<number> {
    return update(this.vision, learningRate);
  }

  updateMemory(learningRate: number): ArrayLike<number> {
    return update(this.memory, learningRate);
  }

  save(): Record<string, Value> {
    const saved: Record<string, Value> = {};
    for (const name of ['vision', 'memory'] as const)
      for (const [path, value] of Object.entries(this[name].state.save())) saved[`${name}/${path}`] = value;
    return saved;
  }

  load(take: Take): void {
    this.vision.state.load((name, shape) => take(`vision/${name}`, shape));
    this.memory.state.load((name, shape) => take(`memory/${name}`, shape));
  }

  dispose(): void {
    this.vision.program.dispose();
    this.memory.program.dispose();
  }
}

function presentOf(state: LearnerState): Tree<Value> {
  return viewsOf(state.layout, state.current.parameters!.data as Float32Array) as unknown as Tree<Value>;
}

function update({ state, metrics, names, rate, steps }: Part, learningRate: number): ArrayLike<number> {
  rate.data[0] = learningRate;
  steps[state.turn]();
  const bad = metrics.data.findIndex((value: number) => !Number.isFinite(value));
  if (bad >= 0)
    throw new LightbulbError('not_finite', `${names[bad]} of the world model is no finite number`, {
      got: String(metrics.data[bad]),
      cure: 'Lower its learningRate',
    });
  state.swap();
  return metrics.data;
}

/** Clips, then Adam. */
function optimiserOf(maximumGradientNorm: number, rate: Rate): Transform {
  return chain(clipByGlobalNorm(maximumGradientNorm), scaleByAdam(), scaleByLearningRate(rate));
}

function part(
  name: string,
  initial: Tree<Value>,
  batch: Values,
  names: readonly string[],
  maximumGradientNorm: number,
  executor: Executor,
  losses: (tree: Tree<tf.Tensor>, inputs: Named) => { readonly loss: tf.Tensor; readonly parts: readonly tf.Tensor[] },
): Part {
  const layout = layoutOf(initial) as Layout;
  const state = new LearnerState(pack(initial), layout, optimiserOf(maximumGradientNorm, 1));
  const program = compile(
    (inputs) => {
      const { parameters, learningRate, ...rest } = inputs as Record<string, tf.Tensor>;
      const loss = (packed: tf.Tensor) => losses(unpackTensors(packed as tf.Tensor1D, layout) as Tree<tf.Tensor>, rest);
      const gradient = tf.grad((packed: tf.Tensor) => loss(packed).loss)(parameters!);
      const optimiser = optimiserOf(maximumGradientNorm, learningRate as tf.Scalar);
      const stepped = optimiser.update(gradient, restored<TransformState, tf.Tensor>('optimiser/', rest), parameters!);
      return {
        parameters: applyUpdates(parameters!, stepped.updates) as tf.Tensor,
        ...flattened('optimiser/', stepped.state),
        metrics: tf.stack([...loss(parameters!).parts, globalNorm(gradient)]),
      };
    },
    { name: `world-models/${name}`, executor },
  );
  const [metrics, rate] = [float32([names.length]), float32([])];
  const bind = (from: Values, to: Values) =>
    program.bind({ ...from, ...batch, learningRate: rate }, { ...to, metrics });
  const steps = [bind(state.current, state.next), bind(state.next, state.current)] as const;
  return { state, program, metrics, names, rate, steps };
}
