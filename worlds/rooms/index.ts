export { DIRECTIONS, GOALS, goalCell, moved, startCell } from './layout.ts';
export { type RoomsOptions, rooms } from './rooms.ts';
