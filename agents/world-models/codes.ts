import type { Stream } from '../../core/index.ts';
import {
  compile,
  type Executor,
  flattened,
  float32,
  restored,
  type Tree,
  type tf,
  type Value,
} from '../../nn/index.ts';
import type { VaeRnn } from '../../worlds/models/index.ts';
import type { History } from './history.ts';
import type { ModelLearner } from './model-learner.ts';

/** Rows that V codes at a time. */
const ROWS = 256;

/** What V makes of every row of a history: the mean and the log variance of its latent, [copies, capacity, Z] each. */
export class Codes {
  readonly mean: Float32Array;
  readonly logVariance: Float32Array;

  constructor(
    private readonly history: History,
    private readonly Z: number,
  ) {
    const size = history.filled.length * history.capacity * Z;
    this.mean = new Float32Array(size);
    this.logVariance = new Float32Array(size);
  }

  /** Codes all rows. scale: from the environment's units to the model's. */
  fill(model: VaeRnn, parameters: Tree<Value>, scale: number, executor: Executor): void {
    const { history, Z } = this;
    const D = model.observationSize;
    const program = compile(
      (inputs) => {
        const { mean, logVariance } = model.encode(
          restored('parameters/', inputs) as Tree<tf.Tensor>,
          inputs.observation!,
        );
        return { mean, logVariance };
      },
      { name: 'world-models/encode', executor },
    );
    const observation = float32([ROWS, D]);
    const outputs = { mean: float32([ROWS, Z]), logVariance: float32([ROWS, Z]) };
    const run = program.bind({ ...flattened<Value>('parameters/', parameters), observation }, outputs);
    const at = new Int32Array(ROWS);
    for (let from = 0; from < history.rows; from += ROWS) {
      const count = Math.min(ROWS, history.rows - from);
      for (let i = 0; i < count; i++) {
        at[i] = history.rowAt(from + i);
        for (let d = 0; d < D; d++) observation.data[i * D + d] = history.observation[at[i]! * D + d]! * scale;
      }
      run();
      for (let i = 0; i < count; i++) {
        this.mean.set(outputs.mean.data.subarray(i * Z, (i + 1) * Z), at[i]! * Z);
        this.logVariance.set(outputs.logVariance.data.subarray(i * Z, (i + 1) * Z), at[i]! * Z);
      }
    }
    program.dispose();
  }

  /** Draws windows into a batch of M's. Each begins as if an episode did: nothing is remembered from before it. */
  draw(batch: ModelLearner['memoryBatch'], stream: Stream): void {
    const { history, Z } = this;
    const [L, B] = batch.mean.shape as [number, number];
    const A = history.shape.action;
    for (let b = 0; b < B; b++) {
      const start = history.drawWindow(L, stream);
      for (let t = 0; t < L; t++) {
        const [from, to] = [start + t, t * B + b];
        for (let z = 0; z < Z; z++) {
          batch.mean.data[to * Z + z] = this.mean[from * Z + z]!;
          batch.logVariance.data[to * Z + z] = this.logVariance[from * Z + z]!;
        }
        for (let a = 0; a < A; a++) batch.action.data[to * A + a] = history.action[from * A + a]!;
        batch.reward.data[to] = history.reward[from]!;
        batch.first.data[to] = t === 0 ? 1 : history.first[from]!;
        batch.terminal.data[to] = history.terminal[from]!;
      }
    }
    stream.fillNormal(batch.noise.data as Float32Array);
  }
}
