export {
  type ControllerOptions,
  checkWorldModels,
  controllerDefaults,
  type WorldModelsOptions,
  workOf,
  worldModelsDefaults,
} from './options.ts';
export { createWorldModels, type WorldModelsSpec } from './world-models.ts';
