/** Where actions and winds go, as [rows down, columns right]. */
export const DIRECTIONS = ['north', 'east', 'south', 'west'] as const;
const DOWN = [-1, 0, 1, 0];
const RIGHT = [0, 1, 0, -1];

/**
 * The cell after a move in a room of `size` x `size` cells, numbered row by row; walls hold. `direction`: 0 to 3 for
 * north, east, south, west.
 */
export function moved(cell: number, direction: number, size: number): number {
  const row = ((cell / size) | 0) + DOWN[direction]!;
  const column = (cell % size) + RIGHT[direction]!;
  return row < 0 || row >= size || column < 0 || column >= size ? cell : row * size + column;
}

/** Where every episode starts: the middle, in rooms of even size the cell below and right of it. */
export function startCell(size: number): number {
  const middle = size >> 1;
  return middle * size + middle;
}

/** The eight goals: the corners, and the cells of the walls that are in line with the start. */
export const GOALS = [
  'north',
  'north_east',
  'east',
  'south_east',
  'south',
  'south_west',
  'west',
  'north_west',
] as const;

/** Per goal, 0: the first row or column, 1: the start's, 2: the last. */
const GOAL_ROWS = [0, 0, 1, 2, 2, 2, 1, 0];
const GOAL_COLUMNS = [1, 2, 2, 2, 1, 0, 0, 0];

/** The cell of goal `goal` (its place in `GOALS`) in a room of `size` x `size`. Never the start, from size 3 on. */
export function goalCell(goal: number, size: number): number {
  const line = (at: number): number => (at === 0 ? 0 : at === 1 ? size >> 1 : size - 1);
  return line(GOAL_ROWS[goal]!) * size + line(GOAL_COLUMNS[goal]!);
}
