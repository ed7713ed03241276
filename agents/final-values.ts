import { float32, type Program, type Value, type Values } from '../nn/index.ts';
import type { GlobalState } from './global-state.ts';
import type { UnitRollout } from './unit-rollout.ts';

/**
 * The final observations of truncated episodes, collected as a rollout goes by, and their values in one batch:
 * what the bootstrap at a truncation needs.
 */
export class FinalValues {
  private readonly at: { readonly t: number; readonly b: number }[] = [];
  private rows: Float32Array = new Float32Array(0);
  private raw: Float32Array = new Float32Array(0);
  private readonly width: number;

  constructor(
    private readonly rollout: UnitRollout,
    private readonly state: GlobalState,
    private readonly isCentral: boolean,
    private readonly criticRows: number,
  ) {
    this.width = isCentral ? state.size : rollout.sizes.N * rollout.sizes.D;
  }

  clear(): void {
    this.at.length = 0;
  }

  /** Keeps what the critic needs of the copies in which an agent of the unit was truncated at step `t`. */
  observed(t: number): void {
    const { rollout, width, state } = this;
    const { B, truncated } = rollout;
    const { N: n, D } = rollout.sizes;
    let i = t * B * n;
    for (let b = 0; b < B; b++) {
      let isTruncated = 0;
      for (let agent = 0; agent < n; agent++) isTruncated |= truncated[i++]!;
      if (isTruncated === 0) continue;
      const offset = this.at.length * width;
      this.rows = grown(this.rows, offset + width);
      if (this.isCentral) state.final(b, t, this.rows, offset);
      else for (let agent = 0; agent < n; agent++) rollout.finalObservation(b, agent, this.rows, offset + agent * D);
      this.at.push({ t, b });
    }
  }

  /**
   * Runs the value program on them all; `give` gets each value at its place in [T, B, n]. `memory`: what values are made
   * with [T + 1, rows, size], under the program's name for it, or null.
   */
  estimate(
    value: Program,
    critic: Values,
    memory: { readonly name: string; readonly held: Value } | null,
    isObservation: boolean,
    give: (at: number, raw: number) => void,
  ): void {
    const count = this.at.length;
    if (count === 0) return;
    const { width, rollout, criticRows } = this;
    const { B, T } = rollout;
    const n = rollout.sizes.N;
    // Padded to a power of two: a handful of compiled variants for any number of endings.
    const samples = 2 ** Math.ceil(Math.log2(Math.max(16, count)));
    this.rows = grown(this.rows, samples * width);
    this.raw = grown(this.raw, samples * n);
    const rows = float32([samples, width], this.rows.subarray(0, samples * width));
    const inputs: Record<string, Value> = { ...critic, [isObservation ? 'observation' : 'state']: rows };
    if (memory !== null) {
      // The memory after the step that each final observation followed.
      const held = memory.held.data as Float32Array;
      const perCopy = held.length / ((T + 1) * B);
      const data = new Float32Array(samples * perCopy);
      for (const [row, { t, b }] of this.at.entries()) {
        const from = ((t + 1) * B + b) * perCopy;
        data.set(held.subarray(from, from + perCopy), row * perCopy);
      }
      inputs[memory.name] = float32([samples * criticRows, perCopy / criticRows], data);
      inputs.keep = float32([samples], new Float32Array(samples).fill(1));
    }
    value.run(inputs, { value: float32([samples, n], this.raw.subarray(0, samples * n)) });
    for (const [row, { t, b }] of this.at.entries()) {
      for (let agent = 0; agent < n; agent++) give((t * B + b) * n + agent, this.raw[row * n + agent]!);
    }
  }
}

/** The same array, or a larger one with the same beginning. */
function grown(array: Float32Array, length: number): Float32Array {
  if (array.length >= length) return array;
  const larger = new Float32Array(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}
