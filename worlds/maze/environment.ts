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
import { PLANES, TURN, Views } from './view.ts';

const ACTIONS = ['left', 'right', 'forward'] as const;
const DIRECTIONS = 4;
/** How far each action turns, in quarters to the right. */
const TURNS = Int32Array.of(3, 1, 0);
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
    this.inside = new Uint8Array(settings.size ** 2);
    this.x = integers();
    this.y = integers();
    this.direction = integers();
    this.goalX = integers();
    this.goalY = integers();
    this.steps = integers();
    const { x, y, direction, goalX, goalY, steps } = this;
    const arrays = { lines: this.views.lines, x, y, direction, goalX, goalY, steps };
    this.copies = new Copies(NAME, batchSize, arrays, (level) => parseMaze(level, settings.size));
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const choice = requireChoices(NAME, this.groups[0], this.batchSize, ACTIONS.length, actions[0]);
    const out = this.requireOutput(output);
    const { batchSize, maximumSteps, views, pairs, x, y, direction, goalX, goalY, steps } = this;
    const { half, side, words, lines, rows, turns, goal } = views;
    const { reward, terminated, truncated, observation } = out;
    const seen = this.asPairs.of(observation);
    // The usual view of mazes of the usual size is written here, one store after the other: all else is twice as slow.
    const isUsual = seen !== null && words === 1 && half === 2;
    const written = seen ?? this.apart;
    reward.fill(0);
    terminated.fill(0);
    truncated.fill(0);
    for (let b = 0, at = 0; b < batchSize; b++, at += pairs) {
      // Arithmetic, not branches: no processor predicts a policy, and guessing wrong costs more than the work.
      const action = choice[b]!;
      const looks = (direction[b]! + TURNS[action]!) & 3;
      const turn = looks * TURN;
      const aheadX = turns[turn]!;
      const aheadY = turns[turn + 1]!;
      const rightX = turns[turn + 3]!;
      const rightY = turns[turn + 4]!;
      const fromX = x[b]!;
      const fromY = y[b]!;
      const line = (b * 4 + looks) * side + aheadX * fromX + aheadY * fromY + turns[turn + 2]!;
      const place = rightX * fromX + rightY * fromY + turns[turn + 5]!;
      const inFront = place + half;
      const free = (action >> 1) & ~(lines[(line + 1) * words + (inFront >> 5)]! >>> inFront);
      const nowX = fromX + free * aheadX;
      const nowY = fromY + free * aheadY;
      x[b] = nowX;
      y[b] = nowY;
      direction[b] = looks;
      const step = steps[b]! + 1;
      steps[b] = step;
      const toX = goalX[b]! - nowX;
      const toY = goalY[b]! - nowY;
      const isThere = (toX | toY) === 0;
      if (isThere || step >= maximumSteps) {
        if (isThere) {
          reward[b] = returnAfter(step, maximumSteps);
          terminated[b] = 1;
        } else truncated[b] = 1;
        this.observe(b, out.finalObservation);
        this.begin(b);
        this.observe(b, observation);
      } else if (isUsual) {
        const row = line + free;
        const row4 = ((lines[row + 4]! >>> place) & 31) * 5;
        const row3 = ((lines[row + 3]! >>> place) & 31) * 5;
        const row2 = ((lines[row + 2]! >>> place) & 31) * 5;
        const row1 = ((lines[row + 1]! >>> place) & 31) * 5;
        const row0 = ((lines[row]! >>> place) & 31) * 5;
        written[at] = DIRECTION_PAIRS[2 * looks]!;
        written[at + 1] = DIRECTION_PAIRS[2 * looks + 1]!;
        written[at + 2] = rows[row4]!;
        written[at + 3] = rows[row4 + 1]!;
        written[at + 4] = rows[row4 + 2]!;
        written[at + 5] = rows[row4 + 3]!;
        written[at + 6] = rows[row4 + 4]!;
        written[at + 7] = rows[row3]!;
        written[at + 8] = rows[row3 + 1]!;
        written[at + 9] = rows[row3 + 2]!;
        written[at + 10] = rows[row3 + 3]!;
        written[at + 11] = rows[row3 + 4]!;
        written[at + 12] = rows[row2]!;
        written[at + 13] = rows[row2 + 1]!;
        written[at + 14] = rows[row2 + 2]!;
        written[at + 15] = rows[row2 + 3]!;
        written[at + 16] = rows[row2 + 4]!;
        written[at + 17] = rows[row1]!;
        written[at + 18] = rows[row1 + 1]!;
        written[at + 19] = rows[row1 + 2]!;
        written[at + 20] = rows[row1 + 3]!;
        written[at + 21] = rows[row1 + 4]!;
        written[at + 22] = rows[row0]!;
        written[at + 23] = rows[row0 + 1]!;
        written[at + 24] = rows[row0 + 2]!;
        written[at + 25] = rows[row0 + 3]!;
        written[at + 26] = rows[row0 + 4]!;
        const far = aheadX * toX + aheadY * toY;
        const right = rightX * toX + rightY * toY + 2;
        // Unsigned, what is negative is very large.
        if (far >>> 0 < 5 && right >>> 0 < 5) written[at + 2 + (4 - far) * 5 + right] = goal;
      } else this.observe(b, observation);
    }
    out.alive.fill(1);
  }

  /** The maze as it is now, the agent where it stands. */
  render(b: number): string {
    const { size, views } = this;
    return printMaze({
      size,
      walls: Uint8Array.from({ length: size * size }, (_, cell) =>
        views.isWall(b, cell % size, Math.floor(cell / size)) ? 1 : 0,
      ),
      agent: this.y[b]! * size + this.x[b]!,
      direction: this.direction[b]!,
      goal: this.goalY[b]! * size + this.goalX[b]!,
    }).join('\n');
  }

  protected begin(b: number): void {
    const { size, maker, inside } = this;
    const level = this.copies.level(b);
    if (level === undefined) maker.make(this.copies.stream(b), inside);
    this.views.build(b, level?.walls ?? inside);
    const { agent, goal, direction } = level ?? maker;
    this.x[b] = agent % size;
    this.y[b] = Math.floor(agent / size);
    this.goalX[b] = goal % size;
    this.goalY[b] = Math.floor(goal / size);
    this.direction[b] = direction;
    this.steps[b] = 0;
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
