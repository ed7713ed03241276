export { TASKS as CLEANUP_TASKS } from './arena.ts';
export { tidyUp } from './controller.ts';
export { type CleanupOptions, cleanup } from './environment.ts';
export { CLEANUP_GRID } from './level.ts';
export { VIEWS as CLEANUP_VIEWS } from './view.ts';
