import type { BatchedEnvironment } from '../worlds/index.ts';
import { Collector, type Player } from './collector.ts';
import type { Episode } from './episodes.ts';
import type { Evaluation } from './training.ts';

/** Makes a player for a collector of one step at a time (T = 1). */
export type PlayerFactory = (collector: Collector) => Player;

/** Copies that an evaluation plays side by side, at most. */
const MOST_COPIES = 128;

/**
 * Plays `episodes` whole episodes in fresh copies of the environment. Each copy plays the same number of them, so that
 * short episodes are not counted more often than long ones.
 */
export async function evaluatePlayer(
  make: (copies: number) => BatchedEnvironment,
  episodes: number,
  seed: number,
  createPlayer: PlayerFactory,
): Promise<Evaluation> {
  const rounds = Math.ceil(episodes / MOST_COPIES);
  const copies = Math.ceil(episodes / rounds);
  const environment = make(copies);
  const collector = new Collector(environment, 1);
  const player = createPlayer(collector);
  collector.reset(seed);
  const played = new Int32Array(copies);
  const kept: Episode[] = [];
  for (let step = 0; kept.length < copies * rounds; step++) {
    for (const episode of await collector.collect(player, step === 0)) {
      if (played[episode.copy]! >= rounds) continue;
      played[episode.copy]!++;
      kept.push(episode);
    }
  }
  const names = environment.groups.flatMap(({ agents }) => agents);
  environment.close?.();
  return summarise(kept.slice(0, episodes), names);
}

function summarise(episodes: readonly Episode[], names: readonly string[]): Evaluation {
  const mean = (pick: (episode: Episode) => number): number =>
    episodes.reduce((sum, episode) => sum + pick(episode), 0) / episodes.length;
  const average = mean((episode) => episode.return);
  return {
    episodes: episodes.length,
    return: {
      mean: average,
      std: Math.sqrt(mean((episode) => (episode.return - average) ** 2)),
      min: Math.min(...episodes.map((episode) => episode.return)),
      max: Math.max(...episodes.map((episode) => episode.return)),
    },
    length: mean((episode) => episode.length),
    agents: Object.fromEntries(names.map((name, i) => [name, mean((episode) => episode.agents[i]!)])),
  };
}
