import { LightbulbError } from '../../core/index.ts';
import { flatSize, type MultiDiscrete, partNames, printSpace, type Sequence, type Space } from '../../worlds/index.ts';
import type { Role } from './role.ts';

/** Characters of a word and the space behind it, at least: a text has no more words than its length over this. */
const SHORTEST_WORD = 4;

/** What decides how observations are read: see `SharedValueOptions`. */
export interface ReadingOptions {
  /** Words that are read of a text that nobody points at, at most. */
  readonly words: number;
  readonly wordCredit: string | null;
}

/** Columns of a box that tells what each choice was paid: to the own reward, and to the team's. */
export const PAID_COLUMNS = 2;

/** A text within a flattened observation. */
export interface TextPart {
  /** Names from the root, joined by `/`; empty where the observation is a text. */
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  /** Words that are read; those behind are not seen. */
  readonly words: number;
  /** Whether the role's action points at its words. */
  readonly isPointedAt: boolean;
}

/** Where in a role's flattened observation its texts and numbers are. */
export interface ObservationPlan {
  readonly texts: readonly TextPart[];
  /** Stretches of numbers; together one token. */
  readonly numbers: readonly { readonly offset: number; readonly length: number }[];
  /** A row of numbers about each word that can be pointed at. */
  readonly features: { readonly offset: number; readonly width: number } | null;
  /** What each choice of the last utterance was paid: not read by encoders. */
  readonly paid: { readonly offset: number } | null;
}

/** The utterance that a role's action is, if it is one. */
export function sequenceOf({ group: { action } }: Role): (Sequence & { readonly choices: number }) | null {
  return action.type === 'multiDiscrete' && action.sequence !== undefined
    ? { ...action.sequence, choices: action.n[0]! }
    : null;
}

/**
 * As many words are read of a text as can be pointed at; of others a quarter of their longest, at most `words`. Error
 * `contract` where an action points at what its observation has not.
 */
export function planObservation(role: Role, { words: most, wordCredit }: ReadingOptions): ObservationPlan {
  const sequence = sequenceOf(role);
  const pointable = sequence === null ? 0 : sequence.choices - sequence.first;
  const texts: TextPart[] = [];
  const numbers: { offset: number; length: number }[] = [];
  let features: ObservationPlan['features'] = null;
  let paid: ObservationPlan['paid'] = null;
  let at = 0;
  const visit = (space: Space, path: string): void => {
    const offset = at;
    if (space.type === 'dict') {
      for (const name of partNames(space)) visit(space.spaces[name]!, joined(path, name));
      return;
    }
    if (space.type === 'tuple') {
      for (const [i, part] of space.spaces.entries()) visit(part, joined(path, String(i)));
      return;
    }
    const length = flatSize(space);
    at += length;
    if (space.type === 'text') {
      const isPointedAt = path === sequence?.to;
      const words = isPointedAt ? pointable : Math.min(most, Math.ceil(length / SHORTEST_WORD));
      texts.push({ path, offset, length, words, isPointedAt });
    } else if (path !== '' && path === sequence?.features) {
      if (space.type !== 'box' || space.shape[0] !== pointable || space.shape.length !== 2)
        throw misfit(role, `a box of [${pointable}, F] called ${JSON.stringify(path)}`);
      features = { offset, width: space.shape[1]! };
    } else if (sequence !== null && path !== '' && path === wordCredit) {
      if (space.type !== 'box' || space.shape.join() !== `${role.A},${PAID_COLUMNS}`)
        throw misfit(role, `a box of [${role.A}, ${PAID_COLUMNS}] called ${JSON.stringify(path)}`);
      paid = { offset };
    } else numbers.push({ offset, length });
  };
  visit(role.group.observation, '');
  if (sequence !== null && !texts.some(({ isPointedAt }) => isPointedAt))
    throw misfit(role, `a text called ${JSON.stringify(sequence.to)}`);
  if (sequence?.features !== undefined && features === null)
    throw misfit(role, `a box of [${pointable}, F] called ${JSON.stringify(sequence.features)}`);
  return { texts, numbers, features, paid };
}

/** Whether a space is an utterance. */
export function isUtterance(space: Space): space is MultiDiscrete & { readonly sequence: Sequence } {
  return space.type === 'multiDiscrete' && space.sequence !== undefined;
}

const joined = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);

function misfit({ group }: Role, wanted: string): LightbulbError {
  return new LightbulbError('contract', 'an action points at what its observation does not have', {
    where: group.name,
    wanted,
    got: printSpace(group.observation),
  });
}
