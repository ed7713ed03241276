export { type Activation, activations } from './activations.ts';
export { type DenseOf, type DenseOptions, dense, project } from './dense.ts';
export { type MlpOf, type MlpOptions, mlp } from './mlp.ts';
