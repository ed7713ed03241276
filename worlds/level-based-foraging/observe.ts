import type { Space } from '../space.ts';
import type { Field } from './field.ts';
import type { Settings } from './settings.ts';

/** Layers of a grid observation: levels of players, levels of food, whether the cell can be entered. */
const LAYERS = 3;

/** Numbers that an agent sees. */
export function observationWidth({
  gridObservation,
  sight,
  maxNumFood,
  players,
  observeAgentLevels,
}: Settings): number {
  if (gridObservation) return LAYERS * (2 * sight + 1) ** 2;
  return 3 * maxNumFood + (observeAgentLevels ? 3 : 2) * players;
}

export function observationSpace(settings: Settings): Space {
  const { gridObservation, sight, maxNumFood, players, observeAgentLevels, rows, cols } = settings;
  const { heaviest, maxPlayerLevel } = settings;
  if (gridObservation) {
    const side = 2 * sight + 1;
    return { type: 'box', shape: [side, side, LAYERS], low: 0, high: Math.max(heaviest, maxPlayerLevel) };
  }
  const each = (food: readonly number[], player: readonly number[]): number[] => [
    ...Array.from({ length: maxNumFood }, () => food).flat(),
    ...Array.from({ length: players }, () => player.slice(0, observeAgentLevels ? 3 : 2)).flat(),
  ];
  return {
    type: 'box',
    shape: [observationWidth(settings)],
    low: each([-1, -1, 0], [-1, -1, 0]),
    high: each([rows - 1, cols - 1, heaviest], [rows - 1, cols - 1, maxPlayerLevel]),
  };
}

/** Writes what the agents of copy `b` see into `out`, [B, N, D]. */
export function observe(field: Field, b: number, out: Float32Array): void {
  if (field.settings.gridObservation) observeGrids(field, b, out);
  else observeLists(field, b, out);
}

/**
 * Food (row, column, level) row by row, then players likewise, oneself first and the others in their order; -1, -1, 0
 * for what is not seen. Rows and columns count from the corner of what lies within sight and in the field, and players
 * are seen up to twice the sight from that corner: near the top and left border, farther than food (so the reference).
 */
function observeLists(field: Field, b: number, out: Float32Array): void {
  const { grid, size, position, level, food, row, column } = field;
  const { players, maxNumFood, sight, observeAgentLevels } = field.settings;
  const first = b * players;
  const end = first + players;
  const reach = 2 * sight;
  let at = first * observationWidth(field.settings);
  for (let self = first; self < end; self++) {
    const ownRow = row[position[self]!]!;
    const ownColumn = column[position[self]!]!;
    const top = ownRow > sight ? ownRow - sight : 0;
    const left = ownColumn > sight ? ownColumn - sight : 0;
    const afterFood = at + 3 * maxNumFood;
    for (let k = b * maxNumFood, last = k + maxNumFood; k < last; k++) {
      const cell = food[k]!;
      const heavy = grid[b * size + cell]!;
      const y = row[cell]!;
      const x = column[cell]!;
      if (heavy <= 0 || y < top || x < left || y > ownRow + sight || x > ownColumn + sight) continue;
      out[at++] = y - top;
      out[at++] = x - left;
      out[at++] = heavy;
    }
    at = fillUnseen(out, at, afterFood, true);
    const after = afterFood + (observeAgentLevels ? 3 : 2) * players;
    at = seePlayer(out, at, ownRow - top, ownColumn - left, level[self]!, observeAgentLevels);
    for (let other = first; other < end; other++) {
      if (other === self) continue;
      const y = row[position[other]!]! - top;
      const x = column[position[other]!]! - left;
      if (y < 0 || x < 0 || y > reach || x > reach) continue;
      at = seePlayer(out, at, y, x, level[other]!, observeAgentLevels);
    }
    at = fillUnseen(out, at, after, observeAgentLevels);
  }
}

function seePlayer(out: Float32Array, at: number, y: number, x: number, level: number, hasLevel: boolean): number {
  out[at] = y;
  out[at + 1] = x;
  if (!hasLevel) return at + 2;
  out[at + 2] = level;
  return at + 3;
}

function fillUnseen(out: Float32Array, from: number, end: number, hasLevel: boolean): number {
  let at = from;
  while (at < end) at = seePlayer(out, at, -1, -1, 0, hasLevel);
  return at;
}

/** Oneself in the middle of [2 sight + 1, 2 sight + 1, 3]; everything 0 outside the field. */
function observeGrids(field: Field, b: number, out: Float32Array): void {
  const { grid, size, position, level, row, column } = field;
  const { players, sight, observeAgentLevels, rows, cols } = field.settings;
  const side = 2 * sight + 1;
  const first = b * players;
  out.fill(0, first * side * side * LAYERS, (first + players) * side * side * LAYERS);
  for (let self = first; self < first + players; self++) {
    // Where the field's first cell would be in the picture.
    const down = sight - row[position[self]!]!;
    const right = sight - column[position[self]!]!;
    const start = self * side * side;
    for (let y = Math.max(0, down); y < Math.min(side, down + rows); y++) {
      for (let x = Math.max(0, right); x < Math.min(side, right + cols); x++) {
        const food = grid[b * size + field.cell(y - down, x - right)]!;
        const at = (start + y * side + x) * LAYERS;
        out[at + 1] = food;
        out[at + 2] = food === 0 ? 1 : 0;
      }
    }
    for (let other = first; other < first + players; other++) {
      const y = row[position[other]!]! + down;
      const x = column[position[other]!]! + right;
      if (y < 0 || x < 0 || y >= side || x >= side) continue;
      const at = (start + y * side + x) * LAYERS;
      out[at] = observeAgentLevels ? level[other]! : 1;
      out[at + 2] = 0;
    }
  }
}
