import { tokensOf } from '../text/index.ts';

interface Spelling {
  count: number;
  readonly forms: Map<string, number>;
}

/**
 * The `most` words that are most frequent in these titles; fewer where there are no more. Words of the same tokens are
 * one, in the form that is most frequent (`AP`, `(AP)`); words without tokens are none. Ties go by the alphabet, so that
 * the order of the titles does not matter.
 */
export function frequentWords(titles: readonly string[], most: number): readonly string[] {
  const spellings = new Map<string, Spelling>();
  for (const word of titles.flatMap((title) => title.split(' '))) {
    const key = tokensOf(word).join(' ');
    if (key === '') continue;
    if (!spellings.has(key)) spellings.set(key, { count: 0, forms: new Map() });
    const spelling = spellings.get(key)!;
    spelling.count++;
    spelling.forms.set(word, (spelling.forms.get(word) ?? 0) + 1);
  }
  return [...spellings]
    .sort(([one, { count: a }], [other, { count: b }]) => b - a || (one < other ? -1 : 1))
    .slice(0, most)
    .map(([, { forms }]) => [...forms].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))[0]![0]);
}
