import type { NumberOption, OptionValues, TextOption, ToggleOption } from '../options.ts';

export const NEWSROOM_NAME = 'newsroom';

export const SPLITS = ['train', 'validation', 'test', 'all'] as const;
export type Split = (typeof SPLITS)[number];

function count(standard: number, description: string, minimum = 1): NumberOption {
  return { type: 'integer', default: standard, description, minimum };
}

function weight(standard: number, what: string): NumberOption {
  return { type: 'number', default: standard, description: `weight of ${what} in the team's objective`, minimum: 0 };
}

function toggle(description: string): ToggleOption {
  return { type: 'boolean', default: false, description };
}

/** The options of `newsroom`. */
export const NEWSROOM_OPTIONS = {
  articles: {
    type: 'text',
    default: null,
    isNullable: true,
    isPath: true,
    description: 'articles as CSV, JSON Lines, RSS, Atom or Parquet; null: articles that come with lightbulb',
  } as TextOption,
  orGenerated: toggle('where there is no such file, take the articles that come with lightbulb'),
  split: {
    type: 'text',
    default: 'train',
    choices: SPLITS,
    description:
      'which articles are read: test is a fifth by the hash of the article, train the others; validation: see tuning',
  } as TextOption<Split>,
  tuning: toggle(
    'while settings are chosen: a fifth of train, by hash, becomes the split validation, and nothing is learned from it',
  ),
  words: count(40, 'words of an article that are seen'),
  maxLength: count(320, 'characters of an article that are seen, cut at the end of a word'),
  kept: count(10, 'words that the summariser may pick'),
  written: count(12, 'words that the writer may write'),
  ownWords: count(64, "words of the writer's own: the most frequent of the training split's titles", 0),
  lengthCost: {
    type: 'number',
    default: 0.1,
    minimum: 0,
    maximum: 1,
    description: "share of the summariser's reward that notes of full length cost",
  } as NumberOption,
  rouge1Weight: weight(0.5, 'ROUGE-1'),
  rougeLWeight: weight(0.2, 'ROUGE-L'),
  toneWeight: weight(0.15, 'the tone'),
  fluencyWeight: weight(0.15, 'the fluency'),
  alone: toggle("the writer gets the article's first words and a neutral tone instead of its colleagues' messages"),
} as const;

export type NewsroomSettings = OptionValues<typeof NEWSROOM_OPTIONS>;
export type NewsroomOptions = Partial<NewsroomSettings>;
