import type { Stream } from '../../core/index.ts';
import type { Exploration } from './exploration.ts';
import type { LevelModel } from './level-model.ts';

/** A level as it is learned. */
export interface Studied {
  readonly model: LevelModel;
  readonly exploration: Exploration;
}

/** Estimates of the errors of levels, from one round of imagination. */
export interface Estimates {
  /** [levels]: imagined rollouts that began on each. */
  readonly samples: Int32Array;
  /** [levels]: the sum over them of the mean disagreement along each. */
  readonly sums: Float64Array;
}

/**
 * WAKER's estimate (Rigter et al., arXiv 2306.09205): from states drawn from everything that was visited, the exploration
 * policy is rolled out in the model for `horizon` steps, and the mean disagreement along the way is credited to the level
 * that the first state belongs to. So the estimates of all levels move at each round, whichever was played.
 *
 * One thing is added: of a level that nobody played yet, whose table has no visited state, one rollout starts from any
 * state. Curricula follow only what they have heard of, and with a few hundred episodes in all, a level that chance has
 * left out would be left out to the end.
 */
export function imagine(levels: readonly Studied[], rollouts: number, horizon: number, random: Stream): Estimates {
  const samples = new Int32Array(levels.length);
  const sums = new Float64Array(levels.length);
  const visits = Float64Array.from(levels, ({ model }) => model.totalVisits);
  const total = visits.reduce((sum, count) => sum + count, 0);
  const roll = (place: number, start: number): void => {
    samples[place]!++;
    sums[place]! += meanDisagreement(levels[place]!, start, horizon, random);
  };
  levels.forEach(({ model }, place) => {
    if (model.totalVisits === 0) roll(place, random.integer(model.states));
  });
  for (let i = 0; i < (total === 0 ? 0 : rollouts); i++) {
    const place = drawFrom(visits, total, random);
    const { model } = levels[place]!;
    roll(place, drawFrom(model.visits, model.totalVisits, random));
  }
  return { samples, sums };
}

function meanDisagreement({ model, exploration }: Studied, start: number, horizon: number, random: Stream): number {
  let state = start;
  let sum = 0;
  for (let h = 0; h < horizon; h++) {
    const row = state * model.actions + exploration.act(state, random);
    sum += model.disagreement[row]!;
    state = model.draw(row, random);
  }
  return sum / horizon;
}

/** A place with chance proportional to its weight; weights are whole and sum to `total`. */
function drawFrom(weights: Float64Array, total: number, random: Stream): number {
  let left = random.uniform() * total;
  let place = 0;
  while (left >= weights[place]!) left -= weights[place++]!;
  return place;
}
