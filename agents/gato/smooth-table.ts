import type { Stream } from '../../core/index.ts';
import type { Value } from '../../nn/index.ts';
import type { IdRange } from '../tokens/index.ts';

/** Waves that each element is the sum of. */
const WAVES = 16;

/** Length scales lie between these: in bins the shortest, as a share of the range the longest. */
const SHORTEST = 4;
const LONGEST = 1;

/**
 * Overwrites the rows of `range` in a token table [V, D] with samples of a smooth random function of the bin, so that
 * numbers of like size begin with like vectors. Each column is its own sum of random Fourier features (Rahimi and Recht
 * 2007) of a squared-exponential kernel; the columns' length scales are spread evenly in logarithm, from four bins to
 * the whole range, so that some columns tell neighbours apart and others are nearly straight lines. Each element has
 * mean 0 and standard deviation `deviation`. Deterministic in the stream.
 */
export function smoothTable(stream: Stream, table: Value, range: IdRange, deviation: number): void {
  const width = table.shape[1]!;
  const shortest = Math.min(SHORTEST / range.size, LONGEST);
  const amplitude = deviation * Math.sqrt(2 / WAVES);
  const sums = new Float64Array(range.size);
  for (let column = 0; column < width; column++) {
    sums.fill(0);
    const scale = shortest * (LONGEST / shortest) ** ((column + 0.5) / width);
    for (let wave = 0; wave < WAVES; wave++) {
      const pace = stream.normal() / scale / range.size;
      const phase = 2 * Math.PI * stream.uniform();
      for (let bin = 0; bin < range.size; bin++) sums[bin]! += Math.cos(pace * bin + phase);
    }
    for (let bin = 0; bin < range.size; bin++)
      table.data[(range.start + bin) * width + column] = amplitude * sums[bin]!;
  }
}
