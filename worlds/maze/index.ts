export { maze } from './environment.ts';
export { HELD_OUT_MAZES, PERFECT_MAZE_SIZES, perfectMaze } from './held-out.ts';
export { type Maze, type MazeLevel, parseMaze, printMaze } from './level.ts';
export { type MazeLevels, mazeLevels } from './level-space.ts';
export { mutateMaze } from './mutate.ts';
export { distancesToGoal, fewestActions, isSolvable, optimalReturn, shortestPath } from './paths.ts';
export { mazePicture } from './picture.ts';
export { LAYOUTS, type MazeOptions, NAME as MAZE_NAME } from './settings.ts';
