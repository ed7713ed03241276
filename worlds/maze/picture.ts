import { type MazeLevel, parseMaze } from './level.ts';

/** Points of a cell's side. */
const CELL = 20;
/** Where an arrow's three corners are, in cells from the middle, for the one who looks right. */
const ARROW = [
  [0.35, 0],
  [-0.3, 0.3],
  [-0.3, -0.3],
] as const;

/** A maze as an SVG picture, `20 (size + 2)` points a side, its outer wall drawn. */
export function mazePicture(level: MazeLevel): string {
  const { size, walls, agent, direction, goal } = parseMaze(level as string[]);
  const side = (size + 2) * CELL;
  const place = (cell: number): readonly [number, number] => [
    (1 + (cell % size)) * CELL,
    (1 + Math.floor(cell / size)) * CELL,
  ];
  const square = (cell: number, fill: string): string => {
    const [x, y] = place(cell);
    return `<rect x="${x}" y="${y}" width="${CELL}" height="${CELL}" fill="${fill}"/>`;
  };
  const stones = Array.from(walls, (wall, cell) => (wall === 1 ? square(cell, '#3b4252') : '')).join('');
  const [x, y] = place(agent);
  const turn = (direction * Math.PI) / 2;
  const corners = ARROW.map(([ahead, right]) => {
    const along = Math.cos(turn) * ahead - Math.sin(turn) * right;
    const down = Math.sin(turn) * ahead + Math.cos(turn) * right;
    return `${round(x + CELL * (0.5 + along))},${round(y + CELL * (0.5 + down))}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 ${side} ${side}">`,
    `<rect width="${side}" height="${side}" fill="#3b4252"/>`,
    `<rect x="${CELL}" y="${CELL}" width="${size * CELL}" height="${size * CELL}" fill="#eceff4"/>`,
    stones,
    square(goal, '#6aa84f'),
    `<polygon points="${corners.join(' ')}" fill="#c0392b"/>`,
    '</svg>',
  ].join('');
}

const round = (value: number): number => Math.round(value * 100) / 100;
