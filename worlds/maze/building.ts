import { type Json, type Stream, stream } from '../../core/index.ts';
import type { LevelBuilding } from '../environment.ts';
import { printMaze } from './level.ts';
import type { MazeSettings } from './settings.ts';

/** Numbers of a cell in what the builder sees: a wall, the goal, the agent. */
const PLANES = 3;
const WALL = 0;
const GOAL = 1;
const AGENT = 2;
const NOWHERE = -1;

/** A maze half done. Plain data. */
type MazePlan = {
  readonly step: number;
  readonly goal: number;
  readonly agent: number;
  /** Where the agent will look. */
  readonly direction: number;
  /** Cells, each once. */
  readonly walls: readonly number[];
  /** Which of the cells but the goal's the agent gets where it was put on the goal. */
  readonly elsewhere: number;
  readonly noise: readonly number[];
};

/**
 * Mazes built cell by cell, as PAIRED's adversary does (Dennis et al. 2020, arXiv 2012.02096): the first action places the goal, the second the agent, each of the `walls` further
 * ones a wall. A wall where something stands already changes nothing, so there may be fewer. An agent on the goal is put on
 * another cell by lot. The agent's direction is drawn too.
 *
 * Observation: `plan` [size, size, 3] (wall, goal, agent), `progress` (share of the actions done) and `random`, numbers from
 * 0 to 1 drawn once for each maze, so that one builder can make many.
 */
export function mazeBuilding({ size, walls, builderNoise }: MazeSettings): LevelBuilding {
  const cells = size * size;
  const steps = walls + 2;
  const read = (plan: Json): MazePlan => plan as MazePlan;
  return {
    steps,
    observation: {
      type: 'dict',
      spaces: {
        plan: { type: 'box', shape: [size, size, PLANES], low: 0, high: 1 },
        progress: { type: 'box', shape: [1], low: 0, high: 1 },
        random: { type: 'box', shape: [builderNoise], low: 0, high: 1 },
      },
    },
    action: { type: 'discrete', n: cells },
    begin: (seed) => emptyPlan(cells, builderNoise, stream(seed, 'level/build')),
    build: (plan, action) => built(read(plan), action[0]!),
    observe(plan, out) {
      const { step, goal, agent, walls: placed, noise } = read(plan);
      out.fill(0);
      for (const cell of placed) out[cell * PLANES + WALL] = 1;
      if (goal !== NOWHERE) out[goal * PLANES + GOAL] = 1;
      if (agent !== NOWHERE) out[agent * PLANES + AGENT] = 1;
      out[cells * PLANES] = step / steps;
      out.set(noise, cells * PLANES + 1);
    },
    level(plan) {
      const { goal, agent, direction, walls: placed } = read(plan);
      const drawn = new Uint8Array(cells);
      for (const cell of placed) drawn[cell] = 1;
      return printMaze({ size, walls: drawn, agent, direction, goal });
    },
  };
}

function emptyPlan(cells: number, noise: number, random: Stream): MazePlan {
  return {
    step: 0,
    goal: NOWHERE,
    agent: NOWHERE,
    direction: random.integer(4),
    walls: [],
    elsewhere: random.integer(cells - 1),
    noise: Array.from({ length: noise }, () => random.uniform()),
  };
}

function built(plan: MazePlan, cell: number): MazePlan {
  const step = plan.step + 1;
  const { goal, agent, walls, elsewhere } = plan;
  if (goal === NOWHERE) return { ...plan, step, goal: cell };
  if (agent === NOWHERE) {
    const other = elsewhere < goal ? elsewhere : elsewhere + 1;
    return { ...plan, step, agent: cell === goal ? other : cell };
  }
  if (cell === goal || cell === agent || walls.includes(cell)) return { ...plan, step };
  return { ...plan, step, walls: [...walls, cell] };
}
