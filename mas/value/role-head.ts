import type { Stream } from '../../core/index.ts';
import type { Branch, tf, Value } from '../../nn/index.ts';
import type { Encoded } from './encoder.ts';

/** How a role decides, from what its encoder made of R observations. Pure functions over a tree of parameters. */
export interface RoleHead {
  readonly noise: 'gumbel' | 'normal';
  /** Noise numbers that a draw wants for each row. */
  readonly noiseSize: number;
  readonly dtype: 'int32' | 'float32';
  initialise(stream: Stream): Branch<Value>;
  /** Of actions [R, A]; legal: bool [R, M] where the group is masked. In nats: [R] each. */
  evaluate(
    parameters: Branch<tf.Tensor>,
    encoded: Encoded,
    legal: tf.Tensor | undefined,
    action: tf.Tensor,
  ): {
    readonly logProbability: tf.Tensor;
    readonly entropy: tf.Tensor;
    /** Of an utterance: how many choices it has [R], the stop among them; and of each [R, A], 0 after the stop. */
    readonly length?: tf.Tensor;
    readonly each?: tf.Tensor;
  };
  /** Draws by the noise [R, noiseSize], or takes the most likely: [R, A] and [R]. */
  draw(
    parameters: Branch<tf.Tensor>,
    encoded: Encoded,
    legal: tf.Tensor | undefined,
    noise: tf.Tensor | null,
  ): { readonly action: tf.Tensor; readonly logProbability: tf.Tensor };
  /** Of a single choice: log-probabilities [R, n]. Missing for other actions. */
  logProbabilities?(parameters: Branch<tf.Tensor>, encoded: Encoded, legal: tf.Tensor | undefined): tf.Tensor;
}
