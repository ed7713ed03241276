import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import { readArrays } from '../../nn/index.ts';
import type { DatasetManifest, DatasetShard } from './manifest.ts';
import { ShardGroup } from './shard.ts';

/** The shards of a dataset's folder. Reads them anew each time; whoever asks says how many stay in memory. */
export class Shards {
  /** Those whose content was found to be what was written. */
  private readonly sound = new Set<number>();

  /** Error `corrupt` naming the first shard that is missing or has another size than the manifest says. */
  constructor(
    readonly folder: string,
    readonly manifest: DatasetManifest,
  ) {
    for (const { file, bytes } of manifest.shards) {
      const place = join(folder, file);
      const size = statSync(place, { throwIfNoEntry: false })?.size;
      if (size === bytes) continue;
      throw size === undefined
        ? new LightbulbError('corrupt', 'a shard of a dataset is missing', { where: place })
        : new LightbulbError('corrupt', 'a shard of a dataset has another size than its manifest says', {
            where: place,
            wanted: `${bytes} bytes`,
            got: String(size),
          });
    }
  }

  /**
   * Shard `index`, one part for each group. Errors name file and array: `corrupt` where the file is not what was
   * written, `mismatch` where it disagrees with the manifest.
   */
  read(index: number): readonly ShardGroup[] {
    const { groups, shards } = this.manifest;
    const stated = shards[index]!;
    const place = join(this.folder, stated.file);
    const bytes = read(place);
    if (!this.sound.has(index)) {
      mustBeWritten(place, bytes, stated);
      this.sound.add(index);
    }
    const { tensors } = within(place, () => readArrays(bytes));
    return groups.map((group, g) => new ShardGroup(group, g, tensors, stated.tracks[g]!, stated.steps[g]!, place));
  }
}

function read(place: string): Uint8Array {
  try {
    // Not as a Buffer, whose slice is another than an array's.
    const { buffer, byteOffset, byteLength } = readFileSync(place);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    throw new LightbulbError(
      'corrupt',
      `a shard of a dataset cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      {
        where: place,
        cause,
      },
    );
  }
}

function mustBeWritten(place: string, bytes: Uint8Array, { sha256 }: DatasetShard): void {
  const got = createHash('sha256').update(bytes).digest('hex');
  if (got === sha256) return;
  throw new LightbulbError('corrupt', 'a shard of a dataset is not what its manifest says (SHA-256)', {
    where: place,
    wanted: sha256,
    got,
  });
}

/** Errors of `work` with the file before their place. */
function within<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LightbulbError)) throw error;
    throw new LightbulbError(error.code, error.message, { where: place, cause: error });
  }
}
