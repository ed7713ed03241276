/**
 * The tokens that ROUGE, the lexicon and the language model count: lower case, runs of a-z and 0-9; all else divides.
 * `U.S.` is two tokens, `-` none.
 */
export function tokensOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
