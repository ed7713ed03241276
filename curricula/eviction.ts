import { byScore, type PriorityOptions, scoreChances } from './priorities.ts';

/** What decides how likely a level is replayed. */
interface Ranked {
  readonly score: number;
  /** When it was last played. */
  readonly seen: number;
}

/**
 * Which of a buffer's levels is least likely to be replayed, while they make room one after the other. Ranks are kept from
 * one to the next: sorting a whole buffer for each level that comes in takes longer than playing the level.
 */
export class Eviction {
  /** Places from the highest score down; equal scores in the order they stand in. */
  private readonly order: Int32Array;
  /** P_S by rank. */
  private readonly byRank: Float64Array;
  private readonly scores: Float64Array;
  /** How long ago each level was played, and all of it together. */
  private readonly waited: Float64Array;
  private waitedInAll = 0;

  /** entries: at least one. `clock`: now. */
  constructor(
    entries: readonly Ranked[],
    clock: number,
    private readonly options: PriorityOptions,
  ) {
    this.scores = Float64Array.from(entries, ({ score }) => score);
    this.waited = Float64Array.from(entries, ({ seen }) => clock - seen);
    for (const time of this.waited) this.waitedInAll += time;
    this.order = byScore(this.scores);
    // The chances of scores that fall from place to place: places are ranks.
    this.byRank = scoreChances(
      this.scores.map((_, i) => -i),
      options,
    );
  }

  /** The place of the level that is least likely to be replayed; of equals, the first. */
  get leastLikely(): number {
    const { order, byRank, waited, waitedInAll } = this;
    const { staleness } = this.options;
    // As in P_C: all alike where none waited, which makes no difference here.
    const perTime = waitedInAll > 0 ? staleness / waitedInAll : 0;
    let least = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (let rank = 0; rank < order.length; rank++) {
      const place = order[rank]!;
      const chance = (1 - staleness) * byRank[rank]! + perTime * waited[place]!;
      if (chance > lowest || (chance === lowest && place > least)) continue;
      least = place;
      lowest = chance;
    }
    return least;
  }

  /** Another level is at `place` now, just played. */
  replace(place: number, score: number): void {
    const { order, scores } = this;
    let rank = order.indexOf(place);
    scores[place] = score;
    this.waitedInAll -= this.waited[place]!;
    this.waited[place] = 0;
    const comesBefore = (other: number): boolean =>
      scores[other]! > score || (scores[other] === score && other < place);
    for (; rank > 0 && !comesBefore(order[rank - 1]!); rank--) order[rank] = order[rank - 1]!;
    for (; rank + 1 < order.length && comesBefore(order[rank + 1]!); rank++) order[rank] = order[rank + 1]!;
    order[rank] = place;
  }
}
