import { stream } from '../../../core/index.ts';
import { float32, type Value } from '../../../nn/index.ts';

/**
 * A room of 5 x 5 cells and four moves, of which only the three upper rows of cells have been visited, each move there
 * eight times. In one cell stands a television: 6 pixels that are 0 or 1 by chance whenever one looks.
 */
const SIDE = 5;
const PIXELS = 6;
const VISITS = 8;
const TELEVISION = 7;
const VISITED = 3 * SIDE;
const MOVES = [
  [0, 1],
  [1, 0],
  [0, -1],
  [-1, 0],
] as const;

export const FEATURES = 2 * SIDE + PIXELS;
export const ACTIONS = MOVES.length;

/** Rows of transitions, and what is known of each. */
export interface Transitions {
  /** [R, FEATURES], [R, ACTIONS], [R, FEATURES]. */
  readonly features: Value;
  readonly action: Value;
  readonly target: Value;
  /** Each row: was this move of this cell visited; does it lead to the television? */
  readonly isVisited: readonly boolean[];
  readonly isNoisy: readonly boolean[];
}

/** What was seen, in the order of the seed. The pixels of targets are drawn. */
export function visited(seed: number): Transitions {
  const random = stream(seed, 'noisy-grid');
  const cells = Array.from({ length: VISITS * VISITED }, (_, i) => i % VISITED);
  return transitions(cells, () => (random.uniform() < 0.5 ? 0 : 1));
}

/** Every move of every cell once; pixels stand at their mean, which is the best prediction. */
export const everywhere = (): Transitions =>
  transitions(
    Array.from({ length: SIDE * SIDE }, (_, cell) => cell),
    () => 0.5,
  );

function transitions(cells: readonly number[], pixel: () => number): Transitions {
  const rows = cells.flatMap((cell) => MOVES.map((_, move) => ({ cell, move, to: after(cell, move) })));
  const of = (pick: (row: (typeof rows)[number]) => readonly number[], width: number): Value =>
    float32([rows.length, width], rows.flatMap(pick));
  return {
    features: of(({ cell }) => featuresOf(cell, pixel), FEATURES),
    action: of(({ move }) => MOVES.map((_, k) => (k === move ? 1 : 0)), ACTIONS),
    target: of(({ to }) => featuresOf(to, pixel), FEATURES),
    isVisited: rows.map(({ cell }) => cell < VISITED),
    isNoisy: rows.map(({ to }) => to === TELEVISION),
  };
}

function after(cell: number, move: number): number {
  const row = Math.floor(cell / SIDE) + MOVES[move]![0];
  const column = (cell % SIDE) + MOVES[move]![1];
  return row < 0 || column < 0 || row >= SIDE || column >= SIDE ? cell : row * SIDE + column;
}

/** Row and column, one-hot each, and the pixels, which are dark but at the television. */
function featuresOf(cell: number, pixel: () => number): number[] {
  const place = Array.from({ length: 2 * SIDE }, (_, i) =>
    i === Math.floor(cell / SIDE) || i === SIDE + (cell % SIDE) ? 1 : 0,
  );
  return [...place, ...Array.from({ length: PIXELS }, () => (cell === TELEVISION ? pixel() : 0))];
}
