import {
  byteTokenizer,
  createStepTokens,
  type StepSpaces,
  type StepTokens,
  TokenBuffer,
  type TokenSettings,
  vocabularyOf,
} from '../../../agents/tokens/index.ts';
import { discrete, flatSize, flatten, type Space, type SpaceValue } from '../../../worlds/index.ts';

/** text 0 to 255, discrete 256 to 271, bins 272 to 1295, codes 1296 to 1303, then the specials. */
export const vocabulary = vocabularyOf({ text: 256, discrete: 16, bins: 1024, codes: 8 });
export const DISCRETE = 256;
export const BINS = 272;
export const CODES = 1296;

/** Bytes, texts of at most 8 tokens, grey patches of 2 x 2. */
export const settings: TokenSettings = {
  vocabulary,
  tokenizer: byteTokenizer(),
  textTokens: 8,
  patch: { size: 2, channels: 1 },
  imageCodes: null,
};

/** One agent that sees and does one of two things, but for what is given. */
export function make(spaces: Partial<StepSpaces> = {}, changes: Partial<TokenSettings> = {}): StepTokens {
  return createStepTokens(
    { observation: discrete(2), action: discrete(2), agents: 1, ...spaces },
    { ...settings, ...changes },
  );
}

/** What `tokens` write of a value, which stands behind another number. */
export function observed(
  tokens: StepTokens,
  space: Space,
  value: SpaceValue,
  { agent = 0, out = new TokenBuffer(settings.patch) }: { agent?: number; out?: TokenBuffer } = {},
): TokenBuffer {
  const numbers = new Float32Array(flatSize(space) + 1);
  flatten(space, value, numbers, 1);
  tokens.observe(numbers, 1, agent, out);
  return out;
}

/** The columns of a buffer, as far as they are written. */
export function written({
  ids,
  local,
  target,
  patch,
  length,
}: TokenBuffer): Record<'ids' | 'local' | 'target' | 'patch', number[]> {
  const cut = (array: ArrayLike<number>): number[] => Array.from(array).slice(0, length);
  return { ids: cut(ids), local: cut(local), target: cut(target), patch: cut(patch) };
}
