import { activation } from './activation.ts';
import { blocks } from './blocks.ts';
import { constants } from './constants.ts';
import { convolution } from './convolution.ts';
import { depthwise } from './depthwise.ts';
import { division } from './division.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import type { Lowerings } from './lowering.ts';
import { matrix } from './matrix.ts';
import { normalisation } from './normalisation.ts';
import { pooling } from './pooling.ts';
import { reduction } from './reduction.ts';
import { resize } from './resize.ts';
import { scan } from './scan.ts';
import { scatter } from './scatter.ts';
import { shape } from './shape.ts';
import { slicing } from './slicing.ts';
import { transcendental } from './transcendental.ts';

/** Every tfjs kernel that can be compiled, by its name. */
export const lowerings: Lowerings = {
  ...elementwise,
  ...activation,
  ...transcendental,
  ...division,
  ...constants,
  ...reduction,
  ...scan,
  ...shape,
  ...slicing,
  ...blocks,
  ...indexing,
  ...scatter,
  ...matrix,
  ...convolution,
  ...depthwise,
  ...pooling,
  ...normalisation,
  ...resize,
};
