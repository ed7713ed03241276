import { LightbulbError } from '../../core/index.ts';
import type { Space, SpaceValue } from '../space.ts';
import { boxSize, entryBounds } from './box.ts';
import { partNames } from './dict-order.ts';
import { printSpace } from './print.ts';

/**
 * How many numbers one action is (`A`): 1 for a choice, one per component or entry otherwise, the parts' sum for
 * dicts (lexicographic) and tuples. Throws `unsupported` for text.
 */
export function actionComponents(space: Space): number {
  switch (space.type) {
    case 'discrete':
      return 1;
    case 'multiDiscrete':
      return space.n.length;
    case 'multiBinary':
      return space.n;
    case 'box':
      return boxSize(space);
    case 'text':
      throw textIsNoAction(space);
    case 'dict':
    case 'tuple':
      return parts(space).reduce((sum, part) => sum + actionComponents(part), 0);
  }
}

/**
 * How many choices each component has: `[5]` for Discrete(5), `[2, 2, 2]` for MultiBinary(3); null where the actions
 * are boxes. Throws `unsupported` for text and for spaces that mix boxes with choices: no array of one type holds them.
 */
export function actionChoices(space: Space): readonly number[] | null {
  switch (space.type) {
    case 'discrete':
      return [space.n];
    case 'multiDiscrete':
      return space.n;
    case 'multiBinary':
      return new Array<number>(space.n).fill(2);
    case 'box':
      return null;
    case 'text':
      throw textIsNoAction(space);
    case 'dict':
    case 'tuple': {
      const all = parts(space).map(actionChoices);
      if (all.every((choices) => choices === null)) return null;
      const flat = all.flatMap((choices) => choices ?? []);
      if (all.some((choices) => choices === null))
        throw new LightbulbError('unsupported', 'an action cannot be part numbers, part choices', {
          wanted: 'an action space of boxes only, or of choices only',
          got: printSpace(space),
          cure: 'Cut the continuous parts into choices, or give them to an agent of their own',
        });
      return flat;
    }
  }
}

/** How many entries a mask has (`M`): the sum of the choices of all components; 0 for boxes. */
export function maskSize(space: Space): number {
  return actionChoices(space)?.reduce((sum, n) => sum + n, 0) ?? 0;
}

/** The bounds of every component of a continuous action, [A] each, to clip with; null for choices. */
export function actionBounds(space: Space): { readonly low: Float32Array; readonly high: Float32Array } | null {
  if (actionChoices(space) !== null) return null;
  const low: number[] = [];
  const high: number[] = [];
  const visit = (part: Space) => {
    if (part.type === 'box')
      for (let i = 0; i < boxSize(part); i++) {
        const [from, to] = entryBounds(part, i);
        low.push(from);
        high.push(to);
      }
    else if (part.type === 'dict' || part.type === 'tuple') for (const inner of parts(part)) visit(inner);
  };
  visit(space);
  return { low: Float32Array.from(low), high: Float32Array.from(high) };
}

/**
 * The action that stands in `numbers[offset...]`, in fresh arrays. Nothing is clipped or checked (see `checkValue`);
 * integer boxes round.
 */
export function decodeAction(space: Space, numbers: ArrayLike<number>, offset: number): SpaceValue {
  switch (space.type) {
    case 'discrete':
      return numbers[offset]!;
    case 'multiDiscrete':
      return Int32Array.from(space.n, (_, i) => numbers[offset + i]!);
    case 'multiBinary':
      return Uint8Array.from({ length: space.n }, (_, i) => numbers[offset + i]!);
    case 'box': {
      const length = { length: boxSize(space) };
      if (space.dtype === 'uint8') return Uint8Array.from(length, (_, i) => Math.round(numbers[offset + i]!));
      if (space.dtype === 'int32') return Int32Array.from(length, (_, i) => Math.round(numbers[offset + i]!));
      return Float32Array.from(length, (_, i) => numbers[offset + i]!);
    }
    case 'text':
      throw textIsNoAction(space);
    case 'dict': {
      const value: Record<string, SpaceValue> = {};
      let at = offset;
      for (const name of partNames(space)) {
        value[name] = decodeAction(space.spaces[name]!, numbers, at);
        at += actionComponents(space.spaces[name]!);
      }
      return value;
    }
    case 'tuple': {
      let at = offset;
      return space.spaces.map((part) => {
        at += actionComponents(part);
        return decodeAction(part, numbers, at - actionComponents(part));
      });
    }
  }
}

/** Writes an action to `out[offset...]` and returns the offset behind it. `value` is trusted: see `checkValue`. */
export function encodeAction(space: Space, value: SpaceValue, out: Int32Array | Float32Array, offset: number): number {
  switch (space.type) {
    case 'discrete':
      out[offset] = value as number;
      return offset + 1;
    case 'multiDiscrete':
    case 'multiBinary':
    case 'box': {
      const numbers = value as readonly number[];
      for (let i = 0; i < numbers.length; i++) out[offset + i] = numbers[i]!;
      return offset + numbers.length;
    }
    case 'text':
      throw textIsNoAction(space);
    case 'dict': {
      const named = value as Readonly<Record<string, SpaceValue>>;
      let at = offset;
      for (const name of partNames(space)) at = encodeAction(space.spaces[name]!, named[name]!, out, at);
      return at;
    }
    case 'tuple': {
      const listed = value as readonly SpaceValue[];
      let at = offset;
      for (let i = 0; i < listed.length; i++) at = encodeAction(space.spaces[i]!, listed[i]!, out, at);
      return at;
    }
  }
}

function parts(space: Extract<Space, { type: 'dict' | 'tuple' }>): readonly Space[] {
  return space.type === 'tuple' ? space.spaces : partNames(space).map((name) => space.spaces[name]!);
}

function textIsNoAction(space: Space): LightbulbError {
  return new LightbulbError('unsupported', 'a text is not an action of numbers', {
    wanted: 'choices or boxes',
    got: printSpace(space),
    cure: 'Let the agent choose tokens (a multiDiscrete of token ids) and build the text inside the environment',
  });
}
