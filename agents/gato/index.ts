export { type GatoOptions, gatoDefaults, type ReinforcementOptions, type TokenOptions } from './options.ts';
export type { GatoSpec, GatoTask, TaskEvaluation } from './task.ts';
