import type { LevelFeed } from '../agents/index.ts';
import { type Json, LightbulbError, restoreStream, type Stream, type StreamState } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import type { Curriculum } from './curriculum.ts';
import { levelMeans } from './level-means.ts';

/** Levels that the metrics speak of: the newest ones. */
const RECENT = 100;

/** Everything that decides what a feed says next. */
type SavedFeed = {
  readonly curriculum: string;
  readonly state: Json;
  readonly stream: StreamState;
  readonly proposed: number;
  readonly recent: readonly Json[];
};

/**
 * A curriculum over the levels of one environment, as trainings ask it: it draws from `stream` alone. Metrics are named
 * `curriculum/...`; `curriculum/level/<name>` are means (`levelMeans`) over the newest 100 levels proposed. Errors as
 * `Curriculum.initial`; loading the state of another curriculum is `mismatch`.
 */
export function createLevelFeed(curriculum: Curriculum, space: LevelSpace, stream: Stream): LevelFeed {
  let state = curriculum.initial(space);
  let random = stream;
  let proposed = 0;
  let recent: readonly Json[] = [];
  return {
    next() {
      const level = curriculum.propose(state, space, random);
      proposed++;
      recent = [...recent.slice(1 - RECENT), level];
      return level;
    },

    report(outcomes, steps) {
      state = curriculum.report(state, space, outcomes, steps);
    },

    metrics() {
      const own = { ...curriculum.metrics?.(state, space), proposed, ...levelMeans(recent, space) };
      return Object.fromEntries(Object.entries(own).map(([name, value]) => [`curriculum/${name}`, value]));
    },

    save() {
      const saved: SavedFeed = { curriculum: curriculum.name, state, stream: random.state(), proposed, recent };
      return saved as unknown as Json;
    },

    load(json) {
      const saved = json as unknown as SavedFeed;
      if (saved?.curriculum !== curriculum.name) throw foreign(curriculum.name, saved?.curriculum);
      state = saved.state;
      random = restoreStream(saved.stream);
      proposed = saved.proposed;
      recent = saved.recent;
    },
  };
}

function foreign(wanted: string, got: unknown): LightbulbError {
  return new LightbulbError('mismatch', 'this state belongs to another curriculum', { wanted, got: String(got) });
}
