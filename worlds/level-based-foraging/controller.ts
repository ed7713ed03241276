import { LightbulbError } from '../../core/index.ts';
import type { ScriptedPolicy } from '../scripted.ts';
import { Field, LOAD } from './field.ts';
import { type LevelBasedForagingOptions, NAME, settingsOf } from './settings.ts';

const NOBODY = -1;
const FAR = 2 ** 30;

/**
 * A controller for agents that see the whole field as lists, levels included. Every agent works out the same plan for
 * all: again and again the food that its nearest players, as many as are needed, reach first is given to them; whoever
 * is left walks to the nearest food. All walk shortest ways around food and each other, to cells beside their food, and
 * load once enough of them are there. Throws `unsupported` where observations show less.
 */
export function gatherFood(options: LevelBasedForagingOptions = {}): ScriptedPolicy {
  const settings = settingsOf(options);
  const { players, maxNumFood, rows, cols, sight, gridObservation, observeAgentLevels } = settings;
  if (gridObservation || !observeAgentLevels || sight < Math.max(rows, cols) - 1) {
    throw new LightbulbError('unsupported', 'the policy written by hand needs to see the whole field, as lists', {
      where: NAME,
      wanted: `sight 0 or from ${Math.max(rows, cols) - 1}, observeAgentLevels, no gridObservation`,
    });
  }
  // A field of one copy, of which each call draws the present.
  const field = new Field(1, settings);
  const plan = new Plan(field);
  return (observation, offset, _group, agent) => {
    const { grid, position, level, food } = field;
    for (let row = 0; row < rows; row++) grid.fill(0, field.cell(row, 0), field.cell(row, cols));
    for (let k = 0; k < maxNumFood; k++) {
      const at = offset + 3 * k;
      food[k] = observation[at + 2]! > 0 ? field.cell(observation[at]!, observation[at + 1]!) : 0;
      if (food[k] !== 0) grid[food[k]!] = observation[at + 2]!;
    }
    for (let i = 0; i < players; i++) {
      // Oneself comes first, the others in their order.
      const seat = i === agent ? 0 : i < agent ? i + 1 : i;
      const at = offset + 3 * maxNumFood + 3 * seat;
      position[i] = field.cell(observation[at]!, observation[at + 1]!);
      level[i] = observation[at + 2]!;
    }
    return plan.actionOf(agent);
  };
}

/** What the players of a field of one copy do together. */
class Plan {
  private readonly players: number;
  /** [N]: the food each player is to load, by index, and the cell it is to do that from. */
  private readonly task: Int32Array;
  private readonly stand: Int32Array;
  /** [N]: where each will be after this step. */
  private readonly next: Int32Array;
  private readonly team: Int32Array;
  private readonly taken: Uint8Array;
  private readonly distance: Int32Array;
  private readonly queue: Int32Array;

  constructor(private readonly field: Field) {
    const { players, maxNumFood } = field.settings;
    this.players = players;
    this.task = new Int32Array(players);
    this.stand = new Int32Array(players);
    this.next = new Int32Array(players);
    this.team = new Int32Array(players);
    this.taken = new Uint8Array(maxNumFood);
    this.distance = new Int32Array(field.size);
    this.queue = new Int32Array(field.size);
  }

  actionOf(agent: number): number {
    this.assign();
    this.chooseStands();
    for (let i = 0; i < agent; i++) this.next[i] = this.field.position[i]! + this.field.way[this.act(i)]!;
    return this.act(agent);
  }

  private assign(): void {
    const { task, taken, field } = this;
    const { food } = field;
    task.fill(NOBODY);
    taken.fill(0);
    for (;;) {
      let best = NOBODY;
      let soonest = FAR;
      for (let k = 0; k < food.length; k++) {
        if (food[k] === 0 || taken[k] === 1) continue;
        const farthest = this.gather(k);
        if (farthest < soonest) {
          soonest = farthest;
          best = k;
        }
      }
      if (best === NOBODY) break;
      this.gather(best);
      taken[best] = 1;
      for (let i = 0; i < this.players; i++) if (this.team[i] === 1) task[i] = best;
    }
    for (let i = 0; i < this.players; i++) {
      if (task[i] !== NOBODY) continue;
      let nearest = FAR;
      for (let k = 0; k < food.length; k++) {
        if (food[k] === 0 || this.way(i, food[k]!) >= nearest) continue;
        nearest = this.way(i, food[k]!);
        task[i] = k;
      }
    }
  }

