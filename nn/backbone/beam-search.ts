import { LightbulbError } from '../../core/index.ts';
import type { Value } from '../engine/value.ts';

export interface BeamOptions {
  /** How many are kept at each step, K. */
  readonly beams: number;
  /** Most tokens to add. */
  readonly steps: number;
  /**
   * alpha of ((5 + |y|) / 6)^alpha, which the log-probability of |y| tokens is divided by (Wu et al. 2016, equation
   * 14): 0 (default) favours short ones; 0.6 is usual. Of no effect where nothing ends early.
   */
  readonly lengthPenalty?: number;
  /** The token that ends a continuation. */
  readonly end?: number;
}

/** A continuation. */
export interface Beam {
  readonly ids: readonly number[];
  /** The natural logarithm of its probability. */
  readonly logProbability: number;
  /** That, divided by the length penalty. */
  readonly score: number;
}

/** A continuation that goes on, from row `row` of the logits that it was chosen by. */
export interface LiveBeam {
  readonly row: number;
  readonly ids: readonly number[];
  readonly logProbability: number;
}

/**
 * Beam search on the host: which continuations go on, and which ended. At each step the 2 K best are looked at, as at
 * most K of them can end. It stops where none that goes on could still be better than the K best that ended.
 */
export class BeamSearch {
  private live: readonly LiveBeam[] = [{ row: 0, ids: [], logProbability: 0 }];
  private ended: Beam[] = [];

  /** legal: bool [steps, V]. Errors: `invalid_input` for settings out of range. */
  constructor(
    private readonly options: BeamOptions,
    private readonly legal?: Value,
  ) {
    const { beams, lengthPenalty = 0 } = options;
    const isWrong = !(Number.isSafeInteger(beams) && beams >= 1);
    if (isWrong || !(Number.isFinite(lengthPenalty) && lengthPenalty >= 0))
      throw new LightbulbError('invalid_input', 'beams cannot be searched so', {
        where: isWrong ? 'beams' : 'lengthPenalty',
        wanted: isWrong ? 'a whole number from 1' : 'a number from 0',
        got: String(isWrong ? beams : lengthPenalty),
      });
  }

  /** Logits [rows, V] of what comes after each live beam -> those that go on, or null where the search is over. */
  extend(logits: Value): readonly LiveBeam[] | null {
    const { beams, end, steps } = this.options;
    const next: LiveBeam[] = [];
    for (const [rank, candidate] of this.candidates(logits).entries()) {
      if (candidate.ids.at(-1) === end) {
        if (rank < beams) this.ended.push(this.scored(candidate));
      } else if (next.length < beams) next.push(candidate);
    }
    this.live = next;
    this.ended = sorted(this.ended).slice(0, beams);
    const isLast = next.length === 0 || next[0]!.ids.length === steps;
    return isLast || this.isSettled() ? null : next;
  }

  /** The best of those that ended and those that go on: at most K. */
  best(): Beam[] {
    const all = [...this.ended, ...this.live.map((beam) => this.scored(beam))];
    return sorted(all).slice(0, this.options.beams);
  }

  /** The 2 K most probable continuations by one token, best first; of equals that of the earlier beam and lower id. */
  private candidates(logits: Value): LiveBeam[] {
    const vocabulary = logits.shape[1]!;
    const most = 2 * this.options.beams;
    const step = this.live[0]!.ids.length;
    const best: LiveBeam[] = [];
    for (const [row, beam] of this.live.entries()) {
      const scores = logits.data.subarray(row * vocabulary, (row + 1) * vocabulary) as Float32Array;
      const logSum = logSumOf(scores);
      for (let id = 0; id < vocabulary; id++) {
        if (this.legal !== undefined && this.legal.data[step * vocabulary + id] === 0) continue;
        const logProbability = beam.logProbability + scores[id]! - logSum;
        if (best.length === most && logProbability <= best[most - 1]!.logProbability) continue;
        let place = best.length;
        while (place > 0 && best[place - 1]!.logProbability < logProbability) place--;
        best.splice(place, 0, { row, ids: [...beam.ids, id], logProbability });
        if (best.length > most) best.pop();
      }
    }
    return best;
  }

  /** A log-probability only falls, and no penalty is larger than that of the longest. */
  private isSettled(): boolean {
    const { beams, steps } = this.options;
    if (this.ended.length < beams) return false;
    return this.ended[beams - 1]!.score >= this.live[0]!.logProbability / this.penalty(steps);
  }

  private scored({ ids, logProbability }: LiveBeam): Beam {
    return { ids, logProbability, score: logProbability / this.penalty(ids.length) };
  }

  private penalty(length: number): number {
    return ((5 + length) / 6) ** (this.options.lengthPenalty ?? 0);
  }
}

function sorted(beams: readonly Beam[]): Beam[] {
  return [...beams].sort((a, b) => b.score - a.score);
}

function logSumOf(scores: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const score of scores) if (score > most) most = score;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - most);
  return most + Math.log(sum);
}
