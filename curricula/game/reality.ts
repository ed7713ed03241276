import {
  type Episode,
  type LevelFeed,
  LevelsInPlay,
  type LevelsInPlayState,
  type SequenceReplay,
} from '../../agents/index.ts';
import type { Json } from '../../core/index.ts';
import {
  type BatchedEnvironment,
  flatSize,
  type Group,
  type GroupActions,
  type GroupOutput,
  type LevelSpace,
} from '../../worlds/index.ts';
import { actionEncoder, modelScale } from '../../worlds/models/index.ts';

interface Saved {
  readonly environment: Json;
  readonly levels: LevelsInPlayState | null;
  readonly episode: readonly number[];
  readonly returns: readonly number[];
  readonly lengths: readonly number[];
  readonly begun: number;
}

/**
 * The real environment of one agent, whoever steps it: what happens goes into a replay, in a model's units, and levels come
 * from a feed where the environment has any. Outputs are the environment's own.
 */
export class Reality implements BatchedEnvironment {
  readonly batchSize: number;
  readonly groups: readonly [Group];
  readonly stateSize = 0;
  readonly maximumSteps?: number;
  readonly levels?: LevelSpace;
  private readonly inPlay: LevelsInPlay | undefined;
  private readonly encode: ReturnType<typeof actionEncoder>;
  private readonly scale: number;
  /** [B, D] and [B, A], as the model sees them. */
  private readonly seen: Float32Array;
  private readonly done: Float32Array;
  /** [B]: the number of each copy's episode in the replay, and how it went so far. */
  private readonly episode: Int32Array;
  private readonly returns: Float64Array;
  private readonly lengths: Int32Array;
  private ended: Episode[] = [];
  /** Episodes so far. */
  private begun = 0;

  /** `replay` is undefined where nobody learns a model. */
  constructor(
    private readonly environment: BatchedEnvironment,
    private readonly replay: SequenceReplay | undefined,
    feed: LevelFeed | undefined,
  ) {
    const group = environment.groups[0]!;
    const B = environment.batchSize;
    this.batchSize = B;
    this.groups = [group];
    if (environment.maximumSteps !== undefined) this.maximumSteps = environment.maximumSteps;
    if (environment.levels !== undefined) this.levels = environment.levels;
    this.inPlay = feed && new LevelsInPlay(environment, feed);
    this.encode = actionEncoder(group.action);
    this.scale = modelScale(group.observation);
    this.seen = new Float32Array(B * flatSize(group.observation));
    this.done = new Float32Array(B * (replay?.shape.action ?? 0));
    this.episode = new Int32Array(B);
    this.returns = new Float64Array(B);
    this.lengths = new Int32Array(B);
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    this.inPlay?.beforeReset();
    this.environment.reset(seed, output);
    this.inPlay?.afterReset();
    for (let b = 0; b < this.batchSize; b++) this.begin(b, output[0]!);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    const { environment, batchSize: B, replay, episode, returns, lengths } = this;
    environment.step(actions, output);
    const { reward, terminated, truncated, observation, finalObservation } = output[0]!;
    if (replay !== undefined) this.encode(actions[0]!, this.done, B);
    for (let b = 0; b < B; b++) {
      const terminal = terminated[b] === 1;
      const isOver = terminal || truncated[b] === 1;
      returns[b]! += reward[b]!;
      lengths[b]!++;
      if (replay !== undefined) {
        this.look(isOver ? finalObservation : observation, b);
        replay.write(b, episode[b]!, { reward: reward[b]!, first: false, terminal }, this.sources(b));
      }
      if (!isOver) continue;
      const amount = returns[b]!;
      this.ended.push({ copy: b, return: amount, length: lengths[b]!, agents: [amount] });
      this.inPlay?.ended(b, amount);
      this.begin(b, output[0]!);
    }
  }

  /** Episodes that ended since the last time. */
  takeEpisodes(): Episode[] {
    const { ended } = this;
    this.ended = [];
    return ended;
  }

  /** Tells the feed how episodes went. steps: real steps of the training so far. */
  report(steps: number): void {
    this.inPlay?.report(steps);
  }

  metrics(): Readonly<Record<string, number>> {
    return this.inPlay?.feed.metrics() ?? {};
  }

  setLevel(copy: number, level: Json | undefined): void {
    this.environment.setLevel!(copy, level);
  }

  /** To be asked after `report` and `takeEpisodes`. The replay is its owner's to save. */
  snapshot(): Json {
    const saved: Saved = {
      environment: this.environment.snapshot(),
      levels: this.inPlay?.save() ?? null,
      episode: Array.from(this.episode),
      returns: Array.from(this.returns),
      lengths: Array.from(this.lengths),
      begun: this.begun,
    };
    return saved as unknown as Json;
  }

  restore(snapshot: Json): void {
    const { environment, levels, episode, returns, lengths, begun } = snapshot as unknown as Saved;
    this.environment.restore(environment);
    if (levels !== null) this.inPlay?.load(levels);
    this.episode.set(episode);
    this.returns.set(returns);
    this.lengths.set(lengths);
    this.begun = begun;
    this.ended = [];
  }

  render(copy: number): string {
    return this.environment.render?.(copy) ?? '';
  }

  close(): void {
    this.environment.close?.();
  }

  private begin(b: number, { observation }: GroupOutput): void {
    this.returns[b] = 0;
    this.lengths[b] = 0;
    const { replay } = this;
    if (replay === undefined) return;
    // Where there are no levels, an episode is told apart from others by its number.
    this.episode[b] = replay.begin(this.inPlay?.level(b) ?? { episode: this.begun });
    this.begun++;
    this.look(observation, b);
    replay.write(b, this.episode[b]!, { reward: 0, first: true, terminal: false }, this.sources(b));
  }

  private look(from: Float32Array, b: number): void {
    const D = this.seen.length / this.batchSize;
    for (let i = b * D; i < (b + 1) * D; i++) this.seen[i] = from[i]! * this.scale;
  }

  private sources(b: number): Parameters<SequenceReplay['write']>[3] {
    const { observation, action } = this.replay!.shape;
    return { observation: this.seen, observationAt: b * observation, action: this.done, actionAt: b * action };
  }
}
