import { type Json, stream } from '../../core/index.ts';
import type { LevelSpace } from '../environment.ts';
import { mazeBuilding } from './building.ts';
import { randomMaze } from './generate.ts';
import { HELD_OUT_MAZES } from './held-out.ts';
import { type Maze, parseMaze, printMaze } from './level.ts';
import { mutateMaze } from './mutate.ts';
import { optimalReturn, shortestPath } from './paths.ts';
import { mazePicture } from './picture.ts';
import { type MazeOptions, type MazeSettings, settingsOf } from './settings.ts';

/** Cells a side of the held-out mazes. */
const HELD_OUT_SIZE = 13;

/** Describes levels by their `walls`, whether they are `solvable` (0 or 1), and the `path` from agent to goal (0 without). */
export type MazeLevels = LevelSpace &
  Required<Pick<LevelSpace, 'mutate' | 'describe' | 'optimum' | 'heldOut' | 'picture'>>;

/** The space of mazes of these options. */
export function mazeLevels(options: MazeOptions = {}): MazeLevels {
  return levelsOf(settingsOf(options));
}

/** The space of mazes of settings that were checked. */
export function levelsOf(settings: MazeSettings): MazeLevels {
  const read = (level: Json): Maze => parseMaze(level, settings.size);
  return {
    describe: (level) => {
      const now = read(level);
      const path = shortestPath(now);
      const walls = now.walls.reduce((sum, wall) => sum + wall, 0);
      return { walls, solvable: path < 0 ? 0 : 1, path: Math.max(path, 0) };
    },
    optimum: (level) => optimalReturn(read(level), settings.maximumSteps),
    generate: (seed) => printMaze(randomMaze(settings, stream(seed, 'level'))),
    mutate: (level, seed) => printMaze(mutateMaze(read(level), stream(seed, 'level/mutate'), settings.edits)),
    heldOut: settings.size === HELD_OUT_SIZE ? HELD_OUT_MAZES : {},
    picture: (level) => mazePicture(printMaze(read(level))),
    // A maze that is perfect is carved; walls put one by one make others.
    ...(settings.layout === 'walls' ? { building: mazeBuilding(settings) } : {}),
  };
}
