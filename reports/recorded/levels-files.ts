import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEVELS_FILE, type LevelsEvaluation } from '../../scenarios/index.ts';

/** The evaluations on levels in a run's folder, by the names of their sets. A file that is none is told of and left out. */
export function readLevels(folder: string, warn: (text: string) => void): LevelsEvaluation[] {
  const files = readdirSync(folder).filter((file) => LEVELS_FILE.test(file));
  return files.sort().flatMap((file) => {
    try {
      const value: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      if (isEvaluation(value)) return [value];
      warn(`${file} is no evaluation on levels`);
    } catch (error) {
      warn(`${file} cannot be read: ${(error as Error).message}`);
    }
    return [];
  });
}

function isEvaluation(value: unknown): value is LevelsEvaluation {
  if (!isObject(value)) return false;
  const { set, step, episodes, deterministic, scores, levels } = value;
  const isHead =
    typeof set === 'string' && [step, episodes].every(Number.isFinite) && typeof deterministic === 'boolean';
  const areScores = isObject(scores) && ['mean', 'cvar10', 'cvar1'].every((name) => Number.isFinite(scores[name]));
  return (
    isHead && areScores && numbersIn(scores) && Array.isArray(levels) && levels.length > 0 && levels.every(isResult)
  );
}

function isResult(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { name, level, picture, description = {}, returns, ...numbers } = value;
  const isNamed = typeof name === 'string' && level !== undefined && Array.isArray(returns);
  const isDrawn = picture === undefined || typeof picture === 'string';
  const isTold = Number.isFinite(numbers.return) && numbersIn(numbers);
  return isNamed && isDrawn && isTold && isObject(description) && numbersIn(description);
}

function numbersIn(values: Readonly<Record<string, unknown>>): boolean {
  return Object.values(values).every((each) => Number.isFinite(each));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
