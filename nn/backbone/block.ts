import { internal, type Stream } from '../../core/index.ts';
import { tf } from '../engine/tf.ts';
import type { Value } from '../engine/value.ts';
import { layerNorm, type NormOf, type RmsNormOf, rmsNorm } from '../layers/index.ts';
import type { Branch } from '../tree.ts';
import type { BackboneConfig } from './config.ts';
import { within } from './dropout.ts';
import type { FeedForward, Mixer, MixerContext, PieceContext } from './parts.ts';

export type BlockOf<X> = {
  readonly mixer: Branch<X>;
  readonly mixerNorm: NormOf<X> | RmsNormOf<X>;
  readonly feedForward: Branch<X>;
  readonly feedForwardNorm: NormOf<X> | RmsNormOf<X>;
};

/** The norm that the configuration chooses. */
export const blockNorm = {
  init: ({ normKind, width }: BackboneConfig): NormOf<Value> | RmsNormOf<Value> =>
    normKind === 'layer' ? layerNorm.init(width) : rmsNorm.init(width),

  /** x: [..., D] -> [..., D]. */
  apply(
    parameters: NormOf<tf.Tensor> | RmsNormOf<tf.Tensor>,
    x: tf.Tensor,
    { normEpsilon }: BackboneConfig,
  ): tf.Tensor {
    return 'offset' in parameters
      ? layerNorm.apply(parameters, x, normEpsilon)
      : rmsNorm.apply(parameters, x, normEpsilon);
  },
};

/** One layer: a mixer and a feed-forward, each with its norm and its way past. */
export class Block {
  constructor(
    private readonly config: BackboneConfig,
    private readonly mixer: Mixer,
    private readonly feedForward: FeedForward,
  ) {}

  init(stream: Stream): BlockOf<Value> {
    return {
      mixer: this.mixer.init(stream, this.config),
      mixerNorm: blockNorm.init(this.config),
      feedForward: this.feedForward.init(stream, this.config),
      feedForwardNorm: blockNorm.init(this.config),
    };
  }

  /** x: [B, L, D] -> the same shape, and what the feed-forward adds to the loss. */
  apply(parameters: BlockOf<tf.Tensor>, x: tf.Tensor, context: MixerContext, layer: number): Passed {
    const drop = within(context.drop, `${layer}/`);
    const rate = this.config.dropout.residual;
    const mixed = this.past(x, parameters.mixerNorm, (y) =>
      drop(this.mixer.apply(parameters.mixer, y, { ...context, drop }), 'mixer', rate),
    );
    return this.fedForward(parameters, mixed, (y) => drop(y, 'feedForward', rate));
  }

  /** The next tokens [B, C, D] of each sequence, with what the mixer remembers. */
  advance(
    parameters: BlockOf<tf.Tensor>,
    x: tf.Tensor,
    memory: Branch<tf.Tensor>,
    context: PieceContext,
  ): { readonly output: tf.Tensor; readonly memory: Branch<tf.Tensor> } {
    let next: Branch<tf.Tensor> | undefined;
    const mixed = this.past(x, parameters.mixerNorm, (y) => {
      const advanced = this.mixer.advance?.(parameters.mixer, y, memory, context);
      if (advanced === undefined) throw internal(`the mixer ${this.config.mixer} was asked to decode`);
      next = advanced.memory;
      return advanced.output;
    });
    return { output: this.fedForward(parameters, mixed, (y) => y).output, memory: next! };
  }

  private fedForward(parameters: BlockOf<tf.Tensor>, x: tf.Tensor, after: (y: tf.Tensor) => tf.Tensor): Passed {
    let loss: tf.Scalar | undefined;
    const output = this.past(x, parameters.feedForwardNorm, (y) => {
      const result = this.feedForward.apply(parameters.feedForward, y, this.config);
      loss = result.loss;
      return after(result.output);
    });
    return loss === undefined ? { output } : { output, loss };
  }

  /** A part with its norm, and the residual stream that goes past it. */
  private past(
    x: tf.Tensor,
    norm: NormOf<tf.Tensor> | RmsNormOf<tf.Tensor>,
    part: (x: tf.Tensor) => tf.Tensor,
  ): tf.Tensor {
    const normed = (y: tf.Tensor): tf.Tensor => blockNorm.apply(norm, y, this.config);
    switch (this.config.norm) {
      case 'pre':
        return tf.add(x, part(normed(x)));
      case 'post':
        return normed(tf.add(x, part(x)));
      case 'reordered':
        return tf.add(x, normed(part(x)));
    }
  }
}

interface Passed {
  readonly output: tf.Tensor;
  readonly loss?: tf.Scalar;
}
