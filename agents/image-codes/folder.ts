import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LightbulbError, stream } from '../../core/index.ts';
import {
  type Executor,
  fromLeaves,
  leaves,
  readSafetensors,
  type Value,
  type Values,
  writeSafetensors,
} from '../../nn/index.ts';
import { ImageCodes, type ImageCodesOf } from './image-codes.ts';
import { Autoencoder } from './network.ts';
import { checkImageCodesOptions, type ImageCodesOptions } from './options.ts';

const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';
const FORMAT = 'lightbulb-image-codes';
const VERSION = 1;

/**
 * Writes `config.json` (the options) and `model.safetensors` (`encoder/...`, `decoder/...`, `codebook/vectors`). Each
 * file is renamed into its place once it is whole. Error `disk` where it cannot be written.
 */
export function saveImageCodes(folder: string, { options, weights }: ImageCodes): void {
  try {
    mkdirSync(folder, { recursive: true });
    // The configuration last: without it nothing is taken for image codes.
    write(join(folder, WEIGHTS), writeSafetensors(Object.fromEntries(leaves<Value>(weights))));
    write(join(folder, CONFIG), `${JSON.stringify({ format: FORMAT, version: VERSION, ...options }, null, 2)}\n`);
  } catch (cause) {
    if (cause instanceof LightbulbError) throw cause;
    throw new LightbulbError('disk', 'image codes cannot be saved', {
      where: folder,
      got: (cause as NodeJS.ErrnoException).code ?? String(cause),
      cause,
    });
  }
}

/**
 * Reads what `saveImageCodes` wrote. Errors with the file, the field or the tensor: `invalid_input` and `unknown_key`
 * for a configuration that is none, `unsupported` for one of another version, `mismatch` for a tensor that is missing,
 * misshaped, not known or not finite, and for a file that is no safetensors file.
 */
export function loadImageCodes(folder: string, executor?: Executor): ImageCodes {
  const options = readOptions(join(folder, CONFIG));
  const file = join(folder, WEIGHTS);
  const tensors = readTensors(file);
  const wanted = shapesOf(options);
  const missing = [...wanted.keys()].filter((name) => !Object.hasOwn(tensors, name));
  const extra = Object.keys(tensors).filter((name) => !wanted.has(name));
  if (missing.length > 0)
    throw mismatch(file, 'the file lacks a tensor', {
      wanted: listed(missing),
      got: extra.length === 0 ? 'nothing in its place' : listed(extra),
    });
  if (extra.length > 0)
    throw mismatch(file, `the file holds a tensor that the image codes of ${CONFIG} do not have`, {
      got: listed(extra),
    });
  for (const [name, shape] of wanted) checkTensor(file, name, shape, tensors[name]!);
  return new ImageCodes(options, fromLeaves(Object.entries(tensors)) as ImageCodesOf<Value>, executor);
}

function readOptions(file: string): ImageCodesOptions {
  let found: unknown;
  try {
    found = JSON.parse(read(file).toString('utf8'));
  } catch (cause) {
    if (cause instanceof LightbulbError) throw cause;
    throw new LightbulbError('invalid_input', `cannot be read as JSON: ${(cause as Error).message}`, {
      where: file,
      cause,
    });
  }
  if (typeof found !== 'object' || found === null || (found as { format?: unknown }).format !== FORMAT)
    throw new LightbulbError('invalid_input', 'this is no configuration of image codes', {
      where: `${file}: /format`,
      wanted: `"${FORMAT}"`,
      cure: 'Give a folder that image codes were saved to',
    });
  const { format: _, version, ...options } = found as Record<string, unknown>;
  if (version !== VERSION)
    throw new LightbulbError('unsupported', 'image codes of this version cannot be read', {
      where: `${file}: /version`,
      wanted: String(VERSION),
      got: JSON.stringify(version) ?? 'nothing',
    });
  return checkImageCodesOptions(options, `${file}: `);
}

function readTensors(file: string): Values {
  const bytes = read(file);
  try {
    return readSafetensors(bytes).tensors;
  } catch (cause) {
    if (!(cause instanceof LightbulbError)) throw cause;
    throw mismatch(file, 'the file cannot be taken', { got: cause.message }, cause);
  }
}

/** The names and shapes of all weights. */
function shapesOf(options: ImageCodesOptions): ReadonlyMap<string, readonly number[]> {
  const parameters = new Autoencoder(options).init(stream(0, 'shapes'));
  const found = leaves<Value>(parameters).map(([name, { shape }]) => [name, shape] as const);
  return new Map([...found, ['codebook/vectors', [options.codes, options.features]]]);
}

function checkTensor(file: string, name: string, wanted: readonly number[], { dtype, shape, data }: Value): void {
  if (dtype !== 'float32' || shape.join() !== wanted.join())
    throw mismatch(file, `the tensor ${name} does not fit ${CONFIG}`, {
      wanted: `float32[${wanted}]`,
      got: `${dtype}[${shape}]`,
    });
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0)
    throw mismatch(file, `the tensor ${name} holds no finite number`, {
      wanted: 'finite numbers',
      got: `${data[bad]} at ${bad}`,
    });
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new LightbulbError('invalid_input', 'the file cannot be read', {
      where: file,
      got: (cause as NodeJS.ErrnoException).code ?? String(cause),
      cure: `Give a folder with ${CONFIG} and ${WEIGHTS}`,
      cause,
    });
  }
}

function write(file: string, content: Uint8Array | string): void {
  const part = `${file}.part`;
  writeFileSync(part, content, { flush: true });
  renameSync(part, file);
}

function listed(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

function mismatch(
  where: string,
  problem: string,
  parts: { readonly wanted?: string; readonly got?: string },
  cause?: unknown,
): LightbulbError {
  return new LightbulbError('mismatch', problem, { where, ...parts, ...(cause === undefined ? {} : { cause }) });
}
