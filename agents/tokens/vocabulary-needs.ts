import { type Box, boxSize, entryBounds, type Space } from '../../worlds/index.ts';
import { isWithin } from './number-parts.ts';
import { pictureShape } from './picture-parts.ts';
import type { StepSpaces } from './step-tokens.ts';

/** Gato's range of discrete values (arXiv 2205.06175, section 2.1). */
const USUAL_DISCRETE = 1024;

/**
 * How many discrete values a vocabulary needs for these spaces, at least 1: the most choices of any component, agents
 * to be told apart included, and boxes of whole numbers from 0 to at most 1023.
 */
export function discreteNeeded({ observation, action, agents }: StepSpaces): number {
  const spaces = action === null ? [observation] : [observation, action];
  return Math.max(1, agents, ...spaces.flatMap(parts).map(choicesOf));
}

/** The most channels of any picture in the observation; 0 where there is none. */
export function channelsNeeded({ observation }: StepSpaces): number {
  return Math.max(0, ...picturesIn(observation, false).map(([, , channels]) => channels));
}

/** [height, width, channels] of all pictures in an observation. planes: see `TokenSettings`. */
export function picturesIn(observation: Space, planes: boolean): (readonly [number, number, number])[] {
  return parts(observation).flatMap((part) => {
    const shape = part.type === 'box' ? pictureShape(part, planes) : null;
    return shape === null ? [] : [shape];
  });
}

/** A space without its dicts and tuples. */
function parts(space: Space): readonly Space[] {
  if (space.type === 'dict') return Object.values(space.spaces).flatMap(parts);
  return space.type === 'tuple' ? space.spaces.flatMap(parts) : [space];
}

function choicesOf(space: Space): number {
  switch (space.type) {
    case 'discrete':
      return space.n;
    case 'multiDiscrete':
      return Math.max(...space.n);
    case 'multiBinary':
      return 2;
    case 'box':
      return pictureShape(space, false) === null && isWithin(space, USUAL_DISCRETE) ? highest(space) + 1 : 0;
    default:
      return 0;
  }
}

function highest(space: Box): number {
  let most = 0;
  for (let i = 0; i < boxSize(space); i++) most = Math.max(most, entryBounds(space, i)[1]);
  return most;
}
