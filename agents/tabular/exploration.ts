import type { Stream } from '../../core/index.ts';
import type { LevelModel } from './level-model.ts';

/** What acts on one level while its model is learned. */
export interface Exploration {
  act(state: number, random: Stream): number;
  /** Told after each step on the level. */
  learned(): void;
  /** Numbers that decide what is done next, and are not in the model. */
  save(): readonly number[];
  load(saved: readonly number[]): void;
}

/** Uniform actions. */
export function randomExploration({ actions }: LevelModel): Exploration {
  return { act: (_, random) => random.integer(actions), learned: () => {}, save: () => [], load: () => {} };
}

/** Sweeps of one planning at most, and the largest change at which it has settled. */
const SWEEPS = 100;
const SETTLED = 1e-3;
/** Actions this close are as good as each other, and drawn from. */
const EQUAL = 1e-9;

/**
 * Plan2Explore (Sekar et al., arXiv 2005.05960), with tables: the greedy policy of the discounted sum of disagreements
 * along imagined steps, planned in the model by value iteration from where the last plan ended, every `replan` steps.
 */
export class PlannedExploration implements Exploration {
  /** [S] */
  private readonly values: Float64Array;
  /** [S, A] */
  private readonly worth: Float64Array;
  private sincePlan = 0;

  constructor(
    private readonly model: LevelModel,
    private readonly discount: number,
    private readonly replan: number,
  ) {
    this.values = new Float64Array(model.states);
    this.worth = new Float64Array(model.states * model.actions);
    this.plan();
  }

  act(state: number, random: Stream): number {
    const { actions } = this.model;
    const from = state * actions;
    let most = this.worth[from]!;
    for (let a = 1; a < actions; a++) most = Math.max(most, this.worth[from + a]!);
    let equals = 0;
    for (let a = 0; a < actions; a++) if (this.worth[from + a]! >= most - EQUAL) equals++;
    let left = equals === 1 ? 0 : random.integer(equals);
    for (let a = 0; a < actions; a++) {
      if (this.worth[from + a]! >= most - EQUAL && left-- === 0) return a;
    }
    return actions - 1;
  }

  learned(): void {
    if (++this.sincePlan < this.replan) return;
    this.plan();
  }

  save(): readonly number[] {
    return [this.sincePlan, ...this.values, ...this.worth];
  }

  load([sincePlan = 0, ...rest]: readonly number[]): void {
    this.sincePlan = sincePlan;
    this.values.set(rest.slice(0, this.values.length));
    this.worth.set(rest.slice(this.values.length));
  }

  private plan(): void {
    this.sincePlan = 0;
    const { model, values, worth, discount } = this;
    const { states, actions, disagreement } = model;
    let total = 0;
    for (const value of values) total += value;
    for (let sweep = 0, moved = 1; sweep < SWEEPS && moved > SETTLED; sweep++) {
      moved = 0;
      for (let s = 0; s < states; s++) {
        let best = Number.NEGATIVE_INFINITY;
        for (let a = 0; a < actions; a++) {
          const row = s * actions + a;
          const gain = disagreement[row]! + discount * model.expected(values, total, row);
          worth[row] = gain;
          if (gain > best) best = gain;
        }
        moved = Math.max(moved, Math.abs(best - values[s]!));
        total += best - values[s]!;
        values[s] = best;
      }
    }
  }
}
