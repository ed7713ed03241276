const NAMED: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  lt: '<',
  gt: '>',
  nbsp: ' ',
  hellip: '...',
  ndash: '-',
  mdash: '-',
  lsquo: "'",
  rsquo: "'",
  ldquo: '"',
  rdquo: '"',
  amp: '&',
};

/** Numbers from 128 to 159 are control characters; on web pages, Windows-1252 is meant. */
const WINDOWS: Readonly<Record<number, string>> = {
  128: '€',
  133: '...',
  145: "'",
  146: "'",
  147: '"',
  148: '"',
  149: '*',
  150: '-',
  151: '-',
  153: '™',
};

// `&#39;`, and ` #39;` as AG's corpus has it, where each ampersand became a space.
const ENTITY = new RegExp(`(?:&| |^)(?:#(x[0-9a-f]+|[0-9]+)|(${Object.keys(NAMED).join('|')}));`, 'gi');
const TAG = /<\/?[a-z!][^<>]*>/gi;

/**
 * A text as people read it: entities of HTML (also those that lost their ampersand) as their characters, without tags,
 * every stretch of white space and backslashes (AG's corpus has them for new lines) one space, none at the ends.
 */
export function tidied(text: string): string {
  const decoded = text
    .replaceAll(/\\(?=\$)/g, '')
    .replaceAll('\\', ' ')
    .replaceAll(ENTITY, character);
  return decoded.replaceAll(TAG, ' ').replaceAll(/\s+/g, ' ').trim();
}

function character(whole: string, number: string | undefined, name: string | undefined): string {
  if (name !== undefined) return NAMED[name.toLowerCase()]!;
  const code = /^x/i.test(number!) ? Number.parseInt(number!.slice(1), 16) : Number(number);
  if (WINDOWS[code] !== undefined) return WINDOWS[code];
  return code >= 32 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
}
