import { recordEpisodes } from '../../../agents/datasets/index.ts';
import { randomPlayer } from '../../../agents/random-player.ts';
import { stream } from '../../../core/index.ts';
import { counting } from '../../../worlds/index.ts';

// A recording that never ends; it says so once shards are being written. Run by kill.test.ts, which kills it.
let steps = 0;
await recordEpisodes({
  make: (copies) => counting(copies, { length: 50 }),
  createPlayer: (collector) => {
    const random = stream(1, 'random');
    const player = randomPlayer(collector, () => random);
    return {
      act(t) {
        player.act(t);
        steps += collector.B;
        if (steps === 25_000) process.send!('under way');
      },
    };
  },
  episodes: 10 ** 9,
  seed: 1,
  copies: 100,
  folder: process.argv[2]!,
  environment: null,
  policy: {},
});
