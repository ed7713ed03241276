import type { PpoOptions } from './options.ts';
import { type Minibatch, moments, standardise } from './ppo-minibatch.ts';
import type { ValueScale } from './value-scale.ts';

/** A scale of values: what they are divided by, after what is taken off. */
export interface Scale {
  readonly mean: number;
  readonly std: number;
}

/**
 * What changes in a minibatch besides its rows, worked out on the host: standardised advantages, targets in the
 * critic's units. Depends on no parameters, so minibatches can be made ready ahead.
 */
export class PpoTargets {
  private rollout: Scale = { mean: 0, std: 1 };

  constructor(
    private readonly scale: ValueScale | null,
    private readonly options: PpoOptions,
  ) {}

  /** Before the steps on a rollout: its values are outputs in the present scale. */
  begin(): void {
    if (this.scale !== null) this.rollout = { mean: this.scale.mean, std: this.scale.std };
  }

  /**
   * Makes a gathered minibatch ready. Returns the share of each living agent's row in a mean; with PopArt, also the
   * scale that the critic's head has to leave, and the one that it has to come into.
   */
  prepare(batch: Minibatch): {
    readonly share: number;
    readonly popArt?: { readonly from: Scale; readonly to: Scale };
  } {
    const { scale, options, rollout } = this;
    const weight = (batch.array('alive') as Uint8Array | undefined) ?? null;
    const advantage = batch.array('advantage') as Float32Array;
    const target = batch.array('target') as Float32Array;
    if (options.normaliseAdvantages === 'minibatch') standardise(advantage, weight);
    const { mean, square, count } = moments(target, weight);
    const share = 1 / Math.max(1, count);
    const floats = batch.array('weight') as Float32Array | undefined;
    if (weight !== null && floats !== undefined) floats.set(weight);
    if (scale === null) return { share };
    const from = { mean: scale.mean, std: scale.std };
    scale.update(mean, square);
    const to = { mean: scale.mean, std: scale.std };
    for (let i = 0; i < target.length; i++) target[i] = (target[i]! - to.mean) / to.std;
    if (options.valueNormalisation !== 'popArt') return { share };
    // The values that clipping compares with are outputs of the head as it was in the rollout: they move with it.
    const old = batch.array('value') as Float32Array | undefined;
    for (let i = 0; i < (old?.length ?? 0); i++) old![i] = (rollout.std * old![i]! + rollout.mean - to.mean) / to.std;
    return { share, popArt: { from, to } };
  }
}
