import { type Json, LightbulbError } from '../../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from '../batched.ts';
import { Copies } from '../copies.ts';
import { requireChoices, requireCount } from '../guards.ts';
import { Solo } from '../solo.ts';
import { ACTIONS, Arenas, TASKS, type Task } from './arena.ts';
import { type CleanupLevel, cleanupLevels, LARGEST, NAME, parseLevel, SIDE } from './level.ts';
import { Picture, VIEWS, type View } from './view.ts';

export interface CleanupOptions {
  /** The task that is paid; null pays nothing. Default null. */
  readonly task?: Task | null;
  /** Episodes are truncated after this many steps. Default 60. */
  readonly maximumSteps?: number;
  /** Levels are drawn from the arenas 0 to this one, at most 4. Others can be played nevertheless. Default 4. */
  readonly largest?: number;
  /** What is seen: the whole `room` from above, or what is around the `agent`. Default `room`. */
  readonly view?: View;
}

function groupOf({ shape }: Picture): Group {
  return {
    name: 'agent',
    agents: ['agent_0'],
    observation: { type: 'box', shape: [...shape], low: 0, high: 1 },
    action: { type: 'discrete', n: ACTIONS.length, labels: ACTIONS },
    masked: false,
  };
}

/**
 * A room to be tidied, after the CleanUp of WAKER (Rigter et al., arXiv 2306.09205), as a gridworld of this project's own:
 * an agent walks in four directions and pushes blocks of two colours, one at a time; nothing can be pulled, so that a
 * block beside a wall stays beside it. Its three tasks are told in `taskRewards`, [0, 1] each (`Arenas.taskReward`):
 * `sort` (red to the left wall, blue to the right), `sort-reversed`, and `push` (all to the upper wall). The reward itself
 * is 0 unless `task` names one of them. Never terminated.
 *
 * Observation, `view` `room`: a picture of 7 x 7 cells, in the order wall, agent, red, blue, 0 or 1 each. Arenas stand in its upper left
 * corner; what is outside is wall. `agent`: 2 s - 1 cells a side, where s is the side of the arena `largest`, in the order wall, red, blue, with
 * the agent in the middle. What happens around it looks alike wherever it stands, which learners of few steps need.
 *
 * Level: `{ arena, red, blue, shape? }` (`parseLevel`); without one, uniform among those of the grid, 35 unless
 * `largest` says fewer. Places are drawn.
 */
export function cleanup(copies: number, options: CleanupOptions = {}): BatchedEnvironment {
  const { task = null, largest = LARGEST, view = 'room' } = options;
  if (task !== null && !TASKS.includes(task))
    throw new LightbulbError('invalid_input', 'there is no such task', {
      where: NAME,
      wanted: TASKS.join(', '),
      got: String(task),
    });
  if (!(Number.isSafeInteger(largest) && largest >= 0 && largest <= LARGEST))
    throw new LightbulbError('invalid_input', 'there is no such arena', {
      where: `${NAME}, largest`,
      wanted: `an integer from 0 to ${LARGEST}`,
      got: String(largest),
    });
  if (!VIEWS.includes(view))
    throw new LightbulbError('invalid_input', 'there is no such view', {
      where: `${NAME}, view`,
      wanted: VIEWS.join(', '),
      got: String(view),
    });
  return new Cleanup(
    requireCount(NAME, 'copies', copies),
    requireCount(NAME, 'maximumSteps', options.maximumSteps ?? 60),
    task === null ? -1 : TASKS.indexOf(task),
    largest,
    new Picture(view, largest),
  );
}

class Cleanup extends Solo<CleanupLevel> {
  readonly levels;
  readonly taskNames: readonly string[] = TASKS;
  protected readonly copies: Copies<CleanupLevel>;
  private readonly arenas: Arenas;
  private readonly steps: Int32Array;
  /** [B, tasks]: of the last step. */
  private readonly worth: Float32Array;
  /** What is drawn from where no level was told. */
  private readonly drawn: readonly CleanupLevel[];

  /** task: the one that is paid, or -1. */
  constructor(
    batchSize: number,
    maximumSteps: number,
    private readonly task: number,
    largest: number,
    private readonly picture: Picture,
  ) {
    super(batchSize, maximumSteps, [groupOf(picture)]);
    this.levels = cleanupLevels(largest);
    this.drawn = this.levels.grid.map(parseLevel);
    this.arenas = new Arenas(batchSize);
    this.steps = new Int32Array(batchSize);
    this.worth = new Float32Array(batchSize * TASKS.length);
    this.copies = new Copies(NAME, batchSize, { ...this.arenas.arrays(), steps: this.steps }, parseLevel);
  }

  override reset(seed: number, output: readonly GroupOutput[]): void {
    super.reset(seed, output);
    this.worth.fill(0);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const choice = requireChoices(NAME, this.groups[0], this.batchSize, ACTIONS.length, actions[0]);
    const out = this.requireOutput(output);
    const { arenas, steps, worth, maximumSteps, task } = this;
    for (let b = 0; b < this.batchSize; b++) {
      arenas.move(b, choice[b]!);
      for (let k = 0; k < TASKS.length; k++) worth[b * TASKS.length + k] = arenas.taskReward(b, k);
      out.reward[b] = task < 0 ? 0 : worth[b * TASKS.length + task]!;
      const step = steps[b]! + 1;
      steps[b] = step;
      const isLate = step >= maximumSteps;
      out.truncated[b] = isLate ? 1 : 0;
      if (isLate) {
        this.observe(b, out.finalObservation);
        this.begin(b);
      }
      this.observe(b, out.observation);
    }
    out.terminated.fill(0);
    out.alive.fill(1);
  }

  taskRewards(out: Float32Array): void {
    out.set(this.worth);
  }

  override restore(snapshot: Json): void {
    super.restore(snapshot);
    this.worth.fill(0);
  }

  /** Walls as #, blocks as r and b, the agent as @. */
  render(copy: number): string {
    const { arenas } = this;
    const draw = (cell: number): string => {
      if (arenas.isWall(copy, cell)) return '#';
      if (arenas.agent[copy] === cell) return '@';
      const block = arenas.blockAt(copy, cell);
      return block < 0 ? '.' : block < arenas.red[copy]! ? 'r' : 'b';
    };
    return Array.from({ length: SIDE }, (_, row) =>
      Array.from({ length: SIDE }, (_, column) => draw(row * SIDE + column)).join(''),
    ).join('\n');
  }

  protected begin(b: number): void {
    const random = this.copies.stream(b);
    this.arenas.begin(b, this.copies.level(b) ?? this.drawn[random.integer(this.drawn.length)]!, random);
    this.steps[b] = 0;
  }

  protected observe(b: number, out: Float32Array): void {
    this.picture.draw(this.arenas, b, out, b * this.picture.size);
  }
}
