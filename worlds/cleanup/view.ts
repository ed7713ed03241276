import type { Arenas } from './arena.ts';
import { MOST_BLOCKS, SIDE, SMALLEST } from './level.ts';

/** What the agent sees: its whole room from above, or what is around it. */
export const VIEWS = ['room', 'agent'] as const;
export type View = (typeof VIEWS)[number];

/** Where the numbers of a cell stand; -1 for what the picture does not have. */
interface Planes {
  readonly count: number;
  readonly wall: number;
  readonly agent: number;
  readonly red: number;
  readonly blue: number;
}

const OF_ROOM: Planes = { count: 4, wall: 0, agent: 1, red: 2, blue: 3 };
/** The agent is always in the middle: nothing to tell. */
const OF_AGENT: Planes = { count: 3, wall: 0, agent: -1, red: 1, blue: 2 };

/** A cell that is no wall. */
export interface Content {
  readonly cell: number;
  readonly what: 'nothing' | 'agent' | 'red' | 'blue';
}

/** A square picture of an arena, 0 or 1 each. */
export class Picture {
  /** [cells, cells, planes]. */
  readonly shape: readonly [number, number, number];
  /** Numbers of a picture. */
  readonly size: number;
  private readonly planes: Planes;

  /** Seen from the agent, every room up to the arena `largest` is in the picture whole, wherever the agent stands. */
  constructor(
    private readonly view: View,
    largest: number,
  ) {
    const cells = view === 'room' ? SIDE : 2 * (SMALLEST + largest) - 1;
    this.planes = view === 'room' ? OF_ROOM : OF_AGENT;
    this.shape = [cells, cells, this.planes.count];
    this.size = cells * cells * this.planes.count;
  }

  /** Draws arena `b` into `out[start...]`. */
  draw(arenas: Arenas, b: number, out: Float32Array, start: number): void {
    const { size, planes } = this;
    const cells = this.shape[0];
    const agent = arenas.agent[b]!;
    // The room's cell that the picture's first one is.
    const isOfRoom = this.view === 'room';
    const top = isOfRoom ? 0 : Math.floor(agent / SIDE) - ((cells - 1) >> 1);
    const left = isOfRoom ? 0 : (agent % SIDE) - ((cells - 1) >> 1);
    out.fill(0, start, start + size);
    for (let row = 0, at = start; row < cells; row++)
      for (let column = 0; column < cells; column++, at += planes.count)
        if (arenas.isWallAt(b, top + row, left + column)) out[at + planes.wall] = 1;
    if (planes.agent >= 0) this.mark(agent, top, left, out, start + planes.agent);
    for (let i = 0; i < arenas.blocks[b]!; i++) {
      const plane = i < arenas.red[b]! ? planes.red : planes.blue;
      this.mark(arenas.block[b * MOST_BLOCKS + i]!, top, left, out, start + plane);
    }
  }

  /** What a picture from `observation[start...]` shows, as cells of the room: all but walls. */
  read(observation: Float32Array, start: number): Content[] {
    const { shape, planes } = this;
    const cells = shape[0];
    const found: { row: number; column: number; what: Content['what'] }[] = [];
    for (let row = 0, at = start; row < cells; row++)
      for (let column = 0; column < cells; column++, at += planes.count) {
        if (observation[at + planes.wall] === 1) continue;
        const isAgent =
          planes.agent < 0 ? row === column && 2 * row === cells - 1 : observation[at + planes.agent] === 1;
        const [isRed, isBlue] = [observation[at + planes.red] === 1, observation[at + planes.blue] === 1];
        found.push({ row, column, what: isAgent ? 'agent' : isRed ? 'red' : isBlue ? 'blue' : 'nothing' });
      }
    // Rooms begin at their first row and column.
    const top = Math.min(...found.map(({ row }) => row));
    const left = Math.min(...found.map(({ column }) => column));
    return found.map(({ row, column, what }) => ({ cell: (row - top) * SIDE + column - left, what }));
  }

  /** Sets the number of a cell of the room, if it is in the picture: `out[start]` is that of the picture's first cell. */
  private mark(cell: number, top: number, left: number, out: Float32Array, start: number): void {
    const cells = this.shape[0];
    const row = Math.floor(cell / SIDE) - top;
    const column = (cell % SIDE) - left;
    if (row < 0 || row >= cells || column < 0 || column >= cells) return;
    out[start + (row * cells + column) * this.planes.count] = 1;
  }
}
