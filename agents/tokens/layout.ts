import type { IdRange } from './vocabulary.ts';

/** What a run of tokens in a time step stands for. */
export type TokenKind = 'agent' | 'text' | 'patch' | 'code' | 'discrete' | 'continuous' | 'separator';

/** Tokens side by side in a time step that are of one kind and of one part of a space. */
export interface Segment {
  readonly role: 'observation' | 'separator' | 'action';
  readonly kind: TokenKind;
  /** The part of the space: `` for the whole, `camera/left` inside dicts (names in lexicographic order) and tuples. */
  readonly path: string;
  /** How many; for text the most there can be. */
  readonly tokens: number;
  /** First local position (index within the time step); actions have none. With text before it, the highest there is. */
  readonly local: number | null;
  /** For people: `mu-law`, `[-1, 1] to bins`, `4 x 4 patches of 8 x 8 x 1`, `one of 3`. */
  readonly note: string;
}

/** How one time step of one agent becomes tokens. Plain data: what `lightbulb list --tokens` prints. */
export interface StepLayout {
  readonly segments: readonly Segment[];
  /** Most tokens of an observation, the agent's index before it and the separator after it included: S. */
  readonly observationTokens: number;
  /** Tokens of an action, A; 0 where there is none (a corpus of texts). */
  readonly actionTokens: number;
  /** Whether each observation has exactly `observationTokens`: there is no text in it. */
  readonly isFixed: boolean;
  /** Image patches of one observation; 0 where there is no picture (or it becomes codes). */
  readonly patches: number;
  /** Ids that may be chosen for each component of an action, when no mask says otherwise: A of them. */
  readonly legal: readonly IdRange[];
}
