import { LightbulbError } from '../../core/index.ts';
import { type Box, partNames, type Space } from '../../worlds/index.ts';
import { choicesNote, rangeNote } from './notes.ts';
import { choicePart, continuousPart, isWithin, wholePart } from './number-parts.ts';
import { type ObservationPart, placeOf } from './observation-part.ts';
import { codePart, patchPart, pictureShape } from './picture-parts.ts';
import type { TokenSettings } from './step-tokens.ts';
import { textPart } from './text-part.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The parts of an observation space in the order of their numbers: dicts by name, tuples as listed. */
export function observationParts(space: Space, settings: TokenSettings, path = ''): readonly ObservationPart[] {
  const { vocabulary } = settings;
  const inside = (name: string): string => (path === '' ? name : `${path}/${name}`);
  switch (space.type) {
    case 'box':
      return [boxPart(space, path, settings)];
    case 'discrete':
    case 'multiDiscrete': {
      const counts = space.type === 'discrete' ? [space.n] : space.n;
      requireChoices(vocabulary, counts, placeOf('observation', path));
      return [choicePart(counts, path, vocabulary, choicesNote(space))];
    }
    case 'multiBinary': {
      requireChoices(vocabulary, [2], placeOf('observation', path));
      const bits: Box = { type: 'box', shape: [space.n], low: 0, high: 1, dtype: 'int32' };
      return [wholePart(bits, path, vocabulary, choicesNote(space))];
    }
    case 'text': {
      requireText(settings, path);
      return [textPart(space, path, settings.tokenizer, settings.textTokens, vocabulary)];
    }
    case 'dict':
      return partNames(space).flatMap((name) => observationParts(space.spaces[name]!, settings, inside(name)));
    case 'tuple':
      return space.spaces.flatMap((part, i) => observationParts(part, settings, inside(String(i))));
  }
}

function boxPart(space: Box, path: string, { vocabulary, patch, imageCodes, planes }: TokenSettings): ObservationPart {
  const shape = pictureShape(space, planes ?? false);
  if (shape === null)
    return isWithin(space, vocabulary.discrete.size)
      ? wholePart(space, path, vocabulary, rangeNote(space))
      : continuousPart(space, path, vocabulary);
  const hasCodes = imageCodes?.shape.every((length, axis) => length === shape[axis]) ?? false;
  return hasCodes ? codePart(space, path, imageCodes!, vocabulary) : patchPart(space, path, patch, vocabulary);
}

/** Error `invalid_input` where one of `counts` is more than the vocabulary has discrete values. */
export function requireChoices({ discrete }: Vocabulary, counts: readonly number[], where: string): void {
  const most = Math.max(...counts);
  if (most <= discrete.size) return;
  throw new LightbulbError('invalid_input', 'there are more choices than the vocabulary has discrete values', {
    where,
    wanted: `at most ${discrete.size}`,
    got: String(most),
    cure: 'Make the vocabulary with discrete = discreteNeeded(spaces) or more',
  });
}

function requireText({ tokenizer, textTokens, vocabulary }: TokenSettings, path: string): void {
  if (tokenizer.size > vocabulary.text.size)
    throw new LightbulbError('invalid_input', `the tokenizer "${tokenizer.name}" has more tokens than the vocabulary`, {
      where: placeOf('observation', path),
      wanted: `at most ${vocabulary.text.size}`,
      got: String(tokenizer.size),
      cure: "Make the vocabulary with text = the tokenizer's size",
    });
  if (!Number.isSafeInteger(textTokens) || textTokens < 1)
    throw new LightbulbError('invalid_input', 'a text cannot have this many tokens', {
      where: placeOf('observation', path),
      wanted: 'textTokens: a whole number from 1',
      got: String(textTokens),
    });
}
