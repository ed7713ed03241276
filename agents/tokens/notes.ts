import {
  type Box,
  boxSize,
  type Discrete,
  effectiveBound,
  entryBounds,
  type MultiBinary,
  type MultiDiscrete,
} from '../../worlds/index.ts';

/** Choices for people: `one of 3: left stay right`, `one each of 5, 3`, `0 or 1 each`. */
export function choicesNote(space: Discrete | MultiDiscrete | MultiBinary): string {
  if (space.type === 'multiBinary') return '0 or 1 each';
  if (space.type === 'discrete') return `one of ${space.n}${labels(space)}`;
  const { n } = space;
  if (n.every((count) => count === n[0])) return `one of ${n[0]} each`;
  return `one each of ${n.slice(0, 8).join(', ')}${n.length > 8 ? ', ...' : ''}`;
}

/** Whole numbers of a box: `whole numbers 0 to 9`. */
export function rangeNote(space: Box): string {
  const [low, high] = outermost(space);
  return `whole numbers ${low} to ${high}`;
}

/** The bins of a bounded box: `[-2, 2] to bins`. */
export function binsNote(space: Box): string {
  const [low, high] = outermost(space);
  return `[${low}, ${high}] to bins`;
}

function outermost(space: Box): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < boxSize(space); i++) {
    const [from, to] = entryBounds(space, i).map(effectiveBound) as [number, number];
    if (from < low) low = from;
    if (to > high) high = to;
  }
  return [low, high];
}

function labels({ labels: names }: Discrete): string {
  if (names === undefined) return '';
  const text = names.slice(0, 8).join(' ');
  return `: ${text}${names.length > 8 ? ' ...' : ''}`;
}
