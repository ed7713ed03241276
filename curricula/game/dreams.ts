import type { Stream } from '../../core/index.ts';
import { type Disturbance, RowNoise } from '../../worlds/models/index.ts';
import { copyRow } from './copy-row.ts';
import { type Imagination, ImaginedRows, type WorldParameters } from './imagination.ts';
import type { FloorOptions } from './options.ts';
import type { Starts } from './starts.ts';

export interface DreamsOptions {
  readonly imagination: Imagination;
  readonly parameters: WorldParameters;
  /** D: dreams, each dreamt by `sides` players, everyone for themselves. */
  readonly copies: number;
  readonly sides: number;
  /** undefined: nobody disturbs. */
  readonly disturbance: Disturbance | undefined;
  readonly floor: FloorOptions | null;
}

/** Variance below which decoded numbers count as certain, in their own units squared. */
const LEAST_VARIANCE = 1e-6;

/**
 * Dreams that step side by side. The sides of one dream begin in one state and draw the same noise at each step (common random
 * numbers), so that they differ by what is done alone: by players, and by the moves of who disturbs them.
 *
 * Rows: dream b as side s dreams it is row b * sides + s.
 */
export class Dreams {
  readonly rows: ImaginedRows;
  /** [D * sides, F] and [D * sides, D]: what there is to be seen where each row is now. */
  readonly features: Float32Array;
  readonly decoded: Float32Array;
  /** Of the last step: disturbed rows, their nats in all, and how many were refused. */
  disturbed = 0;
  nats = 0;
  refused = 0;
  private readonly base: RowNoise;
  private readonly nothing: Float64Array;
  /** [D * sides]: the last step of this row was moved at all. */
  private readonly isDisturbed: Uint8Array;
  private readonly witnesses: ImaginedRows | undefined;
  private readonly stateSize: number;
  private readonly actionSize: number;

  constructor(private readonly options: DreamsOptions) {
    const { imagination, parameters, copies, sides, floor, disturbance } = options;
    const { model } = imagination.parts;
    const R = copies * sides;
    this.rows = new ImaginedRows(imagination, parameters, R);
    this.features = new Float32Array(R * model.featureSize);
    this.decoded = new Float32Array(R * model.observationSize);
    this.base = new RowNoise(model.imagineNoise, copies);
    this.nothing = new Float64Array(Object.values(model.imagineNoise).reduce((sum, { size }) => sum + size, 0));
    this.isDisturbed = new Uint8Array(R);
    this.stateSize = model.stateSize;
    this.actionSize = model.actionSize;
    if (floor !== null && disturbance !== undefined)
      this.witnesses = new ImaginedRows(imagination, parameters, R * (1 + floor.draws));
  }

  /** All sides of dream b begin in this start. */
  begin(b: number, starts: Starts, row: number): void {
    const { sides } = this.options;
    for (let r = b * sides; r < (b + 1) * sides; r++) {
      copyRow(starts.states, row, this.rows.state, r, this.stateSize);
      this.keepSeen(starts, row, r);
    }
  }

  /**
   * Imagines one step of every row from `rows.state` under `rows.action`. moves: [D * sides, k], what disturbs each row; acts:
   * [D * sides], 0 where nobody does. What comes is in `rows`; nobody has gone there yet.
   */
  imagine(streams: readonly Stream[], moves: Float32Array | undefined, acts: Uint8Array | undefined): void {
    const { base, rows, nothing, isDisturbed } = this;
    const { copies, sides, disturbance } = this.options;
    this.disturbed = 0;
    this.nats = 0;
    this.refused = 0;
    for (let b = 0; b < copies; b++) {
      base.draw(b, streams[b]!);
      for (let r = b * sides; r < (b + 1) * sides; r++) {
        isDisturbed[r] = 0;
        if (disturbance === undefined || acts![r] === 0) {
          rows.noise.setShifted(r, base, b, nothing);
          continue;
        }
        rows.noise.setShifted(r, base, b, disturbance.of(moves!, r * disturbance.size));
        const nats = disturbance.divergence();
        this.disturbed++;
        this.nats += nats;
        isDisturbed[r] = nats > 0 ? 1 : 0;
      }
    }
    rows.run();
    if (this.witnesses !== undefined) this.refuse(streams, this.witnesses);
  }

