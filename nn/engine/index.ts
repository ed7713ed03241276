export type { Data, DType, Value } from './value.ts';
