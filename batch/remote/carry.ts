import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import type { BlobStore } from '../../mas/index.ts';
import type { Files } from './wire.ts';

/** Names the blob of a content. */
export type NameOf = (sha256: string) => string;

/** A run folder on its way: what each file held at one moment. */
export type Contents = ReadonlyMap<string, Uint8Array>;

/**
 * Reads a run folder whose run may be going on. Taken at once, so that the lines of `metrics.jsonl` that a checkpoint
 * counts are in it; a checkpoint that is being written or removed at this moment is left out.
 */
export function contentsOf(folder: string): Contents {
  const contents = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isFile() && /\.jsonl?$/.test(entry.name)) {
      contents.set(entry.name, readFileSync(join(folder, entry.name)));
    } else if (entry.isDirectory() && !['checkpoints', 'datasets'].includes(entry.name)) {
      addAll(contents, folder, join(folder, entry.name));
    }
  }
  // Datasets are large, and recorded anew where they are missing; what was measured is all that an evaluation needs.
  for (const name of namesIn(join(folder, 'datasets'))) {
    if (name.endsWith('.json')) contents.set(`datasets/${name}`, readFileSync(join(folder, 'datasets', name)));
  }
  for (const name of namesIn(join(folder, 'checkpoints'))) {
    if (!/^\d+$/.test(name)) continue;
    const whole = new Map<string, Uint8Array>();
    if (addAll(whole, folder, join(folder, 'checkpoints', name))) for (const each of whole) contents.set(...each);
  }
  return contents;
}

/** Puts what `known` has not yet into the store. Returns what the folder held. */
export async function carryOut(contents: Contents, blobs: BlobStore, nameOf: NameOf, known: Files): Promise<Files> {
  const there = new Set(Object.values(known).map(({ sha256 }) => sha256));
  const files: Files = {};
  for (const [path, data] of contents) {
    const sha256 = createHash('sha256').update(data).digest('hex');
    files[path] = { sha256, size: data.length };
    if (there.has(sha256)) continue;
    await blobs.put(nameOf(sha256), data);
    there.add(sha256);
  }
  return files;
}

/** Writes the files of another machine's run folder into an empty one. `corrupt` where the store has lost one. */
export async function bringBack(files: Files, blobs: BlobStore, nameOf: NameOf, folder: string): Promise<void> {
  for (const [path, { sha256, size }] of Object.entries(files)) {
    const place = resolve(folder, path);
    if (!place.startsWith(resolve(folder) + sep)) {
      throw new LightbulbError('invalid_input', 'a file outside of its run folder', { where: path });
    }
    const data = await blobs.get(nameOf(sha256), { timeout: 30_000 + size / 1000 });
    if (data === undefined || createHash('sha256').update(data).digest('hex') !== sha256) {
      throw new LightbulbError('corrupt', 'a file of a run is lost or damaged on the bus', { where: path });
    }
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, data);
  }
}

/** Removes from the store what `before` held and `after` does not. */
export async function forget(before: Files, after: Files, blobs: BlobStore, nameOf: NameOf): Promise<void> {
  const kept = new Set(Object.values(after).map(({ sha256 }) => sha256));
  const gone = new Set(Object.values(before).flatMap(({ sha256 }) => (kept.has(sha256) ? [] : [sha256])));
  for (const sha256 of gone) await blobs.delete(nameOf(sha256));
}

/** False where the folder changed under the reading. */
function addAll(contents: Map<string, Uint8Array>, root: string, folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath ?? entry.path, entry.name);
      contents.set(relative(root, path).split(sep).join('/'), readFileSync(path));
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
