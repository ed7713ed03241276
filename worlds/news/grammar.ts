import type { Stream } from '../../core/index.ts';

/** What a name in braces may become: phrases in a list, or between bars. */
export type Phrases = Readonly<Record<string, readonly string[] | string>>;

/** Phrases by name, split; a name of `own` hides one of `common`. */
export type Grammar = ReadonlyMap<string, readonly string[]>;

export function grammarOf(common: Phrases, own: Phrases): Grammar {
  return new Map(
    Object.entries({ ...common, ...own }).map(([name, phrases]) => [
      name,
      typeof phrases === 'string' ? phrases.split('|').map((phrase) => phrase.trim()) : phrases,
    ]),
  );
}

/** One of the phrases called `name`, all names in it replaced in turn. */
export function speak(grammar: Grammar, name: string, random: Stream): string {
  const phrases = grammar.get(name)!;
  return phrases[random.integer(phrases.length)]!.replaceAll(/\{([^}]+)\}/g, (_, part: string) =>
    speak(grammar, part, random),
  );
}

/** With a capital letter first and "an" where it belongs. */
export function polished(text: string): string {
  const spelled = text.replaceAll(/\b([Aa]) (?=[aeiou](?!ni|u|ne|s))/g, '$1n ');
  return spelled.charAt(0).toUpperCase() + spelled.slice(1);
}

const SMALL_WORDS = /^(?:a|an|and|as|at|by|for|from|in|of|on|or|that|the|to|with)$/;

/** As headlines are written: capital letters for all words but small ones. */
export function titled(text: string): string {
  return polished(text).replaceAll(/\b[a-z]+/g, (word) => (SMALL_WORDS.test(word) ? word : polished(word)));
}
