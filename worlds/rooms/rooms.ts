import { type Json, LightbulbError, suggest } from '../../core/index.ts';
import type { Group, GroupActions, GroupOutput } from '../batched.ts';
import { Copies } from '../copies.ts';
import { requireChoices, requireCount } from '../guards.ts';
import { Solo } from '../solo.ts';
import type { ExactModel, HeldOutLevel, TabularEnvironment } from '../tabular/index.ts';
import { DIRECTIONS, GOALS, goalCell, moved, startCell } from './layout.ts';
import { evenSlips, heldOutRooms, type Room, type RoomRanges, readRoom, roomLevels } from './room-levels.ts';
import { roomModel } from './room-model.ts';

export interface RoomsOptions {
  /** Sides of the smallest and the largest room, in cells. Default 3 and 7. */
  readonly smallest?: number;
  readonly largest?: number;
  /** How many slips there are, evenly from 0 to `mostSlip`. Default 4, to 0.6. */
  readonly slips?: number;
  readonly mostSlip?: number;
  /** The goal whose visits are paid; null: nothing is. Default null. */
  readonly task?: string | null;
  /** Episodes are truncated after this many steps. Default 60. */
  readonly maximumSteps?: number;
}

const NAME = 'rooms';

/**
 * Empty square rooms in which a walker's moves go astray, made for this project: all there is to learn are the dynamics,
 * and they are known exactly. Four moves; with chance `slip` a move goes in a random direction instead; walls hold.
 * Observation: the cell, row by row, one of largest x largest. Episodes start in the middle and end by truncation.
 *
 * Tasks: eight goals in the corners and at the walls in line with the start (`layout.ts`); each pays 1 in every step that
 * ends in its cell. The reward itself is 0, or the one of the option `task`.
 *
 * Level: `{ size, slip?, wind? }`, drawn from the grid of all sizes and slips where none is set. With `wind`, which is in
 * no level of the grid, what goes astray goes in that direction.
 */
export function rooms(copies: number, options: RoomsOptions = {}): TabularEnvironment {
  const smallest = requireCount(NAME, 'smallest', options.smallest ?? 3, 3);
  const largest = requireCount(NAME, 'largest', options.largest ?? 7, smallest);
  const mostSlip = options.mostSlip ?? 0.6;
  const slips = evenSlips(requireCount(NAME, 'slips', options.slips ?? 4), mostSlip);
  const { task = null } = options;
  const goal = task === null ? -1 : (GOALS as readonly string[]).indexOf(task);
  if (task !== null && goal === -1) {
    throw new LightbulbError('invalid_input', `there is no task "${task}"`, {
      where: NAME,
      wanted: GOALS.join(', '),
      cure: suggest(task, GOALS),
    });
  }
  const maximumSteps = requireCount(NAME, 'maximumSteps', options.maximumSteps ?? 60);
  return new Rooms(requireCount(NAME, 'copies', copies), maximumSteps, { smallest, largest, slips }, goal);
}

function groupOf(largest: number): Group {
  return {
    name: 'agent',
    agents: ['agent_0'],
    observation: { type: 'discrete', n: largest * largest },
    action: { type: 'discrete', n: DIRECTIONS.length, labels: [...DIRECTIONS] },
    masked: false,
  };
}

class Rooms extends Solo<Room> implements TabularEnvironment {
  readonly levels;
  readonly taskNames: readonly string[] = GOALS;
  readonly heldOut: Readonly<Record<string, readonly HeldOutLevel[]>>;
  protected readonly copies: Copies<Room>;
  private readonly grid: readonly Room[];
  private readonly models = new Map<string, ExactModel>();
  /** [B] each. */
  private readonly cell: Int32Array;
  private readonly size: Int32Array;
  private readonly slip: Float64Array;
  private readonly wind: Int32Array;
  private readonly steps: Int32Array;
  /** [B, goals], of the last step. */
  private readonly paid: Float32Array;
  /** [largest + 1, goals]: cells of the goals in rooms of each size. */
  private readonly goals: Int32Array;

