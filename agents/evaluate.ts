import type { BatchedEnvironment } from '../worlds/index.ts';
import { Collector, type Player } from './collector.ts';
import type { Episode } from './episodes.ts';
import type { Evaluation } from './training.ts';

/** Makes a player for a collector of one step at a time (T = 1). */
export type PlayerFactory = (collector: Collector) => Player;

/** Copies that an evaluation plays side by side, at most. */
const MOST_COPIES = 128;

/** One episode of an evaluation, and what only its environment knows of it. */
interface Played extends Episode {
  /** The team's return, where the environment has an objective of its own; else 0. */
  readonly team: number;
  /** By the environment's `scoreNames`. */
  readonly scores: readonly number[];
}

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
  const further = new FurtherNumbers(environment);
  collector.reset(seed);
  const played = new Int32Array(copies);
  const kept: Played[] = [];
  for (let step = 0; kept.length < copies * rounds; step++) {
    const ended = await collector.collect(player, step === 0);
    further.stepped();
    for (const episode of ended) {
      const numbers = further.ofEpisode(episode.copy);
      if (played[episode.copy]! >= rounds) continue;
      played[episode.copy]!++;
      kept.push({ ...episode, ...numbers });
    }
  }
  environment.close?.();
  return summarise(kept.slice(0, episodes), environment);
}

/** What an environment tells of episodes beside the agents' rewards. */
class FurtherNumbers {
  private readonly reward: Float32Array;
  private readonly returns: Float64Array;
  private readonly scores: Float32Array;
  private readonly width: number;

  constructor(private readonly environment: BatchedEnvironment) {
    const { batchSize, scoreNames = [] } = environment;
    this.width = scoreNames.length;
    this.reward = new Float32Array(batchSize);
    this.returns = new Float64Array(batchSize);
    this.scores = new Float32Array(batchSize * this.width);
  }

  stepped(): void {
    const { environment, reward, returns } = this;
    environment.teamReward?.(reward);
    for (let b = 0; b < returns.length; b++) returns[b]! += reward[b]!;
    environment.scores?.(this.scores);
  }

  /** To be asked once for each episode, after the step that ended it. */
  ofEpisode(copy: number): Pick<Played, 'team' | 'scores'> {
    const team = this.returns[copy]!;
    this.returns[copy] = 0;
    return { team, scores: Array.from(this.scores.subarray(copy * this.width, (copy + 1) * this.width)) };
  }
}

function summarise(episodes: readonly Played[], environment: BatchedEnvironment): Evaluation {
  const { groups, scoreNames = [], teamReward } = environment;
  const mean = (pick: (episode: Played) => number): number =>
    episodes.reduce((sum, episode) => sum + pick(episode), 0) / episodes.length;
  const means = (names: readonly string[], pick: (episode: Played, i: number) => number) =>
    Object.fromEntries(names.map((name, i) => [name, mean((episode) => pick(episode, i))]));
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
    agents: means(
      groups.flatMap(({ agents }) => agents),
      (episode, i) => episode.agents[i]!,
    ),
    ...(teamReward === undefined ? {} : { team: mean(({ team }) => team) }),
    ...(scoreNames.length === 0 ? {} : { scores: means(scoreNames, ({ scores }, i) => scores[i]!) }),
  };
}
