import type { Stream } from '../../core/index.ts';
import type { Space, SpaceValue } from '../space.ts';
import { actionChoices, decodeAction, sample } from '../spaces/index.ts';

/** A random action that `mask` (where given) allows; null where it allows none. */
export function randomAction(space: Space, mask: readonly number[] | undefined, random: Stream): SpaceValue | null {
  if (mask === undefined) return sample(space, random);
  const choices = actionChoices(space);
  if (choices === null) return sample(space, random);
  const chosen: number[] = [];
  let at = 0;
  for (const n of choices) {
    const legal = Array.from({ length: n }, (_, i) => i).filter((i) => mask[at + i] === 1);
    if (legal.length === 0) return null;
    chosen.push(legal[random.integer(legal.length)]!);
    at += n;
  }
  return decodeAction(space, chosen, 0);
}

/** `action` with one component set to a choice that the mask forbids; null where everything is allowed. */
export function forbiddenAction(space: Space, mask: readonly number[], action: readonly number[]): SpaceValue | null {
  const choices = actionChoices(space) ?? [];
  let at = 0;
  for (const [component, n] of choices.entries()) {
    for (let i = 0; i < n; i++)
      if (mask[at + i] === 0)
        return decodeAction(
          space,
          action.map((choice, c) => (c === component ? i : choice)),
          0,
        );
    at += n;
  }
  return null;
}

/** Values that are just not members of `space`, each with a name for messages. */
export function foreignActions(space: Space): readonly (readonly [name: string, value: unknown])[] {
  const always = [
    ['undefined', undefined],
    ['null', null],
    ['an object', { wrong: 1 }],
  ] as const;
  switch (space.type) {
    case 'discrete':
      return [
        ...always,
        [`${space.n}`, space.n],
        ['-1', -1],
        ['0.5', 0.5],
        ['NaN', Number.NaN],
        ['a string', '0'],
        ['a list', [0]],
      ];
    case 'multiDiscrete':
      return [...always, ...foreignLists(space.n.length, space.n[0]!)];
    case 'multiBinary':
      return [...always, ...foreignLists(space.n, 2)];
    case 'box': {
      const size = space.shape.reduce((product, length) => product * length, 1);
      const low = typeof space.low === 'number' ? space.low : space.low[0]!;
      const high = typeof space.high === 'number' ? space.high : space.high[0]!;
      const inside = Math.min(Math.max(0, low), high);
      const wrong = (first: number) => [first, ...new Array<number>(size - 1).fill(inside)];
      const beyond = Number.isFinite(Math.fround(high * 2))
        ? [['above its bound', wrong(high + 1 + Math.abs(high))]]
        : [];
      return [
        ...always,
        ['one number too many', new Array<number>(size + 1).fill(inside)],
        ['NaN', wrong(Number.NaN)],
        ['infinity', wrong(Number.POSITIVE_INFINITY)],
        ...(beyond as [string, number[]][]),
      ];
    }
    case 'text':
      return [...always, ['a number', 1], ['a text that is too long', 'x'.repeat(space.maxLength + 1)]];
    case 'dict':
      return [...always, ['an object without parts', {}], ['a number', 1]];
    case 'tuple':
      return [...always, ['an empty list', []], ['a number', 1]];
  }
}

function foreignLists(length: number, n: number): [string, unknown][] {
  const wrong = (first: number) => [first, ...new Array<number>(length - 1).fill(0)];
  return [
    ['one component too many', new Array<number>(length + 1).fill(0)],
    [`${n} in its first component`, wrong(n)],
    ['-1 in its first component', wrong(-1)],
    ['NaN in its first component', wrong(Number.NaN)],
  ];
}
