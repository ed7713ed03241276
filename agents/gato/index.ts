export { ActingPrograms } from './acting-programs.ts';
export { createGato } from './create-gato.ts';
export { GatoModel, type GatoOf } from './model.ts';
export {
  type GatoOptions,
  gatoDefaults,
  type ReinforcementOptions,
  reinforcementDefaults,
  type TokenOptions,
} from './options.ts';
export { placePatches } from './patch-embedding.ts';
export { createGatoPlayer, type GatoPlayer, type GatoPlayerOptions } from './player.ts';
export type { GatoSpec, GatoTask } from './task.ts';
export type { TokenInputs } from './token-inputs.ts';
