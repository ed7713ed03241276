import { LightbulbError } from '../../core/index.ts';
import type { Value } from '../engine/value.ts';
import type { LoadedModel } from './hugging-face/folder.ts';

/** What a reference implementation recorded of a model, by the names of `io.safetensors`. */
export type Recording = Readonly<Record<string, Value>>;

/** The number of beams in the name of a recorded beam search, `beam4`. */
export const BEAMS = /^beam(\d+)$/;

/**
 * Holds a recording against its model. Error `mismatch` with the file and the tensor: one that is missing, misshaped,
 * the gradient of something that is no parameter, ids out of the vocabulary, sequences that are too long.
 */
export function checkRecording(recording: Recording, { model, sources }: LoadedModel, file: string): void {
  const { vocabulary, length } = model.config;
  const wrong = (name: string, wanted: string, got: string): LightbulbError =>
    new LightbulbError('mismatch', `the recorded tensor ${name} does not fit the model`, { where: file, wanted, got });
  const ids = recording.input_ids;
  if (ids?.shape.length !== 2 || ids.dtype !== 'int32') throw wrong('input_ids', 'int32[B,L]', describe(ids));

  const floats = new Map<string, readonly number[]>([
    ['logits', [...ids.shape, vocabulary]],
    ['loss', [1]],
  ]);
  for (const { names, shape, isTransposed } of sources)
    for (const name of names) floats.set(`grad.${name}`, isTransposed === true ? [...shape].reverse() : shape);
  const steps = recording.train_ids?.shape[0];
  if (steps !== undefined || recording.train_losses !== undefined) floats.set('train_losses', [steps ?? 0]);

  for (const name of ['logits', ...(floats.has('train_losses') ? ['train_ids', 'train_losses'] : [])])
    if (recording[name] === undefined) throw wrong(name, 'one', 'nothing');
  for (const [name, value] of Object.entries(recording)) {
    const shape = floats.get(name);
    if (shape === undefined && name.startsWith('grad.'))
      throw wrong(name, 'the gradient of a parameter', 'no parameter');
    if (shape !== undefined && describe(value) !== `float32[${shape}]`)
      throw wrong(name, `float32[${shape}]`, describe(value));
    if (shape === undefined && isIds(name)) checkIds(name, value);
  }

  function checkIds(name: string, value: Value): void {
    const rank = name === 'train_ids' ? 3 : 2;
    const longest = value.shape.at(-1) ?? 0;
    if (value.dtype !== 'int32' || value.shape.length !== rank || longest > length)
      throw wrong(name, `int32 of ${rank} axes, at most ${length} tokens long`, describe(value));
    const stray = (value.data as Int32Array).find((id) => id < 0 || id >= vocabulary);
    if (stray !== undefined) throw wrong(name, `ids from 0 to ${vocabulary - 1}`, String(stray));
  }
}

function isIds(name: string): boolean {
  return ['input_ids', 'train_ids', 'greedy'].includes(name) || BEAMS.test(name);
}

function describe(value: Value | undefined): string {
  return value === undefined ? 'nothing' : `${value.dtype}[${value.shape}]`;
}
