import { type Json, LightbulbError, stream } from '../../core/index.ts';
import type { LevelSpace } from '../environment.ts';
import { levelObject } from '../levels.ts';
import { Field } from './field.ts';
import { NAME, type Settings } from './settings.ts';

/** Row and column from 0, and a level. */
export type Piece = readonly [row: number, column: number, level: number];

/** The whole start of an episode. As JSON: `{ players: [[row, column, level], ...], food: [[row, column, level], ...] }`. */
export interface ForagingLevel {
  readonly players: readonly Piece[];
  readonly food: readonly Piece[];
}

/** Throws `invalid_input` where players or food are missing, out of range, or where the rules do not let them be. */
export function parseLevel(settings: Settings, json: Json): ForagingLevel {
  const object = levelObject(NAME, json, ['players', 'food']);
  const { players, rows, cols, maxNumFood, maxPlayerLevel, heaviest } = settings;
  const level = {
    players: pieces(object.players, 'players', [0, rows - 1], [0, cols - 1], maxPlayerLevel),
    food: pieces(object.food, 'food', [1, rows - 2], [1, cols - 2], heaviest),
  };
  if (level.players.length !== players) throw unusable('players', `a list of ${players}`, level.players.length);
  if (level.food.length > maxNumFood) throw unusable('food', `a list of at most ${maxNumFood}`, level.food.length);
  const field = new Field(1, settings);
  field.place(0, { players: level.players, food: [] });
  level.players.forEach(([row, column], i) => {
    if (field.isOccupied(0, i, field.cell(row, column)))
      throw unusable(`players/${i}`, 'a cell of its own', `${row}, ${column}`);
  });
  for (const [i, [row, column, heavy]] of level.food.entries()) {
    const cell = field.cell(row, column);
    if (!field.hasRoom(0, cell))
      throw unusable(`food/${i}`, 'a cell without a player, and no other food within two steps', `${row}, ${column}`);
    field.grid[cell] = heavy;
  }
  return level;
}

/** Levels drawn as episodes are; a mutation moves one player or food to another place. */
export function foragingLevels(settings: Settings): LevelSpace {
  return {
    generate(seed) {
      const field = new Field(1, settings);
      field.scatter(0, stream(seed, 'level'));
      return toJson(readLevel(field, 0));
    },
    mutate(json, seed) {
      const level = parseLevel(settings, json);
      const random = stream(seed, 'level/mutate');
      const { rows, cols } = settings;
      const chosen = random.integer(level.players.length + level.food.length);
      const isPlayer = chosen < level.players.length;
      const food = level.food.filter((_, i) => isPlayer || i !== chosen - level.players.length);
      const field = new Field(1, settings);
      field.place(0, { players: level.players, food });
      const moved = ([row, column, heavy]: Piece): Piece => {
        for (let attempt = 0; attempt < 1000; attempt++) {
          const to = isPlayer
            ? field.cell(random.integer(rows), random.integer(cols))
            : field.cell(1 + random.integer(rows - 2), 1 + random.integer(cols - 2));
          const isFree = isPlayer
            ? field.grid[to] === 0 && !field.isOccupied(0, level.players.length, to)
            : field.hasRoom(0, to);
          if (isFree) return [field.row[to]!, field.column[to]!, heavy];
        }
        return [row, column, heavy];
      };
      return toJson({
        players: level.players.map((piece, i) => (i === chosen ? moved(piece) : piece)),
        food: level.food.map((piece, i) => (i === chosen - level.players.length ? moved(piece) : piece)),
      });
    },
  };
}

/** Copy `b` of a field as it is now. */
export function readLevel(
  { position, level, food, grid, size, row, column, settings }: Field,
  b: number,
): ForagingLevel {
  const { players, maxNumFood } = settings;
  const cells = Array.from(food.subarray(b * maxNumFood, (b + 1) * maxNumFood)).filter(
    (cell) => grid[b * size + cell]! > 0,
  );
  return {
    players: Array.from({ length: players }, (_, i) => {
      const cell = position[b * players + i]!;
      return [row[cell]!, column[cell]!, level[b * players + i]!];
    }),
    food: cells.map((cell) => [row[cell]!, column[cell]!, grid[b * size + cell]!]),
  };
}

function toJson({ players, food }: ForagingLevel): Json {
  return { players: players.map((piece) => [...piece]), food: food.map((piece) => [...piece]) };
}

type Range = readonly [low: number, high: number];

function pieces(value: Json | undefined, key: string, rows: Range, columns: Range, highest: number): readonly Piece[] {
  if (!Array.isArray(value)) throw unusable(key, 'a list of [row, column, level]', JSON.stringify(value));
  const ranges = [rows, columns, [1, highest]] as const;
  return (value as readonly Json[]).map((piece, i) => {
    if (
      Array.isArray(piece) &&
      piece.length === 3 &&
      ranges.every(([low, high], k) => Number.isInteger(piece[k]) && piece[k]! >= low && piece[k]! <= high)
    )
      return piece as unknown as Piece;
    const wanted = `[row, column, level] from [${ranges.map(([low]) => low).join(', ')}] to [${ranges.map(([, high]) => high).join(', ')}]`;
    throw unusable(`${key}/${i}`, wanted, JSON.stringify(piece));
  });
}

function unusable(where: string, wanted: string, got: unknown): LightbulbError {
  return new LightbulbError('invalid_input', 'the level is not usable', {
    where: `${NAME}, ${where}`,
    wanted,
    got: String(got),
  });
}
