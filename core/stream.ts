import seedrandom from 'seedrandom';
import { LightbulbError } from './errors.ts';

/** A saved stream: plain JSON, see `Stream.state`. */
export interface StreamState {
  readonly alea: { readonly c: number; readonly s0: number; readonly s1: number; readonly s2: number };
  /** The second of the last pair of normal deviates, if it was not used yet. */
  readonly spare: number | null;
}

/**
 * A named source of random numbers. Each consumer takes its own (`stream(7, 'environment/3')`), so a new consumer
 * shifts no other one. Uniforms are seedrandom's Alea (32 random bits each).
 */
export class Stream {
  private readonly next: seedrandom.StatefulPRNG<seedrandom.State.Alea>;
  private spare: number | null;

  constructor(key: string, saved?: StreamState) {
    // The type of `state` in @types/seedrandom knows only the flag, not a saved state, which seedrandom accepts.
    const state = (saved?.alea ?? true) as unknown as true;
    this.next = seedrandom.alea(key, { state }) as typeof this.next;
    this.spare = saved?.spare ?? null;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.next();
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Uniform integer in [0, n). n: at least 1. */
  integer(n: number): number {
    if (!(n >= 1))
      throw new LightbulbError('invalid_input', 'a random integer needs a range', { wanted: 'n >= 1', got: String(n) });
    return Math.floor(this.next() * n);
  }

  /** Standard normal, by Marsaglia's polar method. */
  normal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const scale = Math.sqrt((-2 * Math.log(s)) / s);
        this.spare = v * scale;
        return u * scale;
      }
    }
  }

  /** Fills `out` with standard Gumbel deviates, -log(-log u): added to logits, the largest is a draw from the softmax. */
  fillGumbel(out: Float32Array): void {
    const next = this.next;
    for (let i = 0; i < out.length; i++) out[i] = -Math.log(-Math.log(next() + 2 ** -34));
  }

  /** Fills `out` with standard normals. */
  fillNormal(out: Float32Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.normal();
  }

  /** Shuffles `items` in place (Fisher and Yates). */
  shuffle(items: Int32Array | Uint32Array): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = Math.floor(this.next() * (i + 1));
      const kept = items[i]!;
      items[i] = items[j]!;
      items[j] = kept;
    }
  }

  /** What to save so that `restoreStream` goes on exactly here. */
  state(): StreamState {
    const { c, s0, s1, s2 } = this.next.state();
    return { alea: { c, s0, s1, s2 }, spare: this.spare };
  }
}

/** The stream called `name` of the experiment with this seed. The same two give the same numbers for ever. */
export function stream(seed: number, name: string): Stream {
  return new Stream(`${seed}/${name}`);
}

/** A stream that goes on where `Stream.state()` was taken. */
export function restoreStream(state: StreamState): Stream {
  return new Stream('', state);
}
