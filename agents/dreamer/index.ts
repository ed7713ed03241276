export { checkDreamer } from './check.ts';
export { createDreamer, type DreamerSpec } from './dreamer.ts';
export {
  type DreamerEnsembleOptions,
  type DreamerModelOptions,
  type DreamerOptions,
  dreamerDefaults,
  dreamerEnsembleDefaults,
} from './options.ts';
export { type ZeroShotOptions, zeroShotDefaults } from './zero-shot-options.ts';
