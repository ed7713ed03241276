import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import type { Lowerings } from './lowering.ts';
import { matrix } from './matrix.ts';
import { reduction } from './reduction.ts';
import { shape } from './shape.ts';

/** Every tfjs kernel that can be compiled, by its name. */
export const lowerings: Lowerings = { ...elementwise, ...reduction, ...shape, ...matrix, ...indexing };
