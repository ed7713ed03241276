export { actionBounds, actionChoices, actionComponents, decodeAction, encodeAction, maskSize } from './action.ts';
export { checkSpace } from './check-space.ts';
export { checkValue } from './check-value.ts';
export { box, dict, discrete, multiBinary, multiDiscrete, text, tuple } from './construct.ts';
export { type FaultKind, printFault, type SpaceFault } from './fault.ts';
export { flatSize, flatten, hasText, unflatten } from './flatten.ts';
export { printSpace, spaceKey } from './print.ts';
export { sample, zero } from './sample.ts';
