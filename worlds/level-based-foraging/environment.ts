import type { Json } from '../../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from '../batched.ts';
import { Copies } from '../copies.ts';
import type { LevelSpace } from '../environment.ts';
import { requireChoices, requireCount, requireOutput } from '../guards.ts';
import { ACTIONS, Field, LOAD } from './field.ts';
import { type ForagingLevel, foragingLevels, parseLevel } from './level.ts';
import { observationSpace, observationWidth, observe } from './observe.ts';
import { type LevelBasedForagingOptions, NAME, type Settings, settingsOf } from './settings.ts';

/**
 * Level-based foraging (Albrecht and Ramamoorthy 2013, arXiv 1506.01170; Papoudakis et al. 2021, arXiv 2006.07869) by
 * the rules of the package `lbforaging`, environments `Foraging-*-v3`: players walk a field and load food beside them,
 * which works where the levels of those who load it together reach the food's.
 *
 * Actions: none, north, south, west, east, load; one that is not valid (into a wall or food; no food to load) does
 * nothing, and the mask says which are. Reward of a player for a load: its level x food's level / (sum of the loaders'
 * levels x sum of all food's levels), so that a team's rewards of an episode add up to at most 1. Terminated when no
 * food is left, truncated at `maxEpisodeSteps` (the reference calls both `done`).
 *
 * Observation: see `observe.ts`; as lists of 3 numbers for each food and player, or as a picture with the channels last
 * (the reference has them first). There is no state besides: a central critic sees all observations side by side, as
 * EPyMARL's does.
 *
 * Level, the whole start: `{ players: [[row, column, level], ...], food: [[row, column, level], ...] }`.
 */
export function levelBasedForaging(copies: number, options: LevelBasedForagingOptions = {}): BatchedEnvironment {
  return new LevelBasedForaging(requireCount(NAME, 'copies', copies), settingsOf(options));
}

class LevelBasedForaging implements BatchedEnvironment {
  readonly groups: readonly Group[];
  readonly stateSize = 0;
  readonly maximumSteps: number;
  readonly levels: LevelSpace;
  private readonly copies: Copies<ForagingLevel>;
  private readonly field: Field;
  private readonly steps: Int32Array;
  private readonly width: number;
  private readonly mask: number;

  constructor(
    readonly batchSize: number,
    private readonly settings: Settings,
  ) {
    this.maximumSteps = settings.maxEpisodeSteps;
    this.width = observationWidth(settings);
    this.mask = settings.actionMask ? ACTIONS.length : 0;
    this.groups = [
      {
        name: 'agent',
        agents: Array.from({ length: settings.players }, (_, i) => `agent_${i}`),
        observation: observationSpace(settings),
        action: { type: 'discrete', n: ACTIONS.length, labels: ACTIONS },
        masked: settings.actionMask,
      },
    ];
    this.levels = foragingLevels(settings);
    this.field = new Field(batchSize, settings);
    this.steps = new Int32Array(batchSize);
    const arrays = { ...this.field.arrays(), steps: this.steps };
    this.copies = new Copies(NAME, batchSize, arrays, (level) => parseLevel(settings, level));
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    const out = this.check(output);
    this.copies.start(seed);
    for (let b = 0; b < this.batchSize; b++) {
      this.begin(b);
      this.show(b, out);
    }
    out.reward.fill(0);
    out.terminated.fill(0);
    out.truncated.fill(0);
    out.alive.fill(1);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const choices = requireChoices(NAME, this.groups[0]!, this.batchSize, ACTIONS.length, actions[0]);
    const out = this.check(output);
    const { field, steps, maximumSteps } = this;
    const { players } = this.settings;
    for (let b = 0; b < this.batchSize; b++) {
      field.advance(b, choices, out.reward);
      const step = steps[b]! + 1;
      steps[b] = step;
      const isEaten = field.left[b] === 0;
      const isLate = step >= maximumSteps && !isEaten;
      for (let i = b * players, end = i + players; i < end; i++) {
        out.terminated[i] = isEaten ? 1 : 0;
        out.truncated[i] = isLate ? 1 : 0;
      }
      if (isEaten || isLate) {
        observe(field, b, out.finalObservation);
        this.begin(b);
      }
      this.show(b, out);
    }
    out.alive.fill(1);
  }

  setLevel(copy: number, level: Json | undefined): void {
    this.copies.setLevel(copy, level);
  }

  snapshot(): Json {
    return this.copies.snapshot();
  }

  restore(snapshot: Json): void {
    this.copies.restore(snapshot);
  }

  /** Players as a letter and their level, food as its level, a dot where nothing is. */
  render(copy: number): string {
    const { field } = this;
    const { rows, cols, players } = this.settings;
    const draw = (cell: number): string => {
      const i = field.position.subarray(copy * players, (copy + 1) * players).indexOf(cell);
      if (i >= 0) return `${String.fromCharCode(97 + (i % 26))}${field.level[copy * players + i]}`;
      const food = field.grid[copy * field.size + cell]!;
      return food > 0 ? String(food) : '.';
    };
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: cols }, (_, column) => draw(field.cell(row, column)).padStart(3)).join(''),
    ).join('\n');
  }

  private begin(b: number): void {
    const level = this.copies.level(b);
    if (level === undefined) this.field.scatter(b, this.copies.stream(b));
    else this.field.place(b, level);
    this.steps[b] = 0;
  }

  private show(b: number, out: GroupOutput): void {
    observe(this.field, b, out.observation);
    if (this.mask === 0) return;
    const { grid, size, position, way } = this.field;
    const { players } = this.settings;
    const mask = out.actionMask;
    for (let i = b * players, end = i + players; i < end; i++) {
      const at = b * size + position[i]!;
      const first = i * ACTIONS.length;
      let food = 0;
      mask[first] = 1;
      for (let action = 1; action < LOAD; action++) {
        const there = grid[at + way[action]!]!;
        mask[first + action] = there === 0 ? 1 : 0;
        if (there > 0) food = 1;
      }
      mask[first + LOAD] = food;
    }
  }

  private check(output: readonly GroupOutput[]): GroupOutput {
    return requireOutput(NAME, this.groups, 0, this.batchSize, this.width, output, this.mask);
  }
}
