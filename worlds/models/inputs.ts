import type { GroupActions } from '../batched.ts';
import type { Space } from '../space.ts';
import { actionChoices, actionComponents } from '../spaces/index.ts';

/** A: how many numbers an action is to a model: a one-hot for each choice, the numbers themselves for boxes. */
export function actionWidth(space: Space): number {
  return actionChoices(space)?.reduce((sum, n) => sum + n, 0) ?? actionComponents(space);
}

/**
 * Writes `rows` actions, as environments take them, to `out` [rows, A] as models read them. Error `unsupported` where the
 * space is no action of numbers.
 */
export function actionEncoder(space: Space): (actions: GroupActions, out: Float32Array, rows: number) => void {
  const choices = actionChoices(space);
  if (choices === null) {
    const width = actionComponents(space);
    return (actions, out, rows) => {
      for (let i = 0; i < rows * width; i++) out[i] = actions[i]!;
    };
  }
  const width = actionWidth(space);
  return (actions, out, rows) => {
    out.fill(0, 0, rows * width);
    let at = 0;
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < choices.length; c++) {
        out[at + actions[row * choices.length + c]!] = 1;
        at += choices[c]!;
      }
    }
  };
}

/** What observations are multiplied by before a model sees them: 1/255 where the space holds bytes, else 1. */
export function modelScale(space: Space): number {
  return space.type === 'box' && space.dtype === 'uint8' ? 1 / 255 : 1;
}
