import { actionBounds, type Group } from '../../worlds/index.ts';

type Actions = Int32Array | Float32Array;

/**
 * Copies actions of this group, [seats, A], with numbers brought within the bounds of their box: policies draw beyond
 * them, and learn by what they drew, but environments take nothing else.
 */
export function withinBounds(group: Group): (drawn: Actions, taken: Actions) => void {
  const bounds = actionBounds(group.action);
  if (bounds === null) return (drawn, taken) => taken.set(drawn);
  const { low, high } = bounds;
  const A = low.length;
  return (drawn, taken) => {
    for (let i = 0; i < drawn.length; i++) taken[i] = Math.min(Math.max(drawn[i]!, low[i % A]!), high[i % A]!);
  };
}
