import { stream } from '../../core/index.ts';
import { float32 } from '../../nn/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import { actionEncoder, actionWidth, modelScale, type RecordedEpisodes } from '../../worlds/models/index.ts';
import { Collector } from '../collector.ts';
import { randomPlayer } from '../random-player.ts';
import { History } from './history.ts';
import { recording } from './recording.ts';

/** Episodes of an exam side by side, and their rows at most: longer ones are cut. */
const EPISODES = 64;
const ROWS = 64;

/** Random play that no model was trained on: the first episode of each copy. */
export async function examEpisodes(
  make: (copies: number) => BatchedEnvironment,
  seed: number,
): Promise<RecordedEpisodes> {
  const environment = make(EPISODES);
  try {
    const { observation, action } = environment.groups[0]!;
    const collector = new Collector(environment, ROWS);
    const [D, A] = [collector.groups[0]!.sizes.D, actionWidth(action)];
    const history = new History({ copies: EPISODES, steps: ROWS, observation: D, isBytes: false, action: A });
    const random = stream(seed, 'evaluation/exam');
    collector.reset(seed);
    await collector.collect(
      recording(
        collector,
        history,
        actionEncoder(action),
        randomPlayer(collector, () => random),
      ),
      true,
    );

    const scale = modelScale(observation);
    const lengths = Int32Array.from({ length: EPISODES }, (_, b) => {
      let rows = 1;
      while (rows < ROWS && history.first[b * history.capacity + rows] === 0) rows++;
      return rows;
    });
    const L = Math.max(...lengths);
    const rows = (data: Float32Array | Uint8Array, width: number, factor = 1): Float32Array => {
      const out = new Float32Array(L * EPISODES * width);
      for (let b = 0; b < EPISODES; b++)
        for (let i = 0; i < lengths[b]! * width; i++) {
          const at = (Math.floor(i / width) * EPISODES + b) * width + (i % width);
          out[at] = data[b * history.capacity * width + i]! * factor;
        }
      return out;
    };
    const sequence = {
      observation: float32([L, EPISODES, D], rows(history.observation, D, scale)),
      action: float32([L, EPISODES, A], rows(history.action, A)),
      reward: float32([L, EPISODES], rows(history.reward, 1)),
      first: float32([L, EPISODES], rows(history.first, 1)),
      terminal: float32([L, EPISODES], rows(history.terminal, 1)),
    };
    return { sequence, lengths };
  } finally {
    environment.close?.();
  }
}
