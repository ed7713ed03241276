/** Gato's constants (arXiv 2205.06175, appendix B, equation 3): |x| = M becomes 1. */
export const MU = 100;
const M = 256;
/** ln(M mu + 1): what logarithms are divided by. */
export const SQUASHED_BY = Math.log(M * MU + 1);

/** F(x) = sgn(x) ln(100 |x| + 1) / ln(256 * 100 + 1): fine near 0, coarse far out, beyond [-1, 1] where |x| > 256. */
export function muLaw(x: number): number {
  return (Math.sign(x) * Math.log(MU * Math.abs(x) + 1)) / SQUASHED_BY;
}

/** The x whose `muLaw` is y. */
export function muLawInverse(y: number): number {
  return (Math.sign(y) * Math.expm1(Math.abs(y) * SQUASHED_BY)) / MU;
}

/** Which of `bins` equal bins of [-1, 1] holds y; what lies outside is in the first or the last. */
export function binOf(y: number, bins: number): number {
  const bin = Math.floor(((y + 1) * bins) / 2);
  return bin < 0 ? 0 : bin < bins ? bin : bins - 1;
}

/** The middle of a bin: what is furthest from it is half a bin away. */
export function binCentre(bin: number, bins: number): number {
  return (2 * bin + 1) / bins - 1;
}
