import type { FeedbackKind } from '../../worlds/index.ts';
import type { feedback, Received } from '../messages/index.ts';

/** What agents said of each other in a round: the environment's own words, and what came by the bus in time. */
export class FeedbackBox {
  /** [T, B, K]; see `Experience`. */
  readonly score: Float32Array;
  readonly said: Uint8Array;
  /** What came and could not be used. */
  setAside = 0;
  private readonly kindOf = new Map<string, number>();
  private readonly K: number;
  private round = 0;
  /** Steps of the round that are over: nobody can have an opinion of what is to come. */
  private over = 0;
  private pending: Received<typeof feedback>[] = [];

  constructor(
    private readonly kinds: readonly FeedbackKind[],
    T: number,
    private readonly B: number,
  ) {
    this.K = kinds.length;
    this.score = new Float32Array(T * B * this.K);
    this.said = new Uint8Array(T * B * this.K);
    for (const [k, { from, about, meaning }] of kinds.entries()) this.kindOf.set(keyOf(from, about, meaning), k);
  }

  begin(round: number): void {
    [this.round, this.over] = [round, 0];
    this.score.fill(0);
    this.said.fill(0);
  }

  /** Row `t`, for the environment to write into. */
  row(t: number): { readonly score: Float32Array; readonly said: Uint8Array } {
    const width = this.B * this.K;
    const [from, to] = [t * width, (t + 1) * width];
    return { score: this.score.subarray(from, to), said: this.said.subarray(from, to) };
  }

  /** Step `t` is over. */
  passed(t: number): void {
    this.over = t + 1;
  }

  /** A message from the bus; merged at the end of the round, after the environment had its say. */
  put(message: Received<typeof feedback>): void {
    const { round, step, from, about, meaning } = message.fields;
    const isKnown = this.kindOf.has(keyOf(from, about, meaning));
    if (isKnown && round === this.round && step < this.over) this.pending.push(message);
    else this.setAside++;
  }

  /** The end of the round: from now on, words about it come too late. What was said first stands. */
  merge(): void {
    for (const { fields, arrays } of this.pending) {
      const k = this.kindOf.get(keyOf(fields.from, fields.about, fields.meaning))!;
      if (!this.isFine(k, arrays.copy.data, arrays.score.data)) {
        this.setAside++;
        continue;
      }
      for (const [i, copy] of arrays.copy.data.entries()) {
        const at = (fields.step * this.B + copy) * this.K + k;
        if (this.said[at] === 1) continue;
        this.said[at] = 1;
        this.score[at] = arrays.score.data[i]!;
      }
    }
    this.pending = [];
    this.round = -1;
  }

  /** All of it or nothing: copies that there are, scores within their bounds. */
  private isFine(k: number, copies: Int32Array, scores: Float32Array): boolean {
    const { low, high } = this.kinds[k]!;
    return (
      copies.every((copy) => copy >= 0 && copy < this.B) &&
      scores.every((score) => score >= Math.min(low, Math.fround(low)) && score <= Math.max(high, Math.fround(high)))
    );
  }
}

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);
