import { type Json, LightbulbError } from '../core/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import type { LevelFeed, LevelOutcome } from './level-feed.ts';

/** Which level each copy plays, and the feed they come from. Plain data; null where the environment's seed chose. */
export type LevelsInPlayState = {
  readonly feed: Json;
  readonly playing: readonly (readonly Json[])[];
  readonly waiting: readonly (readonly Json[])[];
};

/**
 * Hands a feed's levels to the copies of a batched environment, and knows which copy plays which. A copy's next level is
 * set while it still plays the one before, because a batched environment begins an episode in the step that ends another.
 */
export class LevelsInPlay {
  private readonly playing: (Json | undefined)[];
  private readonly waiting: (Json | undefined)[];
  private outcomes: LevelOutcome[] = [];

  /** Error `unsupported` where the environment takes no levels. */
  constructor(
    private readonly environment: BatchedEnvironment,
    readonly feed: LevelFeed,
  ) {
    if (environment.setLevel === undefined) {
      throw new LightbulbError('unsupported', 'this environment takes no levels', { where: '/curriculum' });
    }
    this.playing = new Array<Json | undefined>(environment.batchSize).fill(undefined);
    this.waiting = this.playing.slice();
  }

  /** The level that copy `b` plays. */
  level(b: number): Json | undefined {
    return this.playing[b];
  }

  /** Before all copies are reset. */
  beforeReset(): void {
    for (let b = 0; b < this.playing.length; b++) this.queue(b);
  }

  /** After all copies were reset: each plays what it was told, and is told what comes then. */
  afterReset(): void {
    for (let b = 0; b < this.playing.length; b++) this.begin(b);
  }

  /** After a step in which the episode of copy `b` ended: it plays its next level already. */
  ended(b: number, episodeReturn: number): void {
    const level = this.playing[b];
    if (level !== undefined) this.outcomes.push({ level, samples: 1, return: episodeReturn });
    this.begin(b);
  }

  /** Tells the feed what came out since the last time. `steps`: environment steps of the training so far. */
  report(steps: number): void {
    if (this.outcomes.length > 0) this.feed.report(this.outcomes, steps);
    this.outcomes = [];
  }

  /** To be asked after `report`: outcomes that were not reported are no part of it. */
  save(): LevelsInPlayState {
    const wrapped = (level: Json | undefined): Json[] => (level === undefined ? [] : [level]);
    return { feed: this.feed.save(), playing: this.playing.map(wrapped), waiting: this.waiting.map(wrapped) };
  }

  /** The environment's own snapshot holds the levels that were set. */
  load({ feed, playing, waiting }: LevelsInPlayState): void {
    this.feed.load(feed);
    for (let b = 0; b < this.playing.length; b++) {
      this.playing[b] = playing[b]?.[0];
      this.waiting[b] = waiting[b]?.[0];
    }
    this.outcomes = [];
  }

  private begin(b: number): void {
    this.playing[b] = this.waiting[b];
    this.queue(b);
  }

  private queue(b: number): void {
    const level = this.feed.next();
    this.waiting[b] = level;
    this.environment.setLevel!(b, level);
  }
}
