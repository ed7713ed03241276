import { type Json, LightbulbError } from '../../core/index.ts';
import { NAME } from './settings.ts';

/**
 * A maze as text, which is also how it is written in files: one text for each row, from the top; `#` a wall, `.` free,
 * `G` the goal, and the agent as an arrow that says where it looks: `>`, `v`, `<` or `^`. Square. The wall around it is
 * not drawn.
 *
 * @example ['>.#G', '..#.', '....', '....']
 */
export type MazeLevel = readonly string[];

/** A maze as numbers. Cells count along rows from the top left. */
export interface Maze {
  readonly size: number;
  /** [size * size], 1 where a wall stands; never at the agent or the goal. */
  readonly walls: Uint8Array;
  /** Cell of the agent at the start. */
  readonly agent: number;
  /** Where it looks: 0 right, 1 down, 2 left, 3 up, as in MiniGrid. */
  readonly direction: number;
  readonly goal: number;
}

const ARROWS = '>v<^';
const WALL = '#';
const FREE = '.';
const GOAL = 'G';

/** Reads a level of `size` rows and columns (any, where not given). `invalid_input` says which row and column is wrong. */
export function parseMaze(level: Json, size?: number): Maze {
  const rows = level as readonly string[];
  if (!Array.isArray(level) || level.length === 0 || !level.every((row) => typeof row === 'string')) {
    throw wrong('a level is a list of rows', '["..#G", ...]', JSON.stringify(level)?.slice(0, 80));
  }
  const side = size ?? rows.length;
  if (rows.length !== side) throw wrong('the level has another size', `${side} rows`, `${rows.length}`);
  const walls = new Uint8Array(side * side);
  let agent = -1;
  let goal = -1;
  let direction = 0;
  for (let y = 0; y < side; y++) {
    const row = rows[y]!;
    if (row.length !== side) throw wrong(`row ${y + 1} has another length`, `${side} columns`, `${row.length}`);
    for (let x = 0; x < side; x++) {
      const drawn = row[x]!;
      const cell = y * side + x;
      const arrow = ARROWS.indexOf(drawn);
      const place = `row ${y + 1}, column ${x + 1}`;
      if (drawn === WALL) walls[cell] = 1;
      else if (drawn === GOAL) {
        if (goal >= 0) throw wrong('there are two goals', 'one G', place);
        goal = cell;
      } else if (arrow >= 0) {
        if (agent >= 0) throw wrong('there are two agents', `one of ${ARROWS}`, place);
        agent = cell;
        direction = arrow;
      } else if (drawn !== FREE) throw wrong('a cell is not usable', `one of # . G ${ARROWS}`, `"${drawn}", ${place}`);
    }
  }
  if (agent < 0) throw wrong('there is no agent', `one of ${ARROWS}`, 'none');
  if (goal < 0) throw wrong('there is no goal', 'one G', 'none');
  return { size: side, walls, agent, direction, goal };
}

/** The maze as text: what `parseMaze` reads. */
export function printMaze({ size, walls, agent, direction, goal }: Maze): string[] {
  const draw = (cell: number): string => {
    if (cell === agent) return ARROWS[direction]!;
    if (cell === goal) return GOAL;
    return walls[cell] === 1 ? WALL : FREE;
  };
  return Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => draw(y * size + x)).join(''));
}

function wrong(problem: string, wanted: string, got: string | undefined): LightbulbError {
  return new LightbulbError('invalid_input', problem, { where: NAME, wanted, got: got ?? 'nothing' });
}
