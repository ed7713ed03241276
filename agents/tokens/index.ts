export { byteTokenizer } from './byte-tokenizer.ts';
export type { Segment, StepLayout, TokenKind } from './layout.ts';
export type { ImageTokenizer, StepSpaces, StepTokens, TokenSettings } from './step-tokens.ts';
export type { TextTokenizer } from './text-tokenizer.ts';
export { type PatchShape, TARGET, type Target, TokenBuffer } from './token-buffer.ts';
export { type IdRange, type Vocabulary, type VocabularySizes, vocabularyOf } from './vocabulary.ts';
