import type { Stream } from '../../core/index.ts';
import type { Maze } from './level.ts';
import type { MazeSettings } from './settings.ts';

/** What making a maze needs besides the maze itself, made once. */
export class MazeMaker {
  /** Cells in an order that is shuffled as far as it is needed; perfect mazes use it as their stack. */
  private readonly cells: Int32Array;
  /** Where the last maze's agent and goal stand, and where the agent looks. */
  agent = 0;
  goal = 0;
  direction = 0;

  constructor(private readonly settings: Pick<MazeSettings, 'size' | 'layout' | 'walls' | 'fewestWalls'>) {
    this.cells = new Int32Array(settings.size ** 2);
  }

  /** Writes a random maze's walls into `walls`, [size * size]; agent, goal and direction are told by fields. */
  make(random: Stream, walls: Uint8Array): void {
    if (this.settings.layout === 'perfect') this.perfect(random, walls);
    else this.scattered(random, walls);
    this.direction = random.integer(4);
  }

  /** Agent, goal and walls on cells of their own, all sets alike: the first of a shuffle (Fisher and Yates). */
  private scattered(random: Stream, walls: Uint8Array): void {
    const { cells } = this;
    const { walls: most, fewestWalls } = this.settings;
    const count = cells.length;
    const wanted = 2 + fewestWalls + random.integer(most - fewestWalls + 1);
    for (let i = 0; i < count; i++) cells[i] = i;
    walls.fill(0);
    for (let i = 0; i < wanted; i++) {
      const j = i + random.integer(count - i);
      const cell = cells[j]!;
      cells[j] = cells[i]!;
      cells[i] = cell;
      if (i >= 2) walls[cell] = 1;
    }
    this.agent = cells[0]!;
    this.goal = cells[1]!;
  }

  /**
   * A maze without loops that reaches every cell on an even row and column (depth-first carving from a random one); agent
   * and goal stand on two of these.
   */
  private perfect(random: Stream, walls: Uint8Array): void {
    const { cells: stack } = this;
    const { size } = this.settings;
    const side = (size + 1) >> 1;
    const cellAt = (i: number): number => 2 * Math.floor(i / side) * size + 2 * (i % side);
    walls.fill(1);
    let top = 0;
    stack[0] = cellAt(random.integer(side * side));
    walls[stack[0]!] = 0;
    while (top >= 0) {
      const cell = stack[top]!;
      const x = cell % size;
      const y = (cell - x) / size;
      // The first uncarved neighbour, from a random direction on: each of them is first with the same chance.
      const turn = random.integer(4);
      const way = random.integer(2) === 0 ? 1 : 3;
      let step = 0;
      for (let i = 0; i < 4 && step === 0; i++) {
        const direction = (turn + way * i) & 3;
        const toX = x + (direction === 0 ? 2 : direction === 2 ? -2 : 0);
        const toY = y + (direction === 1 ? 2 : direction === 3 ? -2 : 0);
        if (toX < 0 || toY < 0 || toX >= size || toY >= size || walls[toY * size + toX] === 0) continue;
        step = (toY - y) * size + toX - x;
      }
      if (step === 0) {
        top--;
        continue;
      }
      walls[cell + step / 2] = 0;
      walls[cell + step] = 0;
      stack[++top] = cell + step;
    }
    const agent = random.integer(side * side);
    const other = random.integer(side * side - 1);
    this.agent = cellAt(agent);
    this.goal = cellAt(other < agent ? other : other + 1);
  }
}

/** A random maze as data. */
export function randomMaze(
  settings: Pick<MazeSettings, 'size' | 'layout' | 'walls' | 'fewestWalls'>,
  random: Stream,
): Maze {
  const maker = new MazeMaker(settings);
  const walls = new Uint8Array(settings.size ** 2);
  maker.make(random, walls);
  return { size: settings.size, walls, agent: maker.agent, direction: maker.direction, goal: maker.goal };
}
