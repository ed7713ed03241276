import { type Json, LightbulbError } from '../../core/index.ts';
import type { Window } from './manifest.ts';
import type { WindowSource } from './source.ts';

/** One of the sources of a mixture, and how much it counts against the others: above 0. */
export interface MixturePart {
  readonly name: string;
  readonly source: WindowSource;
  readonly weight: number;
}

/** A window, and which of the parts it came from. */
export interface MixedWindow {
  readonly part: number;
  readonly window: Window;
}

/**
 * Takes windows out of several sources by their weights, with no chance in it: after any n draws each source was chosen
 * n times its share, up to less than 1 more or fewer (Tijdeman 1980, The chairman assignment problem).
 */
export class DatasetMixture {
  private readonly shares: readonly number[];
  /** Draws from each so far. */
  private counts: number[];

  constructor(private readonly parts: readonly MixturePart[]) {
    const wrong = parts.findIndex(({ weight }) => !(Number.isFinite(weight) && weight > 0));
    if (wrong >= 0 || parts.length === 0)
      throw new LightbulbError('invalid_input', 'a mixture of datasets needs weights above 0', {
        where: parts[wrong]?.name ?? 'the mixture',
        wanted: 'a number above 0',
        got: parts.length === 0 ? 'no dataset' : String(parts[wrong]!.weight),
      });
    const total = parts.reduce((sum, { weight }) => sum + weight, 0);
    this.shares = parts.map(({ weight }) => weight / total);
    this.counts = parts.map(() => 0);
  }

  next(): MixedWindow {
    const part = this.due();
    this.counts[part]!++;
    return { part, window: this.parts[part]!.source.next() };
  }

  save(): Json {
    const { counts, parts } = this;
    return { counts, sources: parts.map(({ name, source }) => ({ name, state: source.save() })) };
  }

  /** Error `mismatch` where the state is of other parts. */
  load(state: Json): void {
    const { counts, sources } = state as unknown as {
      readonly counts: readonly number[];
      readonly sources: readonly { readonly name: string; readonly state: Json }[];
    };
    const [wanted, got] = [this.parts, sources].map((each) => each.map(({ name }) => name).join(', '));
    if (wanted !== got)
      throw new LightbulbError('mismatch', 'this position belongs to another mixture of datasets', {
        wanted: wanted!,
        got: got!,
      });
    this.counts = [...counts];
    for (const [i, { source }] of this.parts.entries()) source.load(sources[i]!.state);
  }

  /** Of the sources that may come without being ahead of their share by too much, the one that must come soonest. */
  private due(): number {
    const { shares, counts } = this;
    const k = shares.length;
    if (k === 1) return 0;
    const n = counts.reduce((sum, count) => sum + count, 0) + 1;
    const slack = 1 / (2 * k - 2);
    let best = -1;
    let soonest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < k; i++) {
      // A hair less than the slack: shares do not add up to exactly 1.
      if (n * shares[i]! - counts[i]! < slack - 1e-12 * n) continue;
      const deadline = (counts[i]! + 1 - slack) / shares[i]!;
      if (deadline >= soonest) continue;
      soonest = deadline;
      best = i;
    }
    return best;
  }
}
