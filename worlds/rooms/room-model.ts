import type { ExactModel } from '../tabular/index.ts';
import { DIRECTIONS, GOALS, goalCell, moved, startCell } from './layout.ts';
import type { Room } from './room-levels.ts';

/** The exact dynamics of a room: S = size x size cells, numbered row by row; A = 4 directions. */
export function roomModel({ size, slip, wind }: Room): ExactModel {
  const states = size * size;
  const actions = DIRECTIONS.length;
  const transition = new Float64Array(states * actions * states);
  for (let cell = 0; cell < states; cell++) {
    for (let action = 0; action < actions; action++) {
      const row = (cell * actions + action) * states;
      transition[row + moved(cell, action, size)]! += 1 - slip;
      for (let astray = 0; astray < actions; astray++) {
        const chance = wind === -1 ? slip / actions : astray === wind ? slip : 0;
        transition[row + moved(cell, astray, size)]! += chance;
      }
    }
  }
  const at = (cell: number): Float64Array => {
    const one = new Float64Array(states);
    one[cell] = 1;
    return one;
  };
  const rewards = Object.fromEntries(GOALS.map((name, goal) => [name, at(goalCell(goal, size))]));
  return { states, actions, transition, start: at(startCell(size)), rewards };
}
