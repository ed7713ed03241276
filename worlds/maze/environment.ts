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
import { PLANES, Views, WHERE } from './view.ts';

const ACTIONS = ['left', 'right', 'forward'] as const;
const DIRECTIONS = 4;
/** How far each action turns, in quarters to the right. */
const TURNS = Int32Array.of(3, 1, 0);
const FORWARD = ACTIONS.indexOf('forward');
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
  /** [B] each: 4 times the agent's cell and where it looks; 4 times the goal's cell; steps of the episode. */
  private readonly pose: Int32Array;
  private readonly goal: Int32Array;
  private readonly steps: Int32Array;
  /** [4]: what a step ahead adds to a pose, by direction. */
  private readonly ahead: Int32Array;
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
    this.pose = integers();
    this.goal = integers();
    this.steps = integers();
    this.ahead = Int32Array.of(4, 4 * settings.size, -4, -4 * settings.size);
    const { pose, goal, steps } = this;
    const arrays = { lines: this.views.lines, pose, goal, steps };
    this.copies = new Copies(NAME, batchSize, arrays, (level) => parseMaze(level, settings.size));
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const choice = requireChoices(NAME, this.groups[0], this.batchSize, ACTIONS.length, actions[0]);
    const out = this.requireOutput(output);
    out.reward.fill(0);
    out.terminated.fill(0);
    out.truncated.fill(0);
    out.alive.fill(1);
    const seen = this.asPairs.of(out.observation);
    if (seen !== null && this.views.isUsual) this.stepUsual(choice, out, seen);
    else this.stepAny(choice, out);
  }

  private stepAny(choice: Int32Array, out: GroupOutput): void {
    const { batchSize, maximumSteps, views, pose, goal, steps, ahead } = this;
    for (let b = 0; b < batchSize; b++) {
      const looks = (pose[b]! + TURNS[choice[b]!]!) & 3;
      const turned = (pose[b]! & ~3) | looks;
      pose[b] = choice[b] === FORWARD && views.isFree(b, turned) ? turned + ahead[looks]! : turned;
      steps[b]!++;
      const isThere = pose[b]! >> 2 === goal[b]! >> 2;
      if (isThere || steps[b]! >= maximumSteps) this.end(b, isThere, out);
      this.observe(b, out.observation);
    }
  }

  /**
   * The same for views of 5 x 5 in mazes of up to 24 x 24, at several times the speed: no calls, one store after the other,
   * and arithmetic in place of branches: no processor predicts a policy, and guessing wrong costs more than the work.
   */
  private stepUsual(choice: Int32Array, out: GroupOutput, seen: Float64Array): void {
    const { batchSize, maximumSteps, pose, goal, steps, ahead } = this;
    const { side, lines, rows, where, goal: goalCell } = this.views;
    for (let b = 0, at = 0; b < batchSize; b++, at += 27) {
      const action = choice[b]!;
      const was = pose[b]!;
      const looks = (was + TURNS[action]!) & 3;
      const turned = (was & ~3) | looks;
      const here = where[turned]!;
      const place = here & 31;
      const line = (b * 4 + looks) * side + (here >> WHERE);
      const free = (action >> 1) & ~(lines[line + 1]! >>> (place + 2));
      const now = turned + (-free & ahead[looks]!);
      pose[b] = now;
      const step = steps[b]! + 1;
      steps[b] = step;
      const target = goal[b]!;
      const isThere = (now ^ target) < 4;
      if (isThere || step >= maximumSteps) {
        this.end(b, isThere, out);
        this.observe(b, out.observation);
        continue;
      }
      const row = line + free;
      const row4 = ((lines[row + 4]! >>> place) & 31) * 5;
      const row3 = ((lines[row + 3]! >>> place) & 31) * 5;
      const row2 = ((lines[row + 2]! >>> place) & 31) * 5;
      const row1 = ((lines[row + 1]! >>> place) & 31) * 5;
      const row0 = ((lines[row]! >>> place) & 31) * 5;
      seen[at] = DIRECTION_PAIRS[2 * looks]!;
      seen[at + 1] = DIRECTION_PAIRS[2 * looks + 1]!;
      seen[at + 2] = rows[row4]!;
      seen[at + 3] = rows[row4 + 1]!;
      seen[at + 4] = rows[row4 + 2]!;
      seen[at + 5] = rows[row4 + 3]!;
      seen[at + 6] = rows[row4 + 4]!;
      seen[at + 7] = rows[row3]!;
      seen[at + 8] = rows[row3 + 1]!;
      seen[at + 9] = rows[row3 + 2]!;
      seen[at + 10] = rows[row3 + 3]!;
      seen[at + 11] = rows[row3 + 4]!;
      seen[at + 12] = rows[row2]!;
      seen[at + 13] = rows[row2 + 1]!;
      seen[at + 14] = rows[row2 + 2]!;
      seen[at + 15] = rows[row2 + 3]!;
      seen[at + 16] = rows[row2 + 4]!;
      seen[at + 17] = rows[row1]!;
      seen[at + 18] = rows[row1 + 1]!;
      seen[at + 19] = rows[row1 + 2]!;
      seen[at + 20] = rows[row1 + 3]!;
      seen[at + 21] = rows[row1 + 4]!;
      seen[at + 22] = rows[row0]!;
      seen[at + 23] = rows[row0 + 1]!;
      seen[at + 24] = rows[row0 + 2]!;
      seen[at + 25] = rows[row0 + 3]!;
      seen[at + 26] = rows[row0 + 4]!;
      const there = where[target | looks]!;
      const far = (there >> WHERE) - (here >> WHERE) - free;
      const right = (there & 31) - place + 2;
      // Unsigned, what is negative is very large.
      if (far >>> 0 < 5 && right >>> 0 < 5) seen[at + 2 + (4 - far) * 5 + right] = goalCell;
    }
  }

  /** Says how the episode of copy `b` ended, and begins the next one. */
  private end(b: number, isThere: boolean, out: GroupOutput): void {
    if (isThere) {
      out.reward[b] = returnAfter(this.steps[b]!, this.maximumSteps);
      out.terminated[b] = 1;
    } else out.truncated[b] = 1;
    this.observe(b, out.finalObservation);
    this.begin(b);
  }

  /** The maze as it is now, the agent where it stands. */
  render(b: number): string {
    const { size, views } = this;
    return printMaze({
      size,
      walls: Uint8Array.from({ length: size * size }, (_, cell) => (views.isWall(b, cell) ? 1 : 0)),
      agent: this.pose[b]! >> 2,
      direction: this.pose[b]! & 3,
      goal: this.goal[b]! >> 2,
    }).join('\n');
  }

  protected begin(b: number): void {
    const { maker, inside } = this;
    const level = this.copies.level(b);
    if (level === undefined) maker.make(this.copies.stream(b), inside);
    this.views.build(b, level?.walls ?? inside);
    const { agent, goal, direction } = level ?? maker;
    this.pose[b] = agent * DIRECTIONS + direction;
    this.goal[b] = goal * DIRECTIONS;
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
    const pose = this.pose[b]!;
    const direction = pose & 3;
    out[at] = DIRECTION_PAIRS[2 * direction]!;
    out[at + 1] = DIRECTION_PAIRS[2 * direction + 1]!;
    this.views.write(b, pose, this.goal[b]!, out, at + DIRECTIONS / 2);
  }
}
