import { Collector } from '../../../agents/collector.ts';
import { randomPlayer } from '../../../agents/random-player.ts';
import { stream } from '../../../core/index.ts';
import { dodge } from '../../../worlds/index.ts';

/** Numbers of a picture of `dodge`: 16 x 16 x 1. */
export const SIZE = 256;

/** What a random player of `dodge` sees in 16 copies over `steps` steps, all pictures one after the other. */
export async function dodgePictures(seed: number, steps: number): Promise<Float32Array> {
  const collector = new Collector(dodge(16), steps);
  collector.reset(seed);
  const random = stream(seed, 'player');
  await collector.collect(
    randomPlayer(collector, () => random),
    true,
  );
  return collector.groups[0]!.observation;
}
