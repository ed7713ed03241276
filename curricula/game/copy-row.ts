/** Row `row` of `from` becomes row `into` of `to`; rows have `width` numbers. */
export function copyRow(from: Float32Array, row: number, to: Float32Array, into: number, width: number): void {
  for (let i = 0, a = row * width, b = into * width; i < width; i++) to[b + i] = from[a + i]!;
}
