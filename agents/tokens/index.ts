export { learnBytePairs } from './byte-pairs.ts';
export { byteTokenizer } from './byte-tokenizer.ts';
export { binCentre, binOf, muLaw, muLawInverse } from './continuous-values.ts';
export { loadTokenizer, tokenizerOf } from './hugging-face-tokenizer.ts';
export type { Segment, StepLayout, TokenKind } from './layout.ts';
export { createRowTokens, type RowTokens, type TokenRows } from './row-tokens.ts';
export {
  createStepTokens,
  type ImageTokenizer,
  type StepSpaces,
  type StepTokens,
  type TokenSettings,
} from './step-tokens.ts';
export type { TextTokenizer } from './text-tokenizer.ts';
export { type PatchShape, TARGET, type Target, TokenBuffer } from './token-buffer.ts';
export { type IdRange, type Vocabulary, type VocabularySizes, vocabularyOf } from './vocabulary.ts';
export { channelsNeeded, discreteNeeded, picturesIn } from './vocabulary-needs.ts';
