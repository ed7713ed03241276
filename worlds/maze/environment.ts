import type { Json } from '../../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from '../batched.ts';
import { Copies } from '../copies.ts';
import type { LevelSpace } from '../environment.ts';
import { requireChoices, requireCount } from '../guards.ts';
import { Solo } from '../solo.ts';
import { MazeMaker } from './generate.ts';
import { type Maze, parseMaze, printMaze } from './level.ts';
import { levelsOf } from './level-space.ts';
import { Pairs, pair } from './pairs.ts';
import { returnAfter } from './paths.ts';
import { type MazeOptions, type MazeSettings, NAME, settingsOf } from './settings.ts';
import { PLANES, Views } from './view.ts';

const ACTIONS = ['left', 'right', 'forward'] as const;
const DIRECTIONS = 4;
/** How far each action turns, in quarters to the right. */
const TURNS = Int32Array.of(3, 1, 0);
const AHEAD_X = Int32Array.of(1, 0, -1, 0);
const AHEAD_Y = Int32Array.of(0, 1, 0, -1);
/** [4, 2]: one-hot directions, as pairs. */
const DIRECTION_PAIRS = Float64Array.of(pair(1, 0), 0, pair(0, 1), 0, 0, pair(1, 0), 0, pair(0, 1));

/**
 * Mazes for unsupervised environment design (Dennis et al. 2020, arXiv 2012.02096; Jiang et al. 2021, arXiv 2110.02439),
 * by MiniGrid's rules: an agent turns left, turns right or goes forward, walls stop it. Reward 1 - 0.9 t / `maximumSteps`
 * for reaching the goal with action number t, which terminates; nothing otherwise.
 *
 * Observation: `direction` (right, down, left, up) and `view`, the `view` x `view` cells in front of the agent, the farthest
 * row first, with the agent in the middle of the last row, and walls to be seen through; of each cell, whether it is a wall and
 * whether the goal is there. (MiniGrid's three integers of a cell say no more here.) Flat: 4 numbers of the direction, then
 * [view, view, 2].
 *
 * Level: the rows of a maze as text (`MazeLevel`). Without one, each episode has a maze of its own (`layout`).
 */
export function maze(copies: number, options: MazeOptions = {}): BatchedEnvironment {
  return new MazeEnvironment(requireCount(NAME, 'copies', copies), settingsOf(options));
}

function groupOf(view: number): Group {
  return {
    name: 'agent',
    agents: ['agent_0'],
    observation: {
      type: 'dict',
      spaces: {
        direction: { type: 'discrete', n: DIRECTIONS, labels: ['right', 'down', 'left', 'up'] },
        view: { type: 'box', shape: [view, view, PLANES], low: 0, high: 1 },
      },
    },
    action: { type: 'discrete', n: ACTIONS.length, labels: ACTIONS },
    masked: false,
  };
}

class MazeEnvironment extends Solo<Maze> {
  readonly levels: LevelSpace;
  protected readonly copies: Copies<Maze>;
  /** [B, size + 2, size + 2], 1 where a wall stands; the wall around the maze is there too. */
  private readonly walls: Int32Array;
  /** [B] each. */
  private readonly x: Int32Array;
  private readonly y: Int32Array;
  private readonly direction: Int32Array;
  private readonly goalX: Int32Array;
  private readonly goalY: Int32Array;
  private readonly steps: Int32Array;
  /** [size * size]: one maze without the wall around it. */
  private readonly inside: Uint8Array;
  private readonly size: number;
  private readonly views: Views;
  private readonly maker: MazeMaker;
  /** Float64 numbers of an observation. */
  private readonly pairs: number;
  private readonly asPairs = new Pairs();
  /** One observation, for arrays that cannot be written in pairs. */
  private readonly apart: Float64Array;

