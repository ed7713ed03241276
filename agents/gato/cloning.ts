import { type Json, LightbulbError, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import {
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  decayMatrices,
  type Executor,
  flattened,
  float32,
  globalNorm,
  type Layout,
  type Program,
  type Rate,
  restored,
  scaleByAdam,
  scaleByLearningRate,
  type Transform,
  type TransformState,
  tf,
  unpackTensors,
  type Value,
  type Values,
} from '../../nn/index.ts';
import type { LearnerState } from '../learner-state.ts';
import type { GatoModel, GatoOf } from './model.ts';
import type { GatoOptions } from './options.ts';
import type { PackedBatch } from './packing.ts';
import { scoreTargets } from './target-loss.ts';
import type { TargetInputs, TokenInputs } from './token-inputs.ts';

export interface CloningSpec {
  readonly model: GatoModel;
  /** What learns: the model's parameters, with the state of `cloningOptimiser`. */
  readonly learner: LearnerState;
  readonly layout: Layout<GatoOf<Value>>;
  readonly options: Pick<GatoOptions, 'batch' | 'length' | 'beta2' | 'weightDecay' | 'maximumGradientNorm'>;
  readonly executor: Executor;
  /** Decides dropout. */
  readonly seed: number;
}

/** What an update says. The arrays are used again by the next. */
export interface CloningScores {
  readonly loss: number;
  /** Length of the gradient before clipping. */
  readonly gradientNorm: number;
  /** [M], see `TargetScores`. */
  readonly crossEntropy: Float32Array;
  readonly isRight: Float32Array;
}

type Named = Readonly<Record<string, tf.Tensor>>;

const NOISE = 'noise/';

/**
 * Clipping, then AdamW (Loshchilov and Hutter 2019) on one packed vector. decayed: [P], 1 for elements of matrices,
 * which decay, 0 for those of biases, scales and offsets.
 */
export function cloningOptimiser(
  { beta2, weightDecay, maximumGradientNorm }: CloningSpec['options'],
  rate: Rate,
  decayed?: tf.Tensor,
): Transform {
  const decay: Transform = {
    name: 'addDecayedWeights',
    init: () => ({}),
    update: (gradients, state, parameters) => ({
      updates: tf.add(gradients as tf.Tensor, tf.mul(tf.mul(parameters as tf.Tensor, decayed!), weightDecay)),
      state,
    }),
  };
  return chain(clipByGlobalNorm(maximumGradientNorm), scaleByAdam({ beta2 }), decay, scaleByLearningRate(rate));
}

/** Learns to predict the targets of packed batches: one compiled step for each set of sizes that comes. */
export class Cloning {
  private readonly program: Program;
  private readonly bound = new Map<string, () => void>();
  private readonly rate = float32([]);
  private readonly loss = float32([]);
  private readonly norm = float32([]);
  private readonly decayed: Value;
  private readonly noise: Values;
  private readonly scores = new Map<number, { readonly crossEntropy: Value; readonly isRight: Value }>();
  private random: Stream;

  constructor(private readonly spec: CloningSpec) {
    const { model, layout, options, executor, seed } = spec;
    this.program = compile((inputs) => step(spec, inputs), { name: 'gato/clone', executor });
    const decayed = new Float32Array(layout.size);
    for (const { path, shape, offset, size } of layout.slots)
      if (decayMatrices(path, shape)) decayed.fill(1, offset, offset + size);
    this.decayed = float32([layout.size], decayed);
    const shapes = model.backbone.noiseShapes(options.batch, options.length);
    this.noise = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [NOISE + name, float32(shape)]));
    this.random = stream(seed, 'learner/dropout');
  }

  /**
   * One update; the learner's other copy is current afterwards. Error `not_finite` where the loss or the gradient is no
   * number: the parameters are those from before it then.
   */
  update(batch: PackedBatch, rate: number): CloningScores {
    const { learner } = this.spec;
    (this.rate.data as Float32Array)[0] = rate;
    for (const { data } of Object.values(this.noise))
      for (let i = 0; i < data.length; i++) data[i] = this.random.uniform();
    const targets = batch.targets.at.shape[0]!;
    const key = `${learner.turn} ${targets} ${batch.inputs.grid?.shape[0]}`;
    if (!this.bound.has(key)) this.bound.set(key, this.bind(batch, targets));
    this.bound.get(key)!();
    const loss = this.loss.data[0]!;
    const gradientNorm = this.norm.data[0]!;
    requireFinite('the loss', loss);
    requireFinite('the gradient', gradientNorm);
    learner.swap();
    const { crossEntropy, isRight } = this.scores.get(targets)!;
    return {
      loss,
      gradientNorm,
      crossEntropy: crossEntropy.data as Float32Array,
      isRight: isRight.data as Float32Array,
    };
  }

  save(): Json {
    return this.random.state() as unknown as Json;
  }

  load(state: Json): void {
    this.random = restoreStream(state as unknown as StreamState);
  }

  dispose(): void {
    this.program.dispose();
  }

  private bind({ inputs, targets }: PackedBatch, count: number): () => void {
    const { learner } = this.spec;
    if (!this.scores.has(count)) this.scores.set(count, { crossEntropy: float32([count]), isRight: float32([count]) });
    const read = { ...inputs, ...targets, ...this.noise, decayed: this.decayed, rate: this.rate };
    const written = { loss: this.loss, norm: this.norm, ...this.scores.get(count)! };
    return this.program.bind({ ...(read as Values), ...learner.current }, { ...written, ...learner.next });
  }
}

/** One step of the optimiser, as a pure function of everything by name. */
function step({ model, layout, options }: CloningSpec, inputs: Named): Record<string, tf.Tensor> {
  const noise = noiseOf(inputs);
  const scored = (vector: tf.Tensor): ReturnType<typeof scoreTargets> => {
    const parameters = unpackTensors(vector as tf.Tensor1D, layout) as GatoOf<tf.Tensor>;
    const tokens = inputs as unknown as TokenInputs<tf.Tensor>;
    const hidden = model.hidden(parameters, tokens, Object.keys(noise).length === 0 ? undefined : noise);
    return scoreTargets(model, parameters, hidden, inputs as unknown as TargetInputs<tf.Tensor>);
  };
  const before = inputs.parameters!;
  const gradient = tf.grad((vector: tf.Tensor) => scored(vector).loss)(before);
  const optimiser = cloningOptimiser(options, inputs.rate as tf.Scalar, inputs.decayed!);
  const state = restored<TransformState, tf.Tensor>('optimiser/', inputs);
  const { updates, state: after } = optimiser.update(gradient, state, before);
  return {
    // Autodiff keeps nothing for us; measured again, compiled programs share the nodes (common subexpressions).
    ...scored(before),
    norm: globalNorm(gradient),
    parameters: applyUpdates(before, updates) as tf.Tensor,
    ...flattened<tf.Tensor>('optimiser/', after),
  };
}

/** The noise among the inputs, by the names of `Backbone.noiseShapes`. */
function noiseOf(inputs: Named): Record<string, tf.Tensor> {
  const named = Object.entries(inputs).filter(([name]) => name.startsWith(NOISE));
  return Object.fromEntries(named.map(([name, tensor]) => [name.slice(NOISE.length), tensor]));
}

function requireFinite(what: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new LightbulbError('not_finite', `${what} of gato is no finite number`, {
    got: String(value),
    cure: 'Lower learningRate; the last checkpoint is from before it',
  });
}
