import type { Stream } from '../../../core/index.ts';
import { type Tree, tf, type Value } from '../../../nn/index.ts';
import type { Space } from '../../space.ts';
import { flatSize } from '../../spaces/index.ts';
import { detached } from '../detached.ts';
import { actionWidth } from '../inputs.ts';
import type { Imagined, ModelLoss, ModelSequence, Noise, NoiseSpec, Observed, WorldModel } from '../model.ts';
import { Memory, type MemoryLoss, type MemoryOf } from './memory.ts';
import { checkVaeRnnOptions, type VaeRnnOptions } from './options.ts';
import {
  createVision,
  drawLatent,
  type Posterior,
  type Vision,
  type VisionLoss,
  type VisionOf,
  visionLoss,
} from './vision.ts';

/** Parameters of V and M. */
export type VaeRnnOf<X> = { readonly vision: VisionOf<X>; readonly memory: MemoryOf<X> };

/** What M learns from: what V made of each row, from which latents are drawn anew in each batch. */
export interface CodedSequence {
  /** [L, B, Z] each. */
  readonly mean: tf.Tensor;
  readonly logVariance: tf.Tensor;
  /** As in a `ModelSequence`. */
  readonly action: tf.Tensor;
  readonly reward: tf.Tensor;
  readonly first: tf.Tensor;
  readonly terminal: tf.Tensor;
}

/**
 * World Models (Ha and Schmidhuber 2018, arXiv 1803.10122): V codes what is seen as a latent z, M remembers latents and
 * actions and expects what comes next. State: [z, M's carry]; features: [z, hidden state of M].
 *
 * At each row M's carry has taken in everything *before* the row's own latent, and the action that led to it, as in the
 * paper: the controller acts on [z, h]. Reward and ending are expected from M's memory alone, at the same moment as the
 * latent and not from its draw. An ending stands at a logit above 0 or is drawn, as who imagines decides.
 *
 * V and M may be trained one after the other, as in the paper (`visionLoss`, `memoryLoss`), or side by side (`losses`):
 * no gradient of M reaches V.
 */
export class VaeRnn implements WorldModel {
  readonly name = 'vae-rnn';
  readonly observationSize: number;
  readonly actionSize: number;
  readonly stateSize: number;
  readonly featureSize: number;
  readonly observeNoise: NoiseSpec;
  readonly imagineNoise: NoiseSpec;
  /** Z: the first numbers of states and features. */
  readonly latentSize: number;
  private readonly vision: Vision;
  private readonly memory: Memory;

  /** Errors of `checkVaeRnnOptions`; `invalid_input` where pictures do not halve as often as there are channels. */
  constructor(
    observation: Space,
    action: Space,
    readonly options: VaeRnnOptions,
  ) {
    checkVaeRnnOptions(options);
    const { latent, units } = options;
    this.observationSize = flatSize(observation);
    this.actionSize = actionWidth(action);
    this.vision = createVision(observation, options);
    this.memory = new Memory(options, this.actionSize);
    this.latentSize = latent;
    this.stateSize = latent + this.memory.carrySize;
    this.featureSize = latent + units;
    this.observeNoise = { latent: { kind: 'normal', size: latent } };
    this.imagineNoise = { mixture: { kind: 'uniform', size: latent }, latent: { kind: 'normal', size: latent } };
  }

  initialise(stream: Stream): VaeRnnOf<Value> {
    return { vision: this.vision.initialise(stream), memory: this.memory.initialise(stream) };
  }

  start(rows: number): tf.Tensor {
    return tf.zeros([rows, this.stateSize]);
  }

  observe(parameters: Tree<tf.Tensor>, sequence: ModelSequence, state: tf.Tensor, noise: Noise): Observed {
    const { vision, memory } = parameters as VaeRnnOf<tf.Tensor>;
    const [steps, rows] = sequence.observation.shape as [number, number];
    const posterior = this.vision.encode(vision, flat(sequence.observation));
    const z = tf.reshape(drawLatent(posterior, flat(noise.latent!)), [steps, rows, this.latentSize]);
    const [before, carry] = this.parts(state);
    const carries = this.memory.carries(memory, { ...sequence, z }, before, carry);
    return { states: tf.concat([z, carries], 2) };
  }

