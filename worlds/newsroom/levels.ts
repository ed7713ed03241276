import { type Json, LightbulbError, stream } from '../../core/index.ts';
import type { LevelSpace } from '../environment.ts';
import { levelObject } from '../levels.ts';
import { NEWSROOM_NAME } from './settings.ts';

/** Any article of the split; nothing is near another, so that a mutation is a new draw. */
export function articleLevels(split: readonly number[]): LevelSpace {
  const draw = (seed: number, name: string): Json => ({ article: split[stream(seed, name).integer(split.length)]! });
  return {
    generate: (seed) => draw(seed, 'level'),
    mutate: (_level, seed) => draw(seed, 'level/mutate'),
  };
}

/** The article of a level, one of so many. Throws `invalid_input` or `unknown_key`. */
export function articleOfLevel(level: Json, articles: number): number {
  const { article } = levelObject(NEWSROOM_NAME, level, ['article']);
  const index = typeof article === 'number' ? article : Number.NaN;
  if (Number.isInteger(index) && index >= 0 && index < articles) return index;
  throw new LightbulbError('invalid_input', `the level's "article" is not usable`, {
    where: NEWSROOM_NAME,
    wanted: `an integer from 0 to ${articles - 1}`,
    got: JSON.stringify(article) ?? 'nothing',
  });
}
