import type { Checkpoint, Evaluation, Iteration, Training } from '../../agents/index.ts';
import { LightbulbError, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import type { CreateTraining } from '../../scenarios/index.ts';

/** What a fake training is to do besides training. */
export interface Trouble {
  /** Called with the step before every iteration; may throw. */
  readonly before?: (step: number) => void;
  /** Metrics to report at a step instead of the true ones. */
  readonly metrics?: (step: number) => Record<string, number> | undefined;
  /** Numbers that learn: another count makes another network. */
  readonly parameters?: number;
}

/**
 * A training that learns nothing, but whose every number depends on all that came before: a random walk whose weights,
 * stream and step are its whole state.
 */
export function fakeTraining(trouble: Trouble = {}): CreateTraining {
  return async ({ seed, copies }) => new Walk(seed, copies * 8, trouble);
}

class Walk implements Training {
  step = 0;
  closed = false;
  private readonly weights: Float32Array;
  private noise: Stream;
  private readonly seed: number;
  private readonly stride: number;
  private readonly trouble: Trouble;

  constructor(seed: number, stride: number, trouble: Trouble) {
    this.seed = seed;
    this.stride = stride;
    this.trouble = trouble;
    this.weights = new Float32Array(trouble.parameters ?? 5);
    this.noise = stream(seed, 'fake');
  }

  get parameterCount(): number {
    return this.weights.length;
  }

  async advance(): Promise<Iteration> {
    this.trouble.before?.(this.step);
    for (let i = 0; i < this.weights.length; i++) this.weights[i] = this.weights[i]! * 0.9 + this.noise.normal();
    this.step += this.stride;
    const metrics = this.trouble.metrics?.(this.step) ?? { 'loss/policy': this.weights[0]!, 'return/mean': this.sum() };
    return { step: this.step, metrics, episodes: this.noise.integer(4) };
  }

  async evaluate({ episodes, seed }: { episodes: number; seed: number }): Promise<Evaluation> {
    const luck = stream(this.seed, `evaluation/${seed}`);
    const mean = this.sum() + luck.normal();
    return { episodes, return: { mean, std: 1, min: mean - 2, max: mean + 2 }, length: 10, agents: { agent_0: mean } };
  }

  save(): Checkpoint {
    const weights = { dtype: 'float32', shape: [this.weights.length], data: this.weights.slice() } as const;
    return { tensors: { weights }, state: { step: this.step, noise: { ...this.noise.state() } } };
  }

  load({ tensors, state }: Checkpoint): void {
    const weights = tensors.weights!;
    if (weights.data.length !== this.weights.length) {
      throw new LightbulbError('mismatch', '"weights" has another shape', {
        wanted: `[${this.weights.length}]`,
        got: `[${weights.shape.join(', ')}]`,
      });
    }
    this.weights.set(weights.data);
    const { step, noise } = state as unknown as { step: number; noise: StreamState };
    this.step = step;
    this.noise = restoreStream(noise);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private sum(): number {
    return this.weights.reduce((total, weight) => total + weight, 0);
  }
}
