import type { Json } from '../../core/index.ts';
import { restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import { float32, type Value } from '../../nn/index.ts';
import type { Track, WindowSource } from '../datasets/index.ts';
import { type PatchShape, type StepTokens, type Target, TokenBuffer } from '../tokens/index.ts';
import type { GatoOptions } from './options.ts';

/** A task as packing sees it. */
export interface SequenceTask {
  readonly name: string;
  readonly source: WindowSource;
  /** How the steps of each of the source's groups become tokens. */
  readonly tokens: readonly StepTokens[];
}

/** Tokens of whole time steps: `buffer` from `from` to `to - 1`. */
export interface Piece {
  readonly buffer: TokenBuffer;
  readonly from: number;
  readonly to: number;
}

/** One sequence: what it begins with of another episode (null for nothing), and consecutive steps of an episode. */
export interface TokenSequence {
  readonly prompt: Piece | null;
  readonly steps: Piece;
}

/** Draws of a prompt until it is of another episode, at most. */
const TRIES = 8;

/**
 * An endless stream of one task's sequences, each cut to the room there is. A window that does not fit goes on in the
 * next sequence: no token of it is dropped and none comes twice. Prompts are Gato's (arXiv 2205.06175, section 2.3).
 */
export class TaskSequences {
  /** What is left of the present window: steps `step` to `ends.length - 1`; step i ends before token `ends[i]`. */
  private readonly window: TokenBuffer;
  private ends: number[] = [];
  private step = 0;
  private of = { group: 0, agent: 0, episode: 0 };
  /** Whether the next sequence begins with a prompt. Drawn before it is known whether there is room for one. */
  private isPrompted: boolean;
  private readonly lead: TokenBuffer;
  private random: Stream;

  constructor(
    private readonly task: SequenceTask,
    private readonly options: Pick<GatoOptions, 'length' | 'context' | 'prompt'>,
    patch: PatchShape,
    seed: number,
  ) {
    this.window = new TokenBuffer(patch);
    this.lead = new TokenBuffer(patch);
    this.random = stream(seed, `learner/prompts/${task.name}`);
    this.isPrompted = this.drawIsPrompted();
  }

  /**
   * The next sequence with at most `room` tokens; null where not even its first step fits. In a whole empty row there
   * is always one: rows are at least as long as the longest step. Valid until the next call.
   */
  next(room: number): TokenSequence | null {
    if (this.step === this.ends.length) this.fetch();
    const { length, context, prompt } = this.options;
    const begin = this.step === 0 ? 0 : this.ends[this.step - 1]!;
    const first = this.ends[this.step]! - begin;
    const isEmptyRow = room === length;
    if (first > room) return null;
    if (this.isPrompted && !isEmptyRow && first + prompt.steps * this.longestStep() > room) return null;
    const lead = this.isPrompted ? this.drawPrompt(room - first) : null;
    const left = room - (lead === null ? 0 : lead.to - lead.from);
    const last = Math.min(this.step + context, this.ends.length);
    let until = this.step + 1;
    while (until < last && this.ends[until]! - begin <= left) until++;
    this.step = until;
    this.isPrompted = this.drawIsPrompted();
    return { prompt: lead, steps: { buffer: this.window, from: begin, to: this.ends[until - 1]! } };
  }

  save(): { readonly state: Json; readonly pixels: Value | null } {
    const { window, ends, step, of, isPrompted, random } = this;
    const begin = step === 0 ? 0 : ends[step - 1]!;
    const kept = <A extends Int32Array | Uint8Array>(array: A): number[] =>
      Array.from(array.subarray(begin, window.length));
    const firstPatch = window.patch.subarray(begin, window.length).find((patch) => patch >= 0) ?? window.patchCount;
    const patchSize = window.shape.size ** 2 * window.shape.channels;
    const patches = window.patchCount - firstPatch;
    const state = {
      source: this.task.source.save(),
      random: random.state(),
      isPrompted,
      of,
      ends: ends.slice(step).map((end) => end - begin),
      ids: kept(window.ids),
      local: kept(window.local),
      target: kept(window.target),
      patch: kept(window.patch).map((patch) => (patch < 0 ? -1 : patch - firstPatch)),
      intervals: Array.from(window.intervals.subarray(firstPatch * 4, window.patchCount * 4)),
    };
    const pixels = window.pixels.slice(firstPatch * patchSize, window.patchCount * patchSize);
    return {
      state: state as unknown as Json,
      pixels: patches === 0 ? null : float32([patches, patchSize], pixels),
    };
  }

  /** pixels: asked for with the shape that they must have, where there are some. */
  load(saved: Json, pixels: (shape: readonly number[]) => Float32Array): void {
    const state = saved as unknown as SavedSequences;
    this.task.source.load(state.source);
    this.random = restoreStream(state.random);
    this.isPrompted = state.isPrompted;
    this.of = state.of;
    this.ends = [...state.ends];
    this.step = 0;
    const { window } = this;
    const patchSize = window.shape.size ** 2 * window.shape.channels;
    const patches = state.intervals.length / 4;
    const from = patches === 0 ? null : pixels([patches, patchSize]);
    window.clear();
    for (const [i, id] of state.ids.entries()) {
      const patch = state.patch[i]!;
      if (patch < 0) window.add(id, state.local[i]!, state.target[i]! as Target);
      else {
        const interval = state.intervals.slice(patch * 4, patch * 4 + 4) as [number, number, number, number];
        window.addPatch(id, state.local[i]!, interval).set(from!.subarray(patch * patchSize, (patch + 1) * patchSize));
      }
    }
  }

  private fetch(): void {
    const { track, from, to } = this.task.source.next();
    const { group, agent, episode } = track;
    this.of = { group, agent, episode };
    this.step = 0;
    this.ends = this.write(track, from, to, this.window);
  }

  /** Writes steps `from` to `to - 1`; where each of them ends. */
  private write(track: Track, from: number, to: number, out: TokenBuffer): number[] {
    const tokens = this.task.tokens[track.group]!;
    const D = track.observation.length / track.steps;
    const A = track.action.length / track.steps;
    out.clear();
    const ends: number[] = [];
    for (let t = from; t < to; t++) {
      tokens.observe(track.observation, t * D, track.agent, out);
      if (A > 0) tokens.act(track.action, t * A, out);
      ends.push(out.length);
    }
    return ends;
  }

  private drawIsPrompted(): boolean {
    const isDrawn = this.random.uniform() < this.options.prompt.share;
    return isDrawn && this.task.source.manifest.episodes > 1;
  }

  /** Steps of another episode of the same agent, the last of them that `room` has a place for; null for none. */
  private drawPrompt(room: number): Piece | null {
    const { prompt } = this.options;
    const { group, agent, episode } = this.of;
    for (let i = 0; i < TRIES; i++) {
      const track = this.task.source.prompt(group, agent);
      if (track.episode === episode) continue;
      const steps = Math.min(prompt.steps, track.steps);
      const isEnd = this.random.uniform() < prompt.fromEnd;
      const from = isEnd ? track.steps - steps : this.random.integer(track.steps - steps + 1);
      const { lead } = this;
      const ends = this.write(track, from, from + steps, lead);
      const starts = [0, ...ends];
      const start = starts.find((at) => lead.length - at <= room)!;
      return start === lead.length ? null : { buffer: lead, from: start, to: lead.length };
    }
    return null;
  }

  private longestStep(): number {
    const { observationTokens, actionTokens } = this.task.tokens[this.of.group]!.layout;
    return observationTokens + actionTokens;
  }
}

interface SavedSequences {
  readonly source: Json;
  readonly random: StreamState;
  readonly isPrompted: boolean;
  readonly of: { readonly group: number; readonly agent: number; readonly episode: number };
  readonly ends: readonly number[];
  readonly ids: readonly number[];
  readonly local: readonly number[];
  readonly target: readonly number[];
  readonly patch: readonly number[];
  readonly intervals: readonly number[];
}