  /** Puts the nearest idle players that can load food `k` into `team`; the way of the farthest, `FAR` if none can. */
  private gather(k: number): number {
    const { field, team, task } = this;
    const cell = field.food[k]!;
    team.fill(0);
    let farthest = 0;
    for (let strength = 0; strength < field.grid[cell]!; ) {
      let nearest = NOBODY;
      for (let i = 0; i < this.players; i++) {
        if (task[i] !== NOBODY || team[i] === 1) continue;
        if (nearest === NOBODY || this.way(i, cell) < this.way(nearest, cell)) nearest = i;
      }
      if (nearest === NOBODY) return FAR;
      team[nearest] = 1;
      strength += field.level[nearest]!;
      farthest = this.way(nearest, cell);
    }
    return farthest;
  }

  /** Everyone a cell of its own beside its food: those who are there stay, the others take the nearest, in turn. */
  private chooseStands(): void {
    const { field, task, stand } = this;
    stand.fill(NOBODY);
    for (let i = 0; i < this.players; i++) {
      const cell = field.position[i]!;
      if (task[i] === NOBODY || this.way(i, field.food[task[i]!]!) !== 1 || stand.includes(cell)) continue;
      stand[i] = cell;
    }
    for (let i = 0; i < this.players; i++) {
      if (task[i] === NOBODY || stand[i] !== NOBODY) continue;
      let nearest = FAR;
      let choice = NOBODY;
      for (let action = 1; action < LOAD; action++) {
        const cell = field.food[task[i]!]! + field.way[action]!;
        if (field.grid[cell] !== 0 || stand.includes(cell) || this.way(i, cell) >= nearest) continue;
        nearest = this.way(i, cell);
        choice = cell;
      }
      stand[i] = choice;
    }
  }

  /** What player `i` does, those before it having decided. */
  private act(i: number): number {
    const { field, task, stand } = this;
    if (task[i] === NOBODY || stand[i] === NOBODY) return 0;
    if (field.position[i] === stand[i]) return this.isTeamThere(task[i]!) ? LOAD : 0;
    this.measure(i);
    let action = 0;
    let shortest = FAR;
    for (let move = 1; move < LOAD; move++) {
      const steps = this.distance[field.position[i]! + field.way[move]!]!;
      if (steps >= shortest) continue;
      shortest = steps;
      action = move;
    }
    return action;
  }

  private isTeamThere(k: number): boolean {
    const { field, task, stand } = this;
    let strength = 0;
    for (let i = 0; i < this.players; i++) {
      if (task[i] === k && field.position[i] === stand[i]) strength += field.level[i]!;
    }
    return strength >= field.grid[field.food[k]!]!;
  }

  /** Steps from every cell to where player `i` is to stand, around food, the others, and where those before it go. */
  private measure(i: number): void {
    const { field, distance, queue } = this;
    const { position, grid, way } = field;
    distance.fill(FAR);
    let filled = 0;
    const visit = (cell: number, steps: number): void => {
      if (distance[cell] !== FAR || grid[cell] !== 0) return;
      for (let j = 0; j < this.players; j++) {
        if (j !== i && (position[j] === cell || (j < i && this.next[j] === cell))) return;
      }
      distance[cell] = steps;
      queue[filled++] = cell;
    };
    visit(this.stand[i]!, 0);
    for (let read = 0; read < filled; read++) {
      const cell = queue[read]!;
      for (let move = 1; move < LOAD; move++) visit(cell + way[move]!, distance[cell]! + 1);
    }
  }

  /** Steps between player `i` and a cell, were nothing in between. */
  private way(i: number, cell: number): number {
    const { position, row, column } = this.field;
    const own = position[i]!;
    return Math.abs(row[own]! - row[cell]!) + Math.abs(column[own]! - column[cell]!);
  }
}
