import type { Stream } from '../../core/index.ts';
import { middle, mustBeScores, type Scores, trimmed } from './aggregates.ts';

/**
 * Scores that are drawn again and again, with replacement, within each task (a stratum). A draw is kept as how often
 * each score came up, by its rank among all scores: then no draw needs sorting, and nothing is allocated.
 */
export class Resampled {
  /** All scores in order. */
  readonly sorted: Float64Array;
  /** How often each of `sorted` is in the present draw. */
  readonly counts: Int32Array;
  /** `ranks[task][run]`: where in `sorted` a run's score stands. */
  readonly ranks: readonly Int32Array[];
  private readonly taskMeans: Float64Array;
  private readonly cut: number;

  constructor(scores: Scores) {
    mustBeScores(scores);
    const all = scores.flatMap((runs, task) => Array.from(runs, (score, run) => ({ score, task, run })));
    all.sort((a, b) => a.score - b.score);
    this.sorted = Float64Array.from(all, ({ score }) => score);
    this.counts = new Int32Array(all.length);
    this.ranks = scores.map((runs) => new Int32Array(runs.length));
    all.forEach(({ task, run }, rank) => {
      this.ranks[task]![run] = rank;
    });
    this.taskMeans = new Float64Array(scores.length);
    this.cut = trimmed(all.length);
  }

  /** Whether a draw can differ from the scores themselves: with one run in each task none can. */
  get varies(): boolean {
    return this.ranks.some((runs) => runs.length > 1);
  }

  draw(random: Stream): void {
    const { counts, sorted, ranks, taskMeans } = this;
    counts.fill(0);
    for (let task = 0; task < ranks.length; task++) {
      const runs = ranks[task]!;
      let total = 0;
      for (let i = 0; i < runs.length; i++) {
        const rank = runs[Math.floor(random.uniform() * runs.length)]!;
        counts[rank]!++;
        total += sorted[rank]!;
      }
      taskMeans[task] = total / runs.length;
    }
  }

  /** Of the present draw, as all below. */
  mean(): number {
    let total = 0;
    for (let task = 0; task < this.taskMeans.length; task++) total += this.taskMeans[task]!;
    return total / this.taskMeans.length;
  }

  /** Sorts the means of the tasks in place: call it last. */
  median(): number {
    return middle(this.taskMeans.sort());
  }

  interquartileMean(): number {
    const { counts, sorted, cut } = this;
    const end = sorted.length - cut;
    let [total, before] = [0, 0];
    for (let rank = 0; before < end; rank++) {
      const after = before + counts[rank]!;
      const inside = Math.min(after, end) - Math.max(before, cut);
      if (inside > 0) total += inside * sorted[rank]!;
      before = after;
    }
    return total / (end - cut);
  }

  optimalityGap(gamma: number): number {
    const { counts, sorted } = this;
    let total = 0;
    for (let rank = 0; rank < sorted.length; rank++) total += counts[rank]! * Math.min(sorted[rank]!, gamma);
    return gamma - total / sorted.length;
  }
}

/** The runs of `a` and `b` on each task in one order, so that a sweep over it counts who wins in a draw of both. */
export class Duel {
  private readonly a: Resampled;
  private readonly b: Resampled;
  /** By task, in order of score: rank in `a` as it is, rank in `b` as its complement (so below 0). */
  private readonly order: readonly Int32Array[];
  /** By task: 1 where a score is higher than the one before it. */
  private readonly rises: readonly Uint8Array[];

  constructor(a: Resampled, b: Resampled) {
    this.a = a;
    this.b = b;
    const scoreAt = (place: number) => (place >= 0 ? a.sorted[place]! : b.sorted[~place]!);
    this.order = a.ranks.map((ours, task) =>
      Int32Array.from([...ours, ...Array.from(b.ranks[task]!, (rank) => ~rank)]).sort(
        (x, y) => scoreAt(x) - scoreAt(y),
      ),
    );
    this.rises = this.order.map((places) =>
      Uint8Array.from(places, (place, i) => (i > 0 && scoreAt(place) > scoreAt(places[i - 1]!) ? 1 : 0)),
    );
  }

  /** The probability that `a` improves on `b`, of the present draw of both. */
  probability(): number {
    let total = 0;
    for (let task = 0; task < this.order.length; task++) total += this.onTask(task);
    return total / this.order.length;
  }

  private onTask(task: number): number {
    const [ours, theirs] = [this.a.counts, this.b.counts];
    const [order, rises] = [this.order[task]!, this.rises[task]!];
    // Scores that are equal form a group: `a` wins against what is below it, and half against the group itself.
    let [wins, below, groupOfA, groupOfB] = [0, 0, 0, 0];
    for (let i = 0; i < order.length; i++) {
      if (rises[i] === 1) {
        wins += groupOfA * (below + groupOfB / 2);
        below += groupOfB;
        groupOfA = 0;
        groupOfB = 0;
      }
      const place = order[i]!;
      if (place >= 0) groupOfA += ours[place]!;
      else groupOfB += theirs[~place]!;
    }
    wins += groupOfA * (below + groupOfB / 2);
    return wins / (this.a.ranks[task]!.length * this.b.ranks[task]!.length);
  }
}
