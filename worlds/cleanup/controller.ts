import type { ScriptedPolicy } from '../scripted.ts';
import type { Task } from './arena.ts';
import { LARGEST, SIDE } from './level.ts';
import { type Content, Picture, type View } from './view.ts';

const CELLS = SIDE * SIDE;
/** By action from 1: what it adds to a cell's number, and to its column. */
const WAY = [0, -SIDE, SIDE, -1, 1] as const;
const SIDEWAYS = [0, 0, 0, -1, 1] as const;

/**
 * Brings one block after the other to where a task wants it: always the one that takes the fewest steps now, along a
 * shortest way of agent and block together, with the other blocks where they are. `view` and `largest`: the environment's. Seen from the
 * agent, rooms larger than the arena `largest` are not there whole, and what is not seen counts as wall.
 */
export function tidyUp(task: Task, view: View = 'room', largest: number = LARGEST): ScriptedPolicy {
  const picture = new Picture(view, largest);
  return (observation, offset) => new Plan(picture.read(observation, offset), task).first();
}

/** The picture as the planner reads it, and its search. */
class Plan {
  private readonly isFree = new Uint8Array(CELLS);
  private readonly blocks: { readonly cell: number; readonly isRed: boolean }[] = [];
  private agent = 0;
  private columns = 0;

  constructor(
    room: readonly Content[],
    private readonly task: Task,
  ) {
    for (const { cell, what } of room) {
      this.isFree[cell] = 1;
      this.columns = Math.max(this.columns, (cell % SIDE) + 1);
      if (what === 'agent') this.agent = cell;
      else if (what !== 'nothing') this.blocks.push({ cell, isRed: what === 'red' });
    }
    for (const { cell } of this.blocks) this.isFree[cell] = 0;
  }

  /** The first action of the shortest plan for any block that is not in its place; staying where there is none. */
  first(): number {
    let best = { action: 0, steps: Number.POSITIVE_INFINITY };
    for (const { cell, isRed } of this.blocks) {
      if (this.isHome(cell, isRed)) continue;
      const found = this.search(cell, isRed);
      if (found.steps < best.steps) best = found;
    }
    return best.action;
  }

  private isHome(cell: number, isRed: boolean): boolean {
    if (this.task === 'push') return cell < SIDE;
    return isRed === (this.task === 'sort') ? cell % SIDE === 0 : cell % SIDE === this.columns - 1;
  }

  /** Breadth first over where the agent and one block are. */
  private search(start: number, isRed: boolean): { action: number; steps: number } {
    this.isFree[start] = 1;
    const steps = new Int32Array(CELLS * CELLS).fill(-1);
    const firsts = new Uint8Array(CELLS * CELLS);
    const queue = [this.agent * CELLS + start];
    steps[queue[0]!] = 0;
    let found = { action: 0, steps: Number.POSITIVE_INFINITY };
    for (const state of queue) {
      const [agent, block] = [Math.floor(state / CELLS), state % CELLS];
      if (this.isHome(block, isRed)) {
        found = { action: firsts[state]!, steps: steps[state]! };
        break;
      }
      for (let action = 1; action < WAY.length; action++) {
        const to = this.beyond(agent, action);
        const pushed = to === block ? this.beyond(block, action) : block;
        if (to < 0 || pushed < 0) continue;
        const next = to * CELLS + pushed;
        if (steps[next]! >= 0) continue;
        steps[next] = steps[state]! + 1;
        firsts[next] = steps[state] === 0 ? action : firsts[state]!;
        queue.push(next);
      }
    }
    this.isFree[start] = 0;
    return found;
  }

  /** The cell that an action leads to, or -1 where something stands that is not pushed. */
  private beyond(cell: number, action: number): number {
    const column = (cell % SIDE) + SIDEWAYS[action]!;
    const to = cell + WAY[action]!;
    if (column < 0 || column >= SIDE || to < 0 || to >= CELLS) return -1;
    return this.isFree[to] === 1 ? to : -1;
  }
}
