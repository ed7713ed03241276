import type { ObservationReader, RowInput } from './encoder.ts';
import type { ObservationPlan } from './observation-plan.ts';
import { NO_WORD, readWords } from './words.ts';

/**
 * Observations with texts as a backbone encoder takes them: `words` and `shapes` [R, all words of all texts], `numbers`
 * [R, X] and `features` [R, W F] where there are some. `vocabulary`: rows of the table of words; the one behind them stands
 * for a hidden word.
 */
export function textReader({ texts, numbers, features }: ObservationPlan, vocabulary: number): ObservationReader {
  const words = texts.reduce((sum, part) => sum + part.words, 0);
  const pointable = texts.find(({ isPointedAt }) => isPointedAt)?.words ?? 0;
  const size = numbers.reduce((sum, { length }) => sum + length, 0);
  const featured = features === null ? 0 : pointable * features.width;
  const named = (name: string, width: number, dtype: RowInput['dtype'] = 'float32'): RowInput[] =>
    width === 0 ? [] : [{ name, width, dtype }];
  const inputs = [
    ...named('words', words, 'int32'),
    ...named('shapes', words, 'int32'),
    ...named('numbers', size),
    ...named('features', featured),
  ];
  const place = (name: string): number => inputs.findIndex((input) => input.name === name);
  const [ids, shapes, plain, about] = ['words', 'shapes', 'numbers', 'features'].map(place) as [
    number,
    number,
    number,
    number,
  ];
  return {
    inputs,
    read(observation, offset, rows, row) {
      let at = row * words;
      for (const part of texts) {
        readWords(
          observation,
          offset + part.offset,
          part.length,
          vocabulary,
          rows[ids] as Int32Array,
          rows[shapes] as Int32Array,
          at,
          part.words,
        );
        at += part.words;
      }
      let to = row * size;
      for (const stretch of numbers)
        for (let i = 0; i < stretch.length; i++) rows[plain]![to++] = observation[offset + stretch.offset + i]!;
      for (let i = 0; i < featured; i++) rows[about]![row * featured + i] = observation[offset + features!.offset + i]!;
    },
    ...(words > 0 && {
      hide(rows, count, share, random) {
        const found = rows[ids]!;
        for (let i = 0; i < count * words; i++)
          if (found[i] !== NO_WORD && random.uniform() < share) found[i] = vocabulary;
      },
    }),
  };
}