  imagine(
    parameters: Tree<tf.Tensor>,
    state: tf.Tensor,
    action: tf.Tensor,
    noise: Noise,
    temperature: tf.Tensor | number = 1,
  ): Imagined {
    const { memory } = parameters as VaeRnnOf<tf.Tensor>;
    const [z, carry] = this.parts(state);
    const next = this.memory.step(memory, carry, z, action);
    const expected = this.memory.expect(memory, next);
    const drawn = this.memory.draw(expected, { mixture: noise.mixture!, latent: noise.latent! }, temperature);
    const { reward, terminalLogit } = expected;
    return { state: tf.concat([drawn, next], 1), reward, terminalLogit };
  }

  features(state: tf.Tensor): tf.Tensor {
    if (this.featureSize === this.stateSize) return state;
    const lead = state.shape.slice(0, -1);
    return tf.slice(state, [...lead.map(() => 0), 0], [...lead, this.featureSize]);
  }

  decode(parameters: Tree<tf.Tensor>, state: tf.Tensor): tf.Tensor {
    const { vision } = parameters as VaeRnnOf<tf.Tensor>;
    const [z] = this.parts(tf.reshape(state, [-1, this.stateSize]));
    return tf.reshape(this.vision.decode(vision, z), [...state.shape.slice(0, -1), this.observationSize]);
  }

  losses(parameters: Tree<tf.Tensor>, sequence: ModelSequence, state: tf.Tensor, noise: Noise): ModelLoss {
    const [steps, rows] = sequence.observation.shape as [number, number];
    const seen = this.visionLoss(parameters, flat(sequence.observation), flat(noise.latent!));
    const z = detached(tf.reshape(seen.z, [steps, rows, this.latentSize]));
    const { memory } = parameters as VaeRnnOf<tf.Tensor>;
    const remembered = this.memory.loss(memory, { ...sequence, z }, ...this.parts(state));
    return {
      loss: tf.add(seen.loss, remembered.loss),
      parts: {
        reconstruction: seen.reconstruction,
        divergence: seen.divergence,
        latent: remembered.latent,
        reward: remembered.reward,
        terminal: remembered.ending,
      },
      states: detached(tf.concat([z, remembered.carries], 2)),
    };
  }

  /** observation: [N, D] -> the latent's mean and log variance, [N, Z] each. */
  encode(parameters: Tree<tf.Tensor>, observation: tf.Tensor): Posterior {
    return this.vision.encode((parameters as VaeRnnOf<tf.Tensor>).vision, observation);
  }

  /** V's losses alone. observation: [N, D]; noise: standard normal [N, Z]. */
  visionLoss(parameters: Tree<tf.Tensor>, observation: tf.Tensor, noise: tf.Tensor): VisionLoss {
    return visionLoss(this.vision, (parameters as VaeRnnOf<tf.Tensor>).vision, observation, noise, this.options);
  }

  /** M's losses alone, on latents drawn from what V made of each row, from the start of memory on. noise: [L, B, Z]. */
  memoryLoss(parameters: Tree<tf.Tensor>, coded: CodedSequence, noise: tf.Tensor): MemoryLoss {
    const [, rows] = coded.mean.shape as [number, number];
    const z = drawLatent(coded, noise);
    const { memory } = parameters as VaeRnnOf<tf.Tensor>;
    const [before, carry] = this.parts(this.start(rows));
    return this.memory.loss(memory, { ...coded, z }, before, carry);
  }

  /** [N, S] as z and M's carry. */
  private parts(state: tf.Tensor): [z: tf.Tensor, carry: tf.Tensor] {
    const [z, carry] = tf.split(state, [this.latentSize, this.stateSize - this.latentSize], 1);
    return [z!, carry!];
  }
}

/** [L, B, ...] -> [L B, ...]. */
function flat(x: tf.Tensor): tf.Tensor {
  return tf.reshape(x, [x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)]);
}
