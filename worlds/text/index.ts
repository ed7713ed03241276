export { Fluency } from './fluency.ts';
export { f1Of, Overlap, type RougeScore, rouge } from './rouge.ts';
export { tidied } from './tidy.ts';
export { tokensOf } from './tokens.ts';
export { agreement, TONES, toneOf, valenceOf } from './tone.ts';
export { TrigramModel } from './trigrams.ts';
