import type { Program, Value, Values } from '../../nn/index.ts';
import type { LearnerState } from '../learner-state.ts';
import type { Metrics } from './metrics.ts';

/**
 * A program that moves parameters by one gradient step: from the state's current place to its other one, where they stand
 * afterwards. It is bound once for each place that its inputs can be in.
 *
 * `inputs`: what it reads besides the state, always from the same arrays. `outputs`: what it writes besides state and `metrics`.
 */
export class GradientStep {
  private readonly runs = new Map<string, () => void>();

  constructor(
    readonly program: Program,
    private readonly state: LearnerState,
    private readonly metrics: Metrics,
    private readonly inputs: Values,
    private readonly outputs: Values = {},
  ) {}

  /** Adds what is measured to `sums`. given: further inputs, whose places `key` tells apart. */
  run(sums: Map<string, number>, given: Values = {}, key = ''): void {
    const { runs, state } = this;
    const place = `${state.turn} ${key}`;
    let run = runs.get(place);
    if (run === undefined) {
      run = this.bind(given);
      runs.set(place, run);
    }
    run();
    this.metrics.addTo(sums);
    state.swap();
  }

  dispose(): void {
    this.program.dispose();
  }

  private bind(given: Values): () => void {
    const { state, program } = this;
    const inputs = { ...state.current, ...this.inputs, ...given };
    const metrics: Value = this.metrics.array(program.outputsFor(inputs).metrics!.shape);
    return program.bind(inputs, { ...state.next, ...this.outputs, metrics });
  }
}
