import { LightbulbError } from '../../core/index.ts';
import { float32, tf, type Value } from '../../nn/index.ts';

/** Scalars that a program reports as one vector, by the names that they had while it was traced. */
export class Metrics {
  private names: readonly string[] = [];
  private values: Value = float32([1]);

  constructor(
    private readonly prefix: string,
    private readonly owner: string,
  ) {}

  /** In a traced function: the scalars as one vector. */
  stacked(scalars: Readonly<Record<string, tf.Tensor>>): tf.Tensor {
    this.names = Object.keys(scalars);
    return tf.stack(Object.values(scalars).map((scalar) => tf.reshape(scalar, [])));
  }

  /** The array that the program writes them to. */
  array(shape: readonly number[]): Value {
    if (this.values.data.length !== shape[0]) this.values = float32(shape);
    return this.values;
  }

  /** Adds what the last run reported. Error `not_finite` naming the first one that is no finite number. */
  addTo(sums: Map<string, number>): void {
    for (const [i, name] of this.names.entries()) {
      const value = this.values.data[i]!;
      if (!Number.isFinite(value))
        throw new LightbulbError('not_finite', `${name} of ${this.owner} is no finite number`, {
          got: String(value),
          cure: 'Lower learningRate; the last checkpoint is from before it',
        });
      const key = `${this.prefix}/${name}`;
      sums.set(key, (sums.get(key) ?? 0) + value);
    }
  }
}
