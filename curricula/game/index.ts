export { Arena, type ArenaOptions } from './arena.ts';
export { checkGame } from './check.ts';
export { Dreams, type DreamsOptions } from './dreams.ts';
export { Imagination, type ImaginationParts, type WorldParameters } from './imagination.ts';
export {
  type AdversaryOptions,
  type FloorOptions,
  floorDefaults,
  type GameOptions,
  gameDefaults,
  type SelectionOptions,
  type SolvableOptions,
  solvableDefaults,
} from './options.ts';
export { Reality } from './reality.ts';
export type { DreamNews, Dreamt } from './stage.ts';
export { Standings } from './standings.ts';
export { Starts } from './starts.ts';
export { createGame, type GameSpec } from './training.ts';