  /** Row r goes where its step led. */
  go(r: number): void {
    copyRow(this.rows.next, r, this.rows.state, r, this.stateSize);
    this.keepSeen(this.rows, r, r);
  }

  /** Numbers that decide the future, and what is seen of it. */
  save(): { readonly state: number[]; readonly features: number[]; readonly decoded: number[] } {
    return {
      state: Array.from(this.rows.state),
      features: Array.from(this.features),
      decoded: Array.from(this.decoded),
    };
  }

  load({ state, features, decoded }: ReturnType<Dreams['save']>): void {
    this.rows.state.set(state);
    this.features.set(features);
    this.decoded.set(decoded);
  }

  /**
   * Undoes disturbed steps that the model itself finds too unlikely: those whose decoded numbers lie too far out, in standard
   * deviations over undisturbed draws of the same step. In their place comes the step of the undisturbed noise.
   */
  private refuse(streams: readonly Stream[], witnesses: ImaginedRows): void {
    const { rows, base, isDisturbed, nothing } = this;
    const { sides, floor } = this.options;
    const { draws, nats } = floor!;
    const each = 1 + draws;
    for (let r = 0; r < isDisturbed.length; r++) {
      const b = Math.floor(r / sides);
      for (let w = r * each; w < (r + 1) * each; w++) {
        copyRow(rows.state, r, witnesses.state, w, this.stateSize);
        copyRow(rows.action, r, witnesses.action, w, this.actionSize);
        if (w > r * each) witnesses.noise.draw(w, streams[b]!);
        else witnesses.noise.setShifted(w, base, b, nothing);
      }
    }
    witnesses.run();
    for (let r = 0; r < isDisturbed.length; r++) {
      if (isDisturbed[r] === 0 || this.unlikeliness(r, witnesses, draws) <= nats) continue;
      this.refused++;
      const w = r * each;
      copyRow(witnesses.next, w, rows.next, r, this.stateSize);
      copyRow(witnesses.features, w, rows.features, r, this.features.length / isDisturbed.length);
      copyRow(witnesses.decoded, w, rows.decoded, r, this.decoded.length / isDisturbed.length);
      rows.reward[r] = witnesses.reward[w]!;
      rows.terminalLogit[r] = witnesses.terminalLogit[w]!;
    }
  }

  /** Nats below the likeliest observation, for each of its numbers: half a squared distance in standard deviations. */
  private unlikeliness(r: number, { decoded }: ImaginedRows, draws: number): number {
    const width = this.decoded.length / this.isDisturbed.length;
    const from = r * (1 + draws) + 1;
    let nats = 0;
    for (let i = 0; i < width; i++) {
      let sum = 0;
      for (let w = from; w < from + draws; w++) sum += decoded[w * width + i]!;
      const mean = sum / draws;
      let squares = 0;
      for (let w = from; w < from + draws; w++) squares += (decoded[w * width + i]! - mean) ** 2;
      const variance = Math.max(squares / (draws - 1), LEAST_VARIANCE);
      nats += (this.rows.decoded[r * width + i]! - mean) ** 2 / (2 * variance);
    }
    return nats / width;
  }

  private keepSeen(
    from: { readonly features: Float32Array; readonly decoded: Float32Array },
    row: number,
    r: number,
  ): void {
    const R = this.isDisturbed.length;
    copyRow(from.features, row, this.features, r, this.features.length / R);
    copyRow(from.decoded, row, this.decoded, r, this.decoded.length / R);
  }
}
