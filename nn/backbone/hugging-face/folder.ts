import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LightbulbError, suggest } from '../../../core/index.ts';
import type { Value } from '../../engine/value.ts';
import { readSafetensors } from '../../safetensors/index.ts';
import { Backbone, type BackboneOf } from '../backbone.ts';
import type { BackboneConfig, BackboneOptions } from '../config.ts';
import { chameleonOptions, chameleonSources, chameleonTie, isChameleonTokeniser } from './chameleon.ts';
import { gpt2Name, gpt2Options, gpt2Sources, gpt2Tie, isGpt2Buffer } from './gpt2.ts';
import { Settings } from './settings.ts';
import { fromTensors, type Source } from './sources.ts';

/** How a kind of model is read. */
interface Family {
  options(settings: Settings): BackboneOptions;
  sources(config: BackboneConfig): Source[];
  /** What a checkpoint may hold beside the parameters. */
  isIgnored(name: string): boolean;
  /** Names as they were to names as they are. */
  rename?(name: string): string;
  readonly tie: { readonly copy: string; readonly original: string };
}

/** By `model_type` of `config.json`. */
const families: Readonly<Record<string, Family>> = {
  gpt2: { options: gpt2Options, sources: gpt2Sources, isIgnored: isGpt2Buffer, rename: gpt2Name, tie: gpt2Tie },
  chameleon: {
    options: chameleonOptions,
    sources: chameleonSources,
    isIgnored: isChameleonTokeniser,
    tie: chameleonTie,
  },
};

/** A model of Hugging Face transformers, as a backbone. */
export interface LoadedModel {
  /** `gpt2`, for example. */
  readonly type: string;
  readonly model: Backbone;
  readonly parameters: BackboneOf<Value>;
  /** Where each parameter has its name in the checkpoint. */
  readonly sources: readonly Source[];
}

/**
 * Reads `config.json` and `model.safetensors` of a folder.
 * Errors, with the file, the field or the tensor: `invalid_input` for a file that is not there or not JSON,
 * `unsupported` for a kind of model or a setting that there is no backbone for, `mismatch` where the tensors are not
 * those of the configuration; those of `readSafetensors`.
 */
export function loadHuggingFace(folder: string): LoadedModel {
  const file = join(folder, 'config.json');
  const settings = new Settings(readConfig(file), file);
  const type = settings.text('model_type');
  const family = Object.hasOwn(families, type) ? families[type] : undefined;
  if (family === undefined)
    throw new LightbulbError('unsupported', 'there is no backbone for this kind of model', {
      where: `${file}: model_type`,
      got: type,
      cure: suggest(type, Object.keys(families)),
    });
  const model = backboneOf(family.options(settings), file);
  const sources = family.sources(model.config);
  const checkpoint = join(folder, 'model.safetensors');
  const tensors = renamed(readTensors(checkpoint), family.rename);
  const { copy, original } = family.tie;
  if (model.config.tiedHead) checkTie(tensors, copy, original, checkpoint);
  const isIgnored = (name: string): boolean => family.isIgnored(name) || (model.config.tiedHead && name === copy);
  return { type, model, sources, parameters: fromTensors(tensors, sources, checkpoint, isIgnored) };
}

/** The tensors of a file. Errors with its path: `invalid_input` where it cannot be read, those of `readSafetensors`. */
export function readTensors(file: string): Readonly<Record<string, Value>> {
  const bytes = readFile(file);
  try {
    return readSafetensors(bytes).tensors;
  } catch (error) {
    if (!(error instanceof LightbulbError)) throw error;
    const { where, ...parts } = error.parts;
    throw new LightbulbError('mismatch', 'the file cannot be taken', {
      where: file,
      got: error.message,
      ...(parts.cure === undefined ? {} : { cure: parts.cure }),
      cause: error,
    });
  }
}

/** What a backbone finds wrong with its options, told of the file that they come from. */
function backboneOf(options: BackboneOptions, file: string): Backbone {
  try {
    return new Backbone(options);
  } catch (error) {
    if (!(error instanceof LightbulbError)) throw error;
    const { where } = error.parts;
    const place = where === undefined ? file : `${file}: ${where}`;
    throw new LightbulbError('mismatch', 'the settings of the model do not go together', {
      ...error.parts,
      where: place,
      cause: error,
    });
  }
}

function readConfig(file: string): Record<string, unknown> {
  const text = readFile(file).toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new LightbulbError('invalid_input', `cannot be read as JSON: ${(cause as Error).message}`, {
      where: file,
      cause,
    });
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new LightbulbError('invalid_input', 'the configuration of a model is not an object', { where: file });
}

function readFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new LightbulbError('invalid_input', 'the file cannot be read', {
      where: file,
      got: (cause as NodeJS.ErrnoException).code ?? String(cause),
      cure: 'Give a folder with config.json and model.safetensors',
      cause,
    });
  }
}

function renamed(
  tensors: Readonly<Record<string, Value>>,
  rename: (name: string) => string = (name) => name,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor]));
}

/** A tied head that the file holds once more has to be the same. */
function checkTie(tensors: Readonly<Record<string, Value>>, copy: string, original: string, file: string): void {
  const [head, table] = [tensors[copy], tensors[original]];
  if (head === undefined || table === undefined) return;
  if (head.data.length === table.data.length && head.data.every((x, i) => Object.is(x, table.data[i]))) return;
  throw new LightbulbError('mismatch', `config.json ties ${copy} to ${original}, but they differ`, {
    where: file,
    cure: 'Set tie_word_embeddings to false if the head is one of its own',
  });
}
