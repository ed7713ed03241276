import { type Json, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import {
  actionChoices,
  actionComponents,
  flatSize,
  type Group,
  type GroupActions,
  type GroupOutput,
} from '../../worlds/index.ts';
import { actionEncoder, actionWidth, type Sees, type Show, shownAs } from '../../worlds/models/index.ts';
import { copyRow } from './copy-row.ts';
import type { Dreams } from './dreams.ts';
import type { GameOptions } from './options.ts';
import type { Starts } from './starts.ts';

/** One dream that is over. */
export interface Dreamt {
  /** The level whose state it began in. */
  readonly level: Json;
  /** What the protagonist was paid, and the antagonist, where there is one. */
  readonly protagonist: number;
  readonly antagonist: number | undefined;
  /** Mean disagreement along the protagonist's steps. */
  readonly error: number;
}

/** What happened in dreams since the last time. */
export interface DreamNews {
  dreams: Dreamt[];
  /** Disturbed steps, their nats in all, and how many of them were refused. */
  disturbed: number;
  nats: number;
  refused: number;
  /** What the adversary was paid in all, and in how many steps of its agents. */
  paid: number;
  moves: number;
}

export interface StageOptions {
  readonly played: Dreams;
  readonly starts: Starts;
  /** Of the protagonist, as it sees the world. */
  readonly group: Group;
  readonly sees: Sees;
  /** D. */
  readonly copies: number;
  /** 1, or 2 with an antagonist. */
  readonly sides: number;
  /** k, numbers of what disturbs a row; 0 where nothing does. */
  readonly moveSize: number;
  /** F. */
  readonly featureSize: number;
  readonly options: Pick<GameOptions, 'horizon' | 'ending' | 'rewards' | 'adversary'>;
}

export interface SavedStage {
  readonly streams: readonly StreamState[];
  readonly played: ReturnType<Dreams['save']>;
  readonly steps: readonly number[];
  readonly isOver: readonly number[];
  readonly returns: readonly number[];
  readonly errors: readonly number[];
  readonly lengths: readonly number[];
  readonly levels: readonly Json[];
  /** Where chance moves dreams: what it drew. */
  readonly moves: readonly number[];
}

/**
 * The dreams of an arena: whose copies come behind `before` real ones, and whose groups are the protagonist, the antagonist
 * where there are two sides, and last the adversary where there is one. Rules and rewards: see `Arena`.
 */
export class Stage {
  private readonly isRegret: boolean;
  /** Moves are an agent's, or chance's. */
  private readonly hasAdversary: boolean;
  private readonly isRandom: boolean;
  private readonly encode: ReturnType<typeof actionEncoder>;
  private readonly show: Show;
  private readonly width: number;
  private streams: Stream[] = [];
  /** [D]: steps so far, and the level that a dream began in. */
  private readonly steps: Int32Array;
  private readonly levels: Json[];
  /** [D * sides]: this side's dream is over; what it was paid so far, the errors met, and in how many steps. */
  private readonly isOver: Uint8Array;
  private readonly returns: Float64Array;
  private readonly errors: Float64Array;
  private readonly lengths: Int32Array;
  /** [D * sides], of a step: what each side was paid; whether it was over before; whether its adversary moves the noise. */
  private readonly pay: Float64Array;
  private readonly wasOver: Uint8Array;
  private readonly moving: Uint8Array;
  /** [D, A] of one side's actions, and as the model sees them. */
  private readonly actions: Int32Array | Float32Array;
  private readonly encoded: Float32Array;
  /** [D * sides, k]. */
  private readonly moves: Float32Array;
  private news = nothingNew();

  constructor(
    private readonly stage: StageOptions,
    private readonly before: number,
  ) {
    const { group, sees, copies, sides, moveSize, options } = stage;
    this.isRegret = options.adversary.objective === 'regret';
    this.isRandom = moveSize > 0 && options.adversary.objective === 'random';
    this.hasAdversary = moveSize > 0 && !this.isRandom;
    this.encode = actionEncoder(group.action);
    this.width = flatSize(group.observation);
    this.show = shownAs(sees, group, this.width, 'arena');
    const rows = copies * sides;
    this.steps = new Int32Array(copies);
    this.levels = new Array<Json>(copies).fill(null);
    this.isOver = new Uint8Array(rows);
    this.returns = new Float64Array(rows);
    this.errors = new Float64Array(rows);
    this.lengths = new Int32Array(rows);
    this.pay = new Float64Array(rows);
    this.wasOver = new Uint8Array(rows);
    this.moving = new Uint8Array(rows);
    const numbers = copies * actionComponents(group.action);
    this.actions = actionChoices(group.action) === null ? new Float32Array(numbers) : new Int32Array(numbers);
    this.encoded = new Float32Array(copies * actionWidth(group.action));
    this.moves = new Float32Array(rows * moveSize);
  }

  get isStarted(): boolean {
    return this.streams.length > 0;
  }

  reset(seed: number, outs: readonly GroupOutput[]): void {
    const { copies } = this.stage;
    this.streams = Array.from({ length: copies }, (_, b) => stream(seed, `environment/${this.before + b}`));
    for (let b = 0; b < copies; b++) {
      this.begin(b);
      this.present(b, outs);
    }
  }

  /** One step of all dreams. Actions were checked; rewards and flags in `outs` are zeros. */
  step(given: readonly GroupActions[], outs: readonly GroupOutput[]): void {
    const { played, copies } = this.stage;
    const { isOver, wasOver, moving, news } = this;
    this.layOut(given);
    for (let r = 0; r < isOver.length; r++) {
      wasOver[r] = isOver[r]!;
      moving[r] = this.moves.length > 0 ? 1 - isOver[r]! : 0;
    }
    played.imagine(this.streams, this.moves, moving);
    news.disturbed += played.disturbed;
    news.nats += played.nats;
    news.refused += played.refused;
    for (let b = 0; b < copies; b++) this.stepDream(b, outs);
  }

  take(): DreamNews {
    const { news } = this;
    this.news = nothingNew();
    return news;
  }

  save(): SavedStage {
    return {
      streams: this.streams.map((each) => each.state()),
      played: this.stage.played.save(),
      steps: Array.from(this.steps),
      isOver: Array.from(this.isOver),
      returns: Array.from(this.returns),
      errors: Array.from(this.errors),
      lengths: Array.from(this.lengths),
      levels: this.levels.slice(),
      moves: this.isRandom ? Array.from(this.moves) : [],
    };
  }

  load({ streams, played, steps, isOver, returns, errors, lengths, levels, moves }: SavedStage): void {
    this.streams = streams.map(restoreStream);
    this.stage.played.load(played);
    this.steps.set(steps);
    this.isOver.set(isOver);
    this.returns.set(returns);
    this.errors.set(errors);
    this.lengths.set(lengths);
    for (const [b, level] of levels.entries()) this.levels[b] = level;
    this.moves.set(moves);
    this.news = nothingNew();
  }

  private stepDream(b: number, outs: readonly GroupOutput[]): void {
    const { steps, isOver, wasOver, returns, errors, lengths, pay, before } = this;
    const { options, sides, played } = this.stage;
    const { rows } = played;
    // sigmoid(x) > u exactly where x > log(u / (1 - u)).
    const u = options.ending === 'drawn' ? this.streams[b]!.uniform() : 0.5;
    const threshold = Math.log(u / (1 - u));
    const isLate = ++steps[b]! >= options.horizon;
    let going = 0;
    let cut = 0;
    for (let r = b * sides, side = 0; side < sides; r++, side++) {
      pay[r] = 0;
      if (wasOver[r] === 1) continue;
      pay[r] = options.rewards === 'error' ? rows.error[r]! : rows.reward[r]!;
      returns[r]! += pay[r]!;
      errors[r]! += rows.error[r]!;
      lengths[r]!++;
      const ends = rows.terminalLogit[r]! > threshold;
      const isCut = !ends && isLate;
      played.go(r);
      const out = outs[side]!;
      out.reward[before + b] = pay[r]!;
      out.terminated[before + b] = ends ? 1 : 0;
      out.truncated[before + b] = isCut ? 1 : 0;
      isOver[r] = ends || isLate ? 1 : 0;
      if (isOver[r] === 1) this.showPlayer(out.finalObservation, b, r);
      else going++;
      if (isCut) cut++;
    }
    if (this.hasAdversary) this.payAdversary(b, going === 0, cut > 0, outs);
    if (going === 0) {
      this.tell(b);
      this.begin(b);
    }
    this.present(b, outs);
  }

  /**
   * What the agents of dream b's adversary are paid, and whether they go on. isCut: one of the sides that ended now could have
   * gone on.
   */
  private payAdversary(b: number, hasEnded: boolean, isCut: boolean, outs: readonly GroupOutput[]): void {
    const { pay, isOver, wasOver, isRegret, news, before } = this;
    const { sides, played, options, featureSize } = this.stage;
    const out = outs.at(-1)!;
    const pays = options.adversary.objective;
    const first = b * sides;
    for (let side = 0; side < sides; side++) {
      const r = first + side;
      if (!isRegret && wasOver[r] === 1) continue;
      const seat = (before + b) * sides + side;
      const reward = isRegret
        ? (pay[first + 1]! - pay[first]!) / 2
        : pays === 'value'
          ? -pay[r]!
          : played.rows.error[r]!;
      out.reward[seat] = reward;
      news.paid += reward;
      news.moves++;
      if (isRegret ? !hasEnded : isOver[r] === 0) continue;
      const isTruncated = isRegret ? isCut : outs[side]!.truncated[before + b] === 1;
      out.truncated[seat] = isTruncated ? 1 : 0;
      out.terminated[seat] = isTruncated ? 0 : 1;
      copyRow(played.features, r, out.finalObservation, seat, featureSize);
    }
  }

  private tell(b: number): void {
    const { returns, errors, lengths, news, levels } = this;
    const { sides } = this.stage;
    const first = b * sides;
    news.dreams.push({
      level: levels[b]!,
      protagonist: returns[first]!,
      antagonist: sides === 2 ? returns[first + 1]! : undefined,
      error: errors[first]! / lengths[first]!,
    });
  }

  /** Dream b begins anew. */
  private begin(b: number): void {
    const { starts, played, sides } = this.stage;
    const { row, level } = starts.choose(this.streams[b]!);
    played.begin(b, starts, row);
    this.levels[b] = level;
    this.steps[b] = 0;
    for (let r = b * sides; r < (b + 1) * sides; r++) {
      this.isOver[r] = 0;
      this.returns[r] = 0;
      this.errors[r] = 0;
      this.lengths[r] = 0;
    }
    if (this.isRandom) this.drawMoves(b);
  }

  /** All of dream b is moved in one direction, drawn uniformly: of length 1, which alone reaches the edge of the ball. */
  private drawMoves(b: number): void {
    const { moves } = this;
    const { sides, moveSize } = this.stage;
    const first = b * sides * moveSize;
    let squares = 0;
    for (let k = first; k < first + moveSize; k++) {
      const value = this.streams[b]!.normal();
      moves[k] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    for (let k = first; k < first + moveSize; k++) moves[k]! /= length;
    for (let side = 1; side < sides; side++) moves.copyWithin(first + side * moveSize, first, first + moveSize);
  }

  /** What everybody in dream b sees now, and whether they are there. */
  private present(b: number, outs: readonly GroupOutput[]): void {
    const { isOver, width, before } = this;
    const { featureSize, played, sides } = this.stage;
    for (let side = 0; side < sides; side++) {
      const r = b * sides + side;
      const out = outs[side]!;
      out.alive[before + b] = 1 - isOver[r]!;
      if (isOver[r] === 0) this.showPlayer(out.observation, b, r);
      else out.observation.fill(0, (before + b) * width, (before + b + 1) * width);
      if (!this.hasAdversary) continue;
      const own = outs.at(-1)!;
      const seat = (before + b) * sides + side;
      const isThere = this.isRegret || isOver[r] === 0;
      own.alive[seat] = isThere ? 1 : 0;
      if (isThere) copyRow(played.features, r, own.observation, seat, featureSize);
      else own.observation.fill(0, seat * featureSize, (seat + 1) * featureSize);
    }
  }

  private showPlayer(out: Float32Array, b: number, r: number): void {
    const { played, sees } = this.stage;
    const from = sees === 'features' ? played.features : played.decoded;
    this.show(from, r * this.width, out, (this.before + b) * this.width);
  }

  /** Lays actions out for rows and noise. */
  private layOut(given: readonly GroupActions[]): void {
    const { actions, encoded, moves, before } = this;
    const { copies, sides, played, moveSize } = this.stage;
    const A = actions.length / copies;
    for (let side = 0; side < sides; side++) {
      for (let i = 0; i < actions.length; i++) actions[i] = given[side]![before * A + i]!;
      this.encode(actions, encoded, copies);
      for (let b = 0; b < copies; b++)
        copyRow(encoded, b, played.rows.action, b * sides + side, encoded.length / copies);
    }
    if (!this.hasAdversary) return;
    const all = given.at(-1)!;
    const from = before * sides * moveSize;
    for (let i = 0; i < moves.length; i++) moves[i] = Math.min(1, Math.max(-1, all[from + i]!));
  }
}

function nothingNew(): DreamNews {
  return { dreams: [], disturbed: 0, nats: 0, refused: 0, paid: 0, moves: 0 };
}
