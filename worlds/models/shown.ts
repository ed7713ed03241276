import { LightbulbError } from '../../core/index.ts';
import type { Group } from '../batched.ts';
import { modelScale } from './inputs.ts';
import type { Sees } from './model-world.ts';

/** Writes row `from` (a place in `row`) of what a model shows to place `to` of what an agent sees: `width` numbers. */
export type Show = (row: Float32Array, from: number, out: Float32Array, to: number) => void;

/**
 * How rows of features, or of decoded observations, become what an agent of `group` sees. Decoded numbers become members of
 * the space: back in its units, within bounds, whole where it holds whole numbers. Error `unsupported` where observations of
 * another kind than boxes are to be seen as they were.
 */
export function shownAs(sees: Sees, { observation }: Group, width: number, where: string): Show {
  if (sees === 'features')
    return (row, from, out, to) => {
      for (let i = 0; i < width; i++) out[to + i] = row[from + i]!;
    };
  if (observation.type !== 'box')
    throw new LightbulbError('unsupported', 'only boxes can be seen as they were', {
      where,
      wanted: 'sees: features',
      got: observation.type,
    });
  const { low, high, dtype = 'float32' } = observation;
  const unit = 1 / modelScale(observation);
  const bound = (of: number | readonly number[], i: number): number => (typeof of === 'number' ? of : of[i]!);
  return (row, from, out, to) => {
    for (let i = 0; i < width; i++) {
      const value = row[from + i]! * unit;
      const whole = dtype === 'float32' ? value : Math.round(value);
      out[to + i] = Math.min(bound(high, i), Math.max(bound(low, i), whole));
    }
  };
}
