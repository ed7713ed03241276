import type { FeedbackKind, Group } from '../batched.ts';
import { TONES } from '../text/index.ts';
import { PAID } from './paid.ts';
import type { NewsroomSettings } from './settings.ts';
import { OUTLOOK } from './tone-outlook.ts';
import { STATISTICS } from './word-statistics.ts';

/** The numbers of the groups. */
export const SUMMARISER = 0;
export const ANALYST = 1;
export const WRITER = 2;

/** Three roles of one agent each, named like the role. `ownWords`: the writer's. */
export function newsroomGroups(settings: NewsroomSettings, ownWords: readonly string[]): readonly Group[] {
  const { words, maxLength, kept, written } = settings;
  const text = { type: 'text', maxLength } as const;
  // Log-odds and counts: bounded far beyond what they are.
  const statistics = (rows: number) => ({ type: 'box', shape: [rows, STATISTICS], low: -100, high: 100 }) as const;
  const paid = (choices: number) => ({ type: 'box', shape: [choices, PAID], low: -1, high: 1 }) as const;
  const outlook = { type: 'box', shape: [OUTLOOK], low: -1000, high: 1000 } as const;
  const first = 1 + ownWords.length;
  return [
    {
      name: 'summariser',
      agents: ['summariser'],
      observation: { type: 'dict', spaces: { article: text, paid: paid(kept), statistics: statistics(words) } },
      action: {
        type: 'multiDiscrete',
        n: new Array<number>(kept).fill(1 + words),
        sequence: { first: 1, to: 'article', features: 'statistics', labels: ['stop'] },
      },
      masked: true,
    },
    {
      name: 'analyst',
      agents: ['analyst'],
      observation: { type: 'dict', spaces: { article: text, outlook } },
      action: { type: 'discrete', n: TONES.length, labels: TONES },
      masked: true,
    },
    {
      name: 'writer',
      agents: ['writer'],
      observation: {
        type: 'dict',
        spaces: {
          notes: text,
          paid: paid(written),
          statistics: statistics(kept),
          tone: { type: 'discrete', n: TONES.length, labels: TONES },
        },
      },
      action: {
        type: 'multiDiscrete',
        n: new Array<number>(written).fill(first + kept),
        sequence: { first, to: 'notes', features: 'statistics', labels: ['stop', ...ownWords] },
      },
      masked: true,
    },
  ];
}

/** In the order in which the environment says them. */
export const FEEDBACK_KINDS: readonly FeedbackKind[] = [
  kind('writer', 'summariser', 'share of the notes that the piece used'),
  kind(
    'writer',
    'analyst',
    "how well the told tone fits the notes' (AFINN): 1 the same, 0.5 one is neutral, 0 opposite",
  ),
  kind('summariser', 'writer', "share of the piece's words that are the notes' (ROUGE-1 precision)"),
  kind(
    'analyst',
    'writer',
    "how well the piece's tone (AFINN) fits the told: 1 the same, 0.5 one is neutral, 0 opposite",
  ),
];

function kind(from: string, about: string, meaning: string): FeedbackKind {
  return { from, about, meaning, low: 0, high: 1 };
}
