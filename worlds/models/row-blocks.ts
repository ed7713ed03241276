import { float32, type Value } from '../../nn/index.ts';

/** Rows that go through a program together. */
export const BLOCK_ROWS = 64;

/**
 * Numbers of `rows` rows, cut into blocks of one size, the last filled up. Programs run block by block: how a matrix
 * product rounds depends on how many rows it has, and what happens in one copy must not depend on how many there are.
 */
export class RowBlocks {
  /** [rows, width], and what fills the last block. */
  readonly data: Float32Array;
  readonly count: number;

  /** width: numbers of a row; null for rows of one number without an axis of their own. size: rows of a block. */
  constructor(
    rows: number,
    private readonly width: number | null,
    private readonly size = BLOCK_ROWS,
  ) {
    this.count = Math.ceil(rows / size);
    this.data = new Float32Array(this.count * size * (width ?? 1));
  }

  /** Block i as [...lead, size, width], in the same memory. */
  block(i: number, lead: readonly 1[] = []): Value {
    const length = this.size * (this.width ?? 1);
    const shape = [...lead, this.size, ...(this.width === null ? [] : [this.width])];
    return float32(shape, this.data.subarray(i * length, (i + 1) * length));
  }
}