  constructor(batchSize: number, settings: MazeSettings) {
    super(batchSize, settings.maximumSteps, [groupOf(settings.view)]);
    this.size = settings.size;
    this.levels = levelsOf(settings);
    this.maker = new MazeMaker(settings);
    this.views = new Views(batchSize, settings.size, settings.view);
    this.pairs = DIRECTIONS / 2 + this.views.cells;
    this.apart = new Float64Array(this.pairs);
    const integers = (): Int32Array => new Int32Array(batchSize);
    this.walls = new Int32Array(batchSize * (settings.size + 2) ** 2);
    this.inside = new Uint8Array(settings.size ** 2);
    this.x = integers();
    this.y = integers();
    this.direction = integers();
    this.goalX = integers();
    this.goalY = integers();
    this.steps = integers();
    const { walls, x, y, direction, goalX, goalY, steps } = this;
    const arrays = { walls, x, y, direction, goalX, goalY, steps };
    this.copies = new Copies(NAME, batchSize, arrays, (level) => parseMaze(level, settings.size));
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const choice = requireChoices(NAME, this.groups[0], this.batchSize, ACTIONS.length, actions[0]);
    const out = this.requireOutput(output);
    const { batchSize, maximumSteps, walls, x, y, direction, goalX, goalY, steps } = this;
    const { reward, terminated, truncated, observation } = out;
    const side = this.size + 2;
    const seen = this.asPairs.of(observation);
    for (let b = 0; b < batchSize; b++) {
      // Arithmetic, not branches: no processor predicts a policy, and guessing wrong costs more than the work.
      const action = choice[b]!;
      const looks = (direction[b]! + TURNS[action]!) & 3;
      const goes = action >> 1;
      const stepX = goes * AHEAD_X[looks]!;
      const stepY = goes * AHEAD_Y[looks]!;
      const free = 1 - walls[(b * side + y[b]! + stepY + 1) * side + x[b]! + stepX + 1]!;
      const nowX = x[b]! + free * stepX;
      const nowY = y[b]! + free * stepY;
      x[b] = nowX;
      y[b] = nowY;
      direction[b] = looks;
      const step = steps[b]! + 1;
      steps[b] = step;
      const isThere = nowX === goalX[b] && nowY === goalY[b];
      const isLate = step >= maximumSteps && !isThere;
      reward[b] = isThere ? returnAfter(step, maximumSteps) : 0;
      terminated[b] = isThere ? 1 : 0;
      truncated[b] = isLate ? 1 : 0;
      if (isThere || isLate) {
        this.observe(b, out.finalObservation);
        this.begin(b);
      }
      if (seen === null) this.observe(b, observation);
      else this.observeInPairs(b, seen, b * this.pairs);
    }
    out.alive.fill(1);
  }

  override restore(snapshot: Json): void {
    super.restore(snapshot);
    for (let b = 0; b < this.batchSize; b++) this.views.look(b, this.walls, b * (this.size + 2) ** 2);
  }

  /** The maze as it is now, the agent where it stands. */
  render(b: number): string {
    const { size } = this;
    const side = size + 2;
    return printMaze({
      size,
      walls: Uint8Array.from({ length: size * size }, (_, cell) => {
        return this.walls[(b * side + Math.floor(cell / size) + 1) * side + (cell % size) + 1]!;
      }),
      agent: this.y[b]! * size + this.x[b]!,
      direction: this.direction[b]!,
      goal: this.goalY[b]! * size + this.goalX[b]!,
    }).join('\n');
  }

  protected begin(b: number): void {
    const { size, walls, maker, inside } = this;
    const level = this.copies.level(b);
    if (level === undefined) maker.make(this.copies.stream(b), inside);
    const now = level?.walls ?? inside;
    const side = size + 2;
    const offset = b * side * side;
    walls.fill(1, offset, offset + side * side);
    for (let y = 0, from = 0; y < size; y++) {
      const row = offset + (y + 1) * side + 1;
      for (let x = 0; x < size; x++, from++) walls[row + x] = now[from]!;
    }
    const { agent, goal, direction } = level ?? maker;
    this.x[b] = agent % size;
    this.y[b] = Math.floor(agent / size);
    this.goalX[b] = goal % size;
    this.goalY[b] = Math.floor(goal / size);
    this.direction[b] = direction;
    this.steps[b] = 0;
    this.views.look(b, walls, offset);
  }

  protected observe(b: number, out: Float32Array): void {
    const pairs = this.asPairs.of(out);
    if (pairs !== null) this.observeInPairs(b, pairs, b * this.pairs);
    else {
      this.observeInPairs(b, this.apart, 0);
      out.set(new Float32Array(this.apart.buffer), b * 2 * this.pairs);
    }
  }

  private observeInPairs(b: number, out: Float64Array, at: number): void {
    const direction = this.direction[b]!;
    out[at] = DIRECTION_PAIRS[2 * direction]!;
    out[at + 1] = DIRECTION_PAIRS[2 * direction + 1]!;
    this.views.write(b, this.x[b]!, this.y[b]!, direction, this.goalX[b]!, this.goalY[b]!, out, at + DIRECTIONS / 2);
  }
}
