import type { Stream } from '../../core/index.ts';
import type { Maze } from './level.ts';

/** Of eight edits, so many flip a wall in the mean; one moves the goal, one the agent. */
const FLIPS = 6;

/**
 * A maze `edits` small changes away (ACCEL's editor, Parker-Holder et al. 2022, arXiv 2203.01302): each makes a wall of a
 * free cell or frees one, or moves the goal or the agent to a free cell. Agent and goal never stand in a wall; nothing
 * keeps the goal within reach. `maze` is not changed.
 */
export function mutateMaze(maze: Maze, random: Stream, edits: number): Maze {
  const { size, direction } = maze;
  const walls = Uint8Array.from(maze.walls);
  let { agent, goal } = maze;
  for (let i = 0; i < edits; i++) {
    const kind = random.integer(8);
    if (kind < FLIPS) {
      const cell = otherThan(random, size * size, agent, goal);
      walls[cell] = 1 - walls[cell]!;
      continue;
    }
    const free = freeCells(walls, agent, goal);
    if (free.length === 0) continue;
    const cell = free[random.integer(free.length)]!;
    if (kind === FLIPS) goal = cell;
    else agent = cell;
  }
  return { size, walls, agent, direction, goal };
}

/** Uniform over the `count` cells but two. A maze of these two alone has nothing else to change: its first is given. */
function otherThan(random: Stream, count: number, a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  let cell = random.integer(count - 2);
  if (cell >= low) cell++;
  if (cell >= high) cell++;
  return cell;
}

function freeCells(walls: Uint8Array, agent: number, goal: number): number[] {
  const free: number[] = [];
  walls.forEach((wall, cell) => {
    if (wall === 0 && cell !== agent && cell !== goal) free.push(cell);
  });
  return free;
}
