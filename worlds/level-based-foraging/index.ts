export { gatherFood } from './controller.ts';
export { levelBasedForaging } from './environment.ts';
export type { LevelBasedForagingOptions } from './settings.ts';
