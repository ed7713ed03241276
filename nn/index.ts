export * from './backbone/index.ts';
export {
  type Categorical,
  categorical,
  type DiagonalGaussian,
  type Distribution,
  diagonalGaussian,
  type MultiCategorical,
  maskLogits,
  multiCategorical,
} from './distributions.ts';
export * from './engine/index.ts';
// All of them; `zeros`, `ones`, `constant`, `normal` and `uniform` say too little without the name in front.
export * as initialisers from './initialisers.ts';
export {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initialiser,
  lecunNormal,
  lecunUniform,
  orthogonal,
  truncatedNormal,
  varianceScaling,
} from './initialisers.ts';
export * from './layers/index.ts';
export * from './optimisers/index.ts';
export { type Layout, layoutOf, pack, packTensors, type Slot, unpackTensors, viewsOf } from './packing.ts';
export { type Bytes, readArrays, readSafetensors, type Safetensors, writeSafetensors } from './safetensors/index.ts';
export {
  type Branch,
  fromLeaves,
  isLeaf,
  leaves,
  type Mapped,
  mapTree,
  subtree,
  type Tree,
  zipTree,
} from './tree.ts';
