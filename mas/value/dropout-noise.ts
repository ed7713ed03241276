import type { Stream } from '../../core/index.ts';
import { float32, sizeOf, type Value, type Values } from '../../nn/index.ts';
import type { Batch } from './batch.ts';
import type { EncoderOptions } from './options.ts';
import type { PolicyNetwork } from './policy-network.ts';

/** What an update drops: words of a batch's rows, in place, and noise for what blocks add. */
export class DropoutNoise {
  private readonly known = new Map<string, Readonly<Record<string, Value>>>();

  constructor(
    private readonly policy: PolicyNetwork,
    private readonly batch: Batch,
    private readonly encoder: EncoderOptions,
  ) {}

  /** Draws anew for what the batch was filled with. */
  fill(random: Stream): void {
    const { policy, batch, encoder } = this;
    if (encoder.kind === 'plain') return;
    for (const [r, { reader }] of policy.encoders.entries()) {
      const { data, rows } = batch.roles[r]!;
      if (encoder.wordDropout > 0) reader.hide?.(data, rows, encoder.wordDropout, random);
    }
    for (const { data } of Object.values(this.inputs())) {
      for (let i = 0; i < data.length; i++) data[i] = random.uniform();
    }
  }

  /** `<role>/noise/...`, uniform in [0, 1), for the batch's variant. */
  inputs(): Values {
    const { policy, batch, known } = this;
    const found = known.get(batch.key);
    if (found !== undefined) return found;
    const made: Record<string, Value> = {};
    for (const [r, encoder] of policy.encoders.entries()) {
      for (const [name, shape] of Object.entries(encoder.noiseShapes(batch.roles[r]!.rows)))
        made[`${r}/noise/${name}`] = float32(shape, new Float32Array(sizeOf(shape)));
    }
    known.set(batch.key, made);
    return made;
  }
}
