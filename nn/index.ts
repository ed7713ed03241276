export type { Data, DType, Value } from './engine/index.ts';
