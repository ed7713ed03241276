import type { Stream } from '../../core/index.ts';
import type { Collector, Player } from '../collector.ts';
import type { Studied } from './imagination.ts';

/** Explores every copy's level and learns its model from each step, before the next is taken. */
export class Student implements Player {
  /** [B]: the place of the level, and the state, that each copy's step began in. */
  private readonly place: Int32Array;
  private readonly state: Int32Array;
  private met = 0;
  private steps = 0;

  /**
   * `streams`: asked for anew at every step, so that they may be replaced. `placeOf`: the place in `levels` of what copy
   * b plays.
   */
  constructor(
    private readonly collector: Collector,
    private readonly levels: readonly Studied[],
    private readonly streams: { readonly actions: Stream; readonly bootstrap: Stream },
    private readonly placeOf: (b: number) => number,
  ) {
    this.place = new Int32Array(collector.B);
    this.state = new Int32Array(collector.B);
  }

  act(t: number): void {
    const { observation, actions, sizes } = this.collector.groups[0]!;
    const { B } = this.collector;
    for (let b = 0; b < B; b++) {
      const place = this.placeOf(b);
      const state = hottest(observation, (t * B + b) * sizes.D);
      this.place[b] = place;
      this.state[b] = state;
      actions[t]![b] = this.levels[place]!.exploration.act(state, this.streams.actions);
    }
  }

  observed(t: number): void {
    const { observation, finalObservation, actions, terminated, truncated, sizes } = this.collector.groups[0]!;
    const { B } = this.collector;
    for (let b = 0; b < B; b++) {
      const { model, exploration } = this.levels[this.place[b]!]!;
      const ended = terminated[t * B + b] === 1 || truncated[t * B + b] === 1;
      const next = ended ? hottest(finalObservation, b * sizes.D) : hottest(observation, ((t + 1) * B + b) * sizes.D);
      const [state, action] = [this.state[b]!, actions[t]![b]!];
      this.met += model.disagreement[state * model.actions + action]!;
      this.steps++;
      model.observe(state, action, next, this.streams.bootstrap);
      exploration.learned();
    }
  }

  /** The mean disagreement that steps met, before they were learned from, since this was last asked. */
  disagreement(): number {
    const mean = this.steps === 0 ? 0 : this.met / this.steps;
    this.met = 0;
    this.steps = 0;
    return mean;
  }
}

/** The place of the one in a one-hot that starts at `from`. */
function hottest(numbers: Float32Array, from: number): number {
  let place = 0;
  while (numbers[from + place] !== 1) place++;
  return place;
}
