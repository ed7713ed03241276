export { ActingPrograms } from './acting-programs.ts';
export { createGato } from './create-gato.ts';
export {
  type GatoOptions,
  gatoDefaults,
  type ReinforcementOptions,
  reinforcementDefaults,
  type TokenOptions,
} from './options.ts';
export { createGatoPlayer, type GatoPlayer, type GatoPlayerOptions } from './player.ts';
export type { GatoSpec, GatoTask } from './task.ts';
