import type { Json } from '../core/index.ts';
import type { Curriculum } from './curriculum.ts';
import { drawAny, levelKey } from './draw.ts';
import { boxOf, emptyTable, placeOf } from './level-table.ts';
import type { GradualExpansionOptions } from './options.ts';

/** What was played. `places` of a grid or box, rising; of a generator the newest `levels`. */
export type VisitedState = {
  readonly places: readonly number[];
  readonly levels: readonly Json[];
};

/**
 * Gradual expansion, as WAKER's authors compare with: a share of any levels, otherwise any of those that were reported
 * before, each as likely (a box: anywhere in parts of it that were visited). `places`: parts of a box, or levels of a
 * generator that are remembered.
 */
export function gradualExpansion({ name, randomShare, places }: GradualExpansionOptions): Curriculum<VisitedState> {
  return {
    name,
    initial: () => ({ places: [], levels: [] }),

    propose(state, space, stream) {
      const isRandom = stream.uniform() < randomShare;
      const count = state.places.length + state.levels.length;
      if (isRandom || count === 0) return drawAny(space, stream);
      const box = boxOf(space, places);
      if (box !== undefined) {
        const visited = new Set(state.places);
        return box.drawWhere((place) => visited.has(place), stream);
      }
      const i = stream.integer(count);
      return space.grid === undefined ? state.levels[i]! : space.grid[state.places[i]!]!;
    },

    report(state, space, outcomes) {
      if (space.grid === undefined && space.box === undefined) {
        const known = new Map(state.levels.map((level) => [levelKey(level), level]));
        for (const { level } of outcomes) known.set(levelKey(level), level);
        return { ...state, levels: [...known.values()].slice(-places) };
      }
      const table = emptyTable(space, places);
      const visited = new Set(state.places);
      for (const { level } of outcomes) {
        const place = placeOf(table, space, level);
        if (place !== -1) visited.add(place);
      }
      return { ...state, places: [...visited].sort((a, b) => a - b) };
    },

    metrics: (state) => ({ places: state.places.length + state.levels.length }),
  };
}
