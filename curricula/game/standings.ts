import type { Json, Stream } from '../../core/index.ts';
import { drawPlace, levelKey } from '../draw.ts';
import { scoreChances } from '../priorities.ts';
import type { SelectionOptions, SolvableOptions } from './options.ts';

/** What is known of a level. Plain data. */
export type Standing = {
  readonly level: Json;
  /** Running mean of what levels are ranked by; null before the first. */
  score: number | null;
  /** Scores that came in. */
  scores: number;
  /** Dreams that began in a state of this level. */
  dreams: number;
  /** The highest return that anybody had in it, dreamt or real; null before the first. */
  best: number | null;
};

/** More levels than these are not remembered: the one not heard of for longest goes. */
const MOST_LEVELS = 4096;

/** What dreams and real episodes said of each level. Levels are told apart by `levelKey`. */
export class Standings {
  /** In the order in which they were last heard of. */
  private readonly known = new Map<string, Standing>();

  constructor(
    private readonly options: Pick<SelectionOptions, 'temperature' | 'memory' | 'solvable'>,
    /** The highest return that can be had in a level, where that is known. */
    private readonly optimum: ((level: Json) => number) | undefined,
  ) {}

  get size(): number {
    return this.known.size;
  }

  of(key: string): Standing | undefined {
    return this.known.get(key);
  }

  /** A score of a level: the mean of the newest `memory`, about. */
  score(level: Json, score: number): void {
    const standing = this.heardOf(level);
    standing.scores++;
    const weight = 1 / Math.min(standing.scores, this.options.memory);
    standing.score = standing.score === null ? score : standing.score + weight * (score - standing.score);
  }

  /** A return that somebody had in a level. */
  earned(level: Json, amount: number): void {
    const standing = this.heardOf(level);
    standing.best = Math.max(amount, standing.best ?? amount);
  }

  /** A dream that began in a state of this level. */
  dreamt(level: Json, best: number): void {
    this.earned(level, best);
    this.heardOf(level).dreams++;
  }

  /** Whether the level can be chosen: anything but known to be unsolvable. */
  isOpen(level: Json): boolean {
    const { solvable } = this.options;
    return solvable === null || this.isSolvable(level, solvable) !== false;
  }

  /** Exactly where there is an optimum; else by what was earned, and undefined while that says nothing. */
  isSolvable(level: Json, { threshold, tries }: SolvableOptions): boolean | undefined {
    if (this.optimum !== undefined) return this.optimum(level) > threshold;
    const standing = this.known.get(levelKey(level));
    if (standing?.best == null) return undefined;
    if (standing.best > threshold) return true;
    return standing.dreams >= tries ? false : undefined;
  }

  /**
   * Which of these are ranked, and the chance of each by its rank: of those that have a score and are open. Null where there
   * is none.
   */
  ranked(keys: Iterable<string>): { readonly keys: readonly string[]; readonly chances: Float64Array } | null {
    const ranked = [...keys].filter((key) => {
      const standing = this.known.get(key);
      return standing !== undefined && standing.score !== null && this.isOpen(standing.level);
    });
    if (ranked.length === 0) return null;
    const scores = ranked.map((key) => this.known.get(key)!.score!);
    const { temperature } = this.options;
    return { keys: ranked, chances: scoreChances(scores, { priority: 'rank', temperature, top: 1 }) };
  }

  /** A known level, by rank; undefined where none has a score. */
  draw(stream: Stream): Json | undefined {
    const ranked = this.ranked(this.known.keys());
    return ranked === null ? undefined : this.known.get(ranked.keys[drawPlace(ranked.chances, stream)]!)!.level;
  }

  save(): Json {
    return [...this.known.values()];
  }

  load(saved: Json): void {
    this.known.clear();
    for (const standing of saved as unknown as readonly Standing[])
      this.known.set(levelKey(standing.level), { ...standing });
  }

  private heardOf(level: Json): Standing {
    const key = levelKey(level);
    const known = this.known.get(key) ?? { level, score: null, scores: 0, dreams: 0, best: null };
    this.known.delete(key);
    this.known.set(key, known);
    if (this.known.size > MOST_LEVELS) this.known.delete(this.known.keys().next().value!);
    return known;
  }
}
