import type { Maze } from './level.ts';

/** The cell that comes after `cell` in `direction`, or -1 where the maze ends. */
function ahead(size: number, cell: number, direction: number): number {
  const x = cell % size;
  if (direction === 0) return x + 1 < size ? cell + 1 : -1;
  if (direction === 2) return x > 0 ? cell - 1 : -1;
  const next = direction === 1 ? cell + size : cell - size;
  return next >= 0 && next < size * size ? next : -1;
}

/** Moves from each cell to the goal along the shortest path, walls around: [size * size]; -1 where there is none. */
export function distancesToGoal({ size, walls, goal }: Pick<Maze, 'size' | 'walls' | 'goal'>): Int32Array {
  const distance = new Int32Array(size * size).fill(-1);
  const queue = Int32Array.of(goal, ...new Int32Array(size * size - 1));
  distance[goal] = 0;
  for (let head = 0, tail = 1; head < tail; head++) {
    const cell = queue[head]!;
    for (let direction = 0; direction < 4; direction++) {
      const next = ahead(size, cell, direction);
      if (next < 0 || walls[next] === 1 || distance[next]! >= 0) continue;
      distance[next] = distance[cell]! + 1;
      queue[tail++] = next;
    }
  }
  return distance;
}

/** Moves along the shortest path from agent to goal; -1 where there is none. */
export function shortestPath(maze: Maze): number {
  return distancesToGoal(maze)[maze.agent]!;
}

/** Whether the goal can be reached at all. */
export function isSolvable(maze: Maze): boolean {
  return shortestPath(maze) >= 0;
}

/**
 * The fewest actions that reach the goal, turns among them: breadth first over cells and directions. -1 where there is no
 * way.
 */
export function fewestActions({ size, walls, agent, direction, goal }: Maze): number {
  const taken = new Int32Array(size * size * 4).fill(-1);
  const queue = new Int32Array(size * size * 4);
  const start = agent * 4 + direction;
  queue[0] = start;
  taken[start] = 0;
  for (let head = 0, tail = 1; head < tail; head++) {
    const at = queue[head]!;
    const cell = at >> 2;
    if (cell === goal) return taken[at]!;
    const looks = at & 3;
    const front = ahead(size, cell, looks);
    const blocked = front < 0 || walls[front] === 1;
    for (const next of [cell * 4 + ((looks + 3) & 3), cell * 4 + ((looks + 1) & 3), blocked ? at : front * 4 + looks]) {
      if (taken[next]! >= 0) continue;
      taken[next] = taken[at]! + 1;
      queue[tail++] = next;
    }
  }
  return -1;
}

/** Return of an episode that reaches the goal with its action number `actions` (from 1): 1 - 0.9 actions / limit. */
export function returnAfter(actions: number, maximumSteps: number): number {
  return 1 - (0.9 * actions) / maximumSteps;
}

/** The largest return that any policy can have in this maze, which sees all of it; 0 where the goal is out of reach. */
export function optimalReturn(maze: Maze, maximumSteps: number): number {
  const actions = fewestActions(maze);
  return actions < 0 || actions > maximumSteps ? 0 : returnAfter(actions, maximumSteps);
}