  constructor(
    batchSize: number,
    maximumSteps: number,
    private readonly ranges: RoomRanges,
    /** Whose visits are paid; -1: nobody's. */
    private readonly goal: number,
  ) {
    super(batchSize, maximumSteps, [groupOf(ranges.largest)]);
    this.levels = roomLevels(ranges);
    this.heldOut = heldOutRooms(ranges);
    this.grid = this.levels.grid.map((level) => readRoom(level, ranges));
    this.cell = new Int32Array(batchSize);
    this.size = new Int32Array(batchSize);
    this.slip = new Float64Array(batchSize);
    this.wind = new Int32Array(batchSize);
    this.steps = new Int32Array(batchSize);
    this.paid = new Float32Array(batchSize * GOALS.length);
    this.goals = Int32Array.from({ length: (ranges.largest + 1) * GOALS.length }, (_, i) =>
      goalCell(i % GOALS.length, Math.floor(i / GOALS.length)),
    );
    const { cell, size, slip, wind, steps } = this;
    this.copies = new Copies(NAME, batchSize, { cell, size, slip, wind, steps }, (level) => readRoom(level, ranges));
  }

  exactModel(level: Json): ExactModel {
    const room = readRoom(level, this.ranges);
    const key = `${room.size}/${room.slip}/${room.wind}`;
    const model = this.models.get(key) ?? roomModel(room);
    this.models.set(key, model);
    return model;
  }

  override reset(seed: number, output: readonly GroupOutput[]): void {
    super.reset(seed, output);
    this.paid.fill(0);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const choice = requireChoices(NAME, this.groups[0], this.batchSize, DIRECTIONS.length, actions[0]);
    const out = this.requireOutput(output);
    const { cell, size, steps, paid, goals, goal } = this;
    for (let b = 0; b < this.batchSize; b++) {
      const at = moved(cell[b]!, this.direction(b, choice[b]!), size[b]!);
      cell[b] = at;
      const row = size[b]! * GOALS.length;
      for (let g = 0; g < GOALS.length; g++) paid[b * GOALS.length + g] = goals[row + g] === at ? 1 : 0;
      out.reward[b] = goal === -1 ? 0 : paid[b * GOALS.length + goal]!;
      const step = steps[b]! + 1;
      steps[b] = step;
      const late = step >= this.maximumSteps;
      out.terminated[b] = 0;
      out.truncated[b] = late ? 1 : 0;
      if (late) {
        this.observe(b, out.finalObservation);
        this.begin(b);
      }
      this.observe(b, out.observation);
    }
    out.alive.fill(1);
  }

  taskRewards(out: Float32Array): void {
    out.set(this.paid);
  }

  render(copy: number): string {
    const size = this.size[copy]!;
    const at = this.cell[copy]!;
    const row = (r: number): string =>
      Array.from({ length: size }, (_, c) => (r * size + c === at ? '@' : '.')).join('');
    return Array.from({ length: size }, (_, r) => row(r)).join('\n');
  }

  protected begin(b: number): void {
    const level = this.copies.level(b) ?? this.grid[this.copies.stream(b).integer(this.grid.length)]!;
    this.size[b] = level.size;
    this.slip[b] = level.slip;
    this.wind[b] = level.wind;
    this.cell[b] = startCell(level.size);
    this.steps[b] = 0;
  }

  protected observe(b: number, out: Float32Array): void {
    const width = this.ranges.largest * this.ranges.largest;
    out.fill(0, b * width, (b + 1) * width);
    out[b * width + this.cell[b]!] = 1;
  }

  /** The direction that a move takes in the end. Two draws a step, whatever comes of them. */
  private direction(b: number, choice: number): number {
    const random = this.copies.stream(b);
    const isAstray = random.uniform() < this.slip[b]!;
    const astray = random.integer(DIRECTIONS.length);
    if (!isAstray) return choice;
    return this.wind[b] === -1 ? astray : this.wind[b]!;
  }
}
