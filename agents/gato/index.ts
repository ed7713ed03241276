export {
  type GatoOptions,
  gatoDefaults,
  type ReinforcementOptions,
  reinforcementDefaults,
  type TokenOptions,
} from './options.ts';
export type { GatoSpec, GatoTask } from './task.ts';
