export {
  type LearnerOptions,
  type NetworkOptions,
  type PpoOptions,
  ppoDefaults,
  type RandomOptions,
  type ScriptedOptions,
} from './options.ts';
export type { Checkpoint, Evaluation, Iteration, Training } from './training.ts';
