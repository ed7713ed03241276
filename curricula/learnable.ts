import type { LevelRound, PromptRounds } from '../agents/index.ts';
import { type Json, restoreStream, type Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { meanOf } from './boltzmann.ts';
import { drawAny, levelKey, newSeed } from './draw.ts';
import { levelMeans } from './level-means.ts';
import { byScore } from './priorities.ts';
import type { SflOptions } from './replay-options.ts';
import { savedRounds, saveRounds } from './saved-rounds.ts';
import { episodeReturns, learnability } from './scores.ts';

/** A level that was looked at, and p (1 - p) of the share p of its episodes that were solved. Plain data. */
type Learnable = { readonly level: Json; readonly score: number };

/** Everything that decides the next round. Plain data. */
type SflState = {
  /** Rounds since the last search began; the first `search` of them are the search. */
  readonly since: number;
  readonly found: readonly Learnable[];
  readonly chosen: readonly Learnable[];
  readonly levels: readonly Json[];
};

/**
 * Sampling for learnability (SFL; Rutherford et al. 2024, arXiv 2408.15099): now and then `search` rounds look at random
 * levels, and the `keep` whose episodes are solved about half of the time become the set; until the next search, each copy
 * plays a level of the set with chance `share`, else any. Searching costs environment steps as anything else does.
 */
export function learnableLevels(options: SflOptions, space: LevelSpace, stream: Stream): PromptRounds {
  let random = stream;
  let state: SflState = { since: 0, found: [], chosen: [], levels: [] };
  let last: Readonly<Record<string, number>> = {};
  const isSearch = (): boolean => state.since < options.search;

  return {
    next(copies): LevelRound {
      const draw = (): Json => {
        const fromSet = random.uniform() < options.share;
        const { chosen } = state;
        if (isSearch() || !fromSet || chosen.length === 0) return drawAny(space, random);
        return chosen[random.integer(chosen.length)]!.level;
      };
      const levels = Array.from({ length: copies }, draw);
      state = { ...state, levels };
      return { levels, seed: newSeed(random), learns: !isSearch() };
    },

    report(outcome) {
      const { levels, since } = state;
      const scores = learnability(episodeReturns(outcome));
      last = { ...levelMeans(levels, space), 'score/mean': meanOf(scores) };
      if (isSearch()) {
        const found = [...state.found, ...levels.map((level, k) => ({ level, score: scores[k]! }))];
        const isOver = since + 1 === options.search;
        state = isOver ? { ...state, found: [], chosen: best(found, options.keep) } : { ...state, found };
      }
      state = { ...state, since: (since + 1) % (options.search + options.every) };
    },

    metrics() {
      const { chosen } = state;
      const own = {
        ...last,
        set: chosen.length,
        ...(chosen.length === 0 ? {} : { 'set/score': meanOf(chosen.map(({ score }) => score)) }),
        searched: options.search / (options.search + options.every),
      };
      const ofSet = levelMeans(
        chosen.map(({ level }) => level),
        space,
      );
      const named = [...Object.entries(own), ...Object.entries(ofSet).map(([name, value]) => [`set/${name}`, value])];
      return Object.fromEntries(named.map(([name, value]) => [`curriculum/${name}`, value])) as Record<string, number>;
    },

    save: () => saveRounds(options.name, state, random),

    load(checkpoint) {
      const saved = savedRounds<SflState>(options.name, checkpoint);
      state = saved.state;
      random = restoreStream(saved.stream);
    },
  };
}

/** The `keep` highest scores above 0, each level once: what nobody or everybody solves teaches nothing. */
function best(found: readonly Learnable[], keep: number): Learnable[] {
  const known = new Set<string>();
  const chosen: Learnable[] = [];
  for (const place of byScore(found.map(({ score }) => score))) {
    const one = found[place]!;
    const key = levelKey(one.level);
    if (one.score <= 0 || chosen.length === keep) break;
    if (known.has(key)) continue;
    known.add(key);
    chosen.push(one);
  }
  return chosen;
}
