import { type Json, type JsonObject, LightbulbError } from '../../core/index.ts';
import { type BatchedEnvironment, groupSizes } from '../../worlds/index.ts';
import { Collector, type Player } from '../collector.ts';
import type { PlayerFactory } from '../evaluate.ts';
import type { DatasetGroup, DatasetManifest } from './manifest.ts';
import { perturbedPlayer } from './perturbed-player.ts';
import { SeatTracks } from './seat-tracks.ts';
import { DatasetWriter } from './writer.ts';

export interface RecordingOptions {
  readonly make: (copies: number) => BatchedEnvironment;
  /** Makes the player whose episodes these are, for a collector of one step at a time (T = 1). */
  readonly createPlayer: PlayerFactory;
  /** Whole episodes. */
  readonly episodes: number;
  /** Decides the environment's episodes and the noise. What the player draws is its own affair. */
  readonly seed: number;
  /** That play side by side; no more than episodes. Another number gives other episodes. */
  readonly copies: number;
  /**
   * With this probability an agent takes a random legal action in a step, while the player's own is recorded: see
   * `perturbedPlayer`. Returns are of what was played. Default 0.
   */
  readonly noise?: number;
  /** Must not be there yet. */
  readonly folder: string;
  /** What the manifest says of environment and policy; noise is added to the latter. */
  readonly environment: Json;
  readonly policy: JsonObject;
  /**
   * Steps of all copies together, after which the recording ends with the episodes that there are; those under way are
   * cut off, and their tracks neither terminated nor truncated. Prefers short episodes. Default: without end.
   */
  readonly maximumSteps?: number;
}

/**
 * Plays whole episodes and writes them as a dataset: a track is what one agent saw and did while it was alive. How many
 * episodes each copy plays is said beforehand, so that short ones come no more often than long ones. Nothing is written
 * where it fails. Errors: `exists` where the folder is there, and what playing throws.
 */
export async function recordEpisodes(options: RecordingOptions): Promise<DatasetManifest> {
  const { make, createPlayer, episodes, seed, noise = 0, maximumSteps = Number.POSITIVE_INFINITY } = options;
  mustBeSound(options, noise);
  const copies = Math.min(options.copies, episodes);
  const environment = make(copies);
  try {
    const groups = groupsOf(environment);
    const writer = new DatasetWriter({ folder: options.folder, groups });
    try {
      const collector = new Collector(environment, 1);
      const recording = new Recording(collector, writer, episodes);
      const expert = createPlayer(collector);
      const player = perturbedPlayer(collector, expert, { noise, seed, said: () => recording.acted() });
      collector.reset(seed);
      await recording.play(player, maximumSteps);
      return writer.finish({
        environment: options.environment,
        policy: noise === 0 ? options.policy : { ...options.policy, noise },
        seed,
        ...recording.facts(),
      });
    } catch (error) {
      writer.abandon();
      throw error;
    }
  } finally {
    environment.close?.();
  }
}

/** The groups of an environment as a dataset's manifest has them. */
export function groupsOf({ groups }: BatchedEnvironment): DatasetGroup[] {
  return groups.map((group) => {
    const { name, agents, observation, action } = group;
    return { name, agents, observation, action, mask: groupSizes(group).mask };
  });
}

/** Follows the copies until each has played its share of the episodes. */
class Recording {
  private readonly tracks: readonly SeatTracks[];
  /** Episodes that each copy still has to play. */
  private readonly owed: Int32Array;
  private readonly returns: number[] = [];
  private episodes = 0;
  private steps = 0;
  /** Of the episode under way in each copy. */
  private readonly lengths: Int32Array;

  constructor(
    private readonly collector: Collector,
    private readonly writer: DatasetWriter,
    private readonly wanted: number,
  ) {
    const { B } = collector;
    this.tracks = collector.groups.map((rollout, g) => new SeatTracks(rollout, g, B));
    this.owed = Int32Array.from({ length: B }, (_, b) => Math.floor(wanted / B) + (b < wanted % B ? 1 : 0));
    this.lengths = new Int32Array(B);
  }

  /** The player has spoken, and nothing has been done yet. */
  acted(): void {
    for (const tracks of this.tracks) tracks.acted((copy) => this.owed[copy]! > 0);
  }

  async play(player: Player, maximumSteps: number): Promise<void> {
    const { collector, tracks, owed, lengths } = this;
    const both: Player = {
      act: (t) => player.act(t),
      observed: (t) => {
        for (const each of tracks) each.observed();
        player.observed?.(t);
      },
    };
    for (let step = 0; this.episodes < this.wanted; step++) {
      if ((step + 1) * collector.B > maximumSteps) {
        this.cutOff();
        return;
      }
      const ended = await collector.collect(both, step === 0);
      for (let copy = 0; copy < collector.B; copy++) if (owed[copy]! > 0) lengths[copy]!++;
      for (const { copy, return: sum } of ended) {
        if (owed[copy] === 0) continue;
        owed[copy]!--;
        this.returns.push(sum);
        this.write(copy);
      }
    }
  }

  facts(): Pick<DatasetManifest, 'episodes' | 'steps' | 'return'> {
    const { episodes, steps, returns } = this;
    const mean = returns.reduce((sum, each) => sum + each, 0) / returns.length;
    const std = Math.sqrt(returns.reduce((sum, each) => sum + (each - mean) ** 2, 0) / returns.length);
    const [min, max] = [Math.min, Math.max].map((pick) => returns.reduce((a, b) => pick(a, b))) as [number, number];
    return { episodes, steps, return: { mean, std, min, max } };
  }

  private write(copy: number): void {
    for (const tracks of this.tracks) for (const track of tracks.take(copy, this.episodes)) this.writer.add(track);
    this.episodes++;
    this.steps += this.lengths[copy]!;
    this.lengths[copy] = 0;
  }

  private cutOff(): void {
    if (this.returns.length === 0)
      throw new LightbulbError('invalid_input', 'no episode came to an end', {
        where: 'maximumSteps',
        wanted: 'more steps than an episode has',
        cure: 'Allow more steps, or give the environment an end',
      });
    for (const [copy, owed] of this.owed.entries()) if (owed > 0 && this.lengths[copy]! > 0) this.write(copy);
  }
}

function mustBeSound({ episodes, copies, seed }: RecordingOptions, noise: number): void {
  const refuse = (where: string, wanted: string, got: number): never => {
    throw new LightbulbError('invalid_input', 'episodes cannot be recorded so', { where, wanted, got: String(got) });
  };
  for (const [name, value, least] of [
    ['episodes', episodes, 1],
    ['copies', copies, 1],
    ['seed', seed, 0],
  ] as const)
    if (!Number.isSafeInteger(value) || value < least) refuse(name, `a whole number from ${least}`, value);
  if (!(noise >= 0 && noise <= 1)) refuse('noise', 'a number from 0 to 1', noise);
}
