import type { Stream } from '../../../core/index.ts';
import { float32, type Value } from '../../../nn/index.ts';
import { box, discrete } from '../../../worlds/index.ts';
import type { ModelSequence } from '../../../worlds/models/index.ts';

/**
 * A ladder of four rungs, one-hot. Action 1 climbs, action 0 falls back to the ground. The third rung is worth 1 whenever
 * it is reached, and the fourth is the end: nothing is left to chance.
 */
export const ladder = { observation: box([4], 0, 1), action: discrete(2) };

/** Random play of `columns` copies side by side, `rows` of each; episodes follow one another. */
export function playLadder(stream: Stream, rows: number, columns: number): ModelSequence<Value> {
  const sequence = {
    observation: float32([rows, columns, 4]),
    action: float32([rows, columns, 2]),
    reward: float32([rows, columns]),
    first: float32([rows, columns]),
    terminal: float32([rows, columns]),
  };
  refillLadder(stream, sequence);
  return sequence;
}

/** As `playLadder`, into arrays that are there. */
export function refillLadder(stream: Stream, sequence: ModelSequence<Value>): void {
  for (const { data } of Object.values(sequence) as Value[]) data.fill(0);
  const [rows, columns] = sequence.first.shape as [number, number];
  for (let column = 0; column < columns; column++) {
    let rung = -1;
    for (let row = 0; row < rows; row++) {
      const at = row * columns + column;
      if (rung === -1 || rung === 3) {
        rung = 0;
        sequence.first.data[at] = 1;
      } else {
        const action = stream.uniform() < 0.7 ? 1 : 0;
        rung = action === 1 ? rung + 1 : 0;
        sequence.action.data[at * 2 + action] = 1;
        sequence.reward.data[at] = rung === 2 ? 1 : 0;
        sequence.terminal.data[at] = rung === 3 ? 1 : 0;
      }
      sequence.observation.data[at * 4 + rung] = 1;
    }
  }
}
