import type { Stream } from '../../core/index.ts';
import type { Value } from '../../nn/index.ts';
import { shifted } from './disturbance.ts';
import type { NoiseSpec } from './model.ts';
import { RowBlocks } from './row-blocks.ts';

/** Noise of many rows, each drawn from a stream of its own; nothing is allocated when it is drawn. */
export class RowNoise {
  private readonly parts;

  constructor(spec: NoiseSpec, rows: number, ofBlock?: number) {
    this.parts = Object.entries(spec).map(([name, { kind, size }]) => {
      const blocks = new RowBlocks(rows, size, ofBlock);
      const views = Array.from({ length: rows }, (_, b) => blocks.data.subarray(b * size, (b + 1) * size));
      return { name: `noise/${name}`, kind, blocks, views };
    });
  }

  /** The arrays of block i by `noise/name`: [...lead, rows, size] each. */
  block(i: number, lead: readonly 1[] = []): Record<string, Value> {
    return Object.fromEntries(this.parts.map(({ name, blocks }) => [name, blocks.block(i, lead)]));
  }

  /** Row `to` as row `from` is. */
  copy(from: number, to: number): void {
    for (const { views } of this.parts) views[to]!.set(views[from]!);
  }

  /** Row b as row `row` of another noise of the same spec, moved by `shift` [noise]: see `Disturbance`. */
  setShifted(b: number, { parts }: RowNoise, row: number, shift: Float64Array): void {
    let at = 0;
    for (const [i, { kind, views }] of this.parts.entries()) {
      const [from, to] = [parts[i]!.views[row]!, views[b]!];
      for (let n = 0; n < to.length; n++) to[n] = shifted(kind, from[n]!, shift[at++]!);
    }
  }

  /** Draws row b anew, in the order of the names in the spec. */
  draw(b: number, stream: Stream): void {
    for (const { kind, views } of this.parts) {
      const row = views[b]!;
      if (kind === 'gumbel') stream.fillGumbel(row);
      else if (kind === 'normal') stream.fillNormal(row);
      else for (let i = 0; i < row.length; i++) row[i] = stream.uniform();
    }
  }
}
