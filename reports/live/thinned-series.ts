/** Where a reader of a series has got to. */
export interface Cursor {
  readonly generation: number;
  readonly stride: number;
  readonly taken: number;
}

/** Points for a reader: all of them (`replace`), or those to put behind what it has. */
export interface Points {
  readonly replace: boolean;
  readonly points: readonly (readonly [step: number, value: number])[];
  /** The newest, whether or not it is one of those that are kept. */
  readonly last: readonly [step: number, value: number];
  readonly cursor: Cursor;
}

/** Kept at most; a thousand pixels of a screen show no more. */
const MOST = 512;

/**
 * A number over steps, in bounded memory: each `stride`-th point is kept, and the stride doubles whenever there are too
 * many. Steps must not fall, except by `cutAfter`.
 */
export class ThinnedSeries {
  private kept: (readonly [number, number])[] = [];
  private last: readonly [number, number] | undefined;
  private stride = 1;
  private seen = 0;
  private generation = 0;

  add(step: number, value: number): void {
    this.last = [step, value];
    if (this.seen % this.stride === 0) {
      this.kept.push(this.last);
      if (this.kept.length > MOST) {
        this.kept = this.kept.filter((_, i) => i % 2 === 0);
        this.stride *= 2;
      }
    }
    this.seen++;
  }

  /** Forgets what came after `step`: a resumed run makes it again. */
  cutAfter(step: number): void {
    if (this.last === undefined || this.last[0] <= step) return;
    this.kept = this.kept.filter(([at]) => at <= step);
    this.last = this.kept.at(-1);
    this.seen = this.kept.length * this.stride;
    this.generation++;
  }

  /** What a reader at `cursor` lacks, `most` points or fewer in all. Undefined for an empty series. */
  since(cursor: Cursor | undefined, most: number): Points | undefined {
    if (this.last === undefined) return undefined;
    let every = 1;
    while (this.kept.length / every > most) every *= 2;
    const stride = this.stride * every;
    const replace = cursor?.generation !== this.generation || cursor.stride !== stride;
    const all = this.kept.filter((_, i) => i % every === 0);
    return {
      replace,
      points: replace ? all : all.slice(cursor.taken),
      last: this.last,
      cursor: { generation: this.generation, stride, taken: all.length },
    };
  }

  get isEmpty(): boolean {
    return this.last === undefined;
  }
}
