import { createHash } from 'node:crypto';
import { internal } from '../../core/index.ts';
import { writeSafetensors } from '../../nn/index.ts';
import type { DatasetGroup, DatasetManifest, DatasetShard, Track } from './manifest.ts';
import { FORMAT, printManifest, VERSION } from './manifest-schema.ts';
import { NewFolder } from './new-folder.ts';
import { encodeObservations } from './observation-code.ts';
import { type GroupWidths, type StoredTrack, shardArrays, widthsOf } from './shard.ts';

export const MANIFEST = 'manifest.json';

/** Observations of a shard may take this many bytes, whatever its steps. */
const SHARD_BYTES = 64 * 2 ** 20;

export interface DatasetWriterOptions {
  /** Must not be there yet; its parents are made. */
  readonly folder: string;
  readonly groups: readonly DatasetGroup[];
  /** A shard is written once it has this many steps (or 64 MiB of observations); tracks are never cut. Default 16384. */
  readonly shardSteps?: number;
}

/** What a manifest says besides what the writer knows. */
export type DatasetFacts = Pick<DatasetManifest, 'environment' | 'policy' | 'seed' | 'episodes' | 'steps' | 'return'>;

/**
 * Writes a dataset, track by track, with one shard in memory. The folder appears when `finish` is called; before that,
 * and where the process dies, there is none.
 *
 * @example
 * const writer = new DatasetWriter({ folder: 'datasets/mine', groups });
 * for (const track of tracks) writer.add(track);
 * const manifest = writer.finish({ environment, policy, seed, episodes, steps, return: null });
 */
export class DatasetWriter {
  private readonly folder: NewFolder;
  private readonly groups: readonly DatasetGroup[];
  private readonly widths: readonly GroupWidths[];
  private readonly shardSteps: number;
  private readonly shards: DatasetShard[] = [];
  private waiting: StoredTrack[][];
  private steps = 0;
  private bytes = 0;

  /** Error `exists` where the folder is there already. */
  constructor({ folder, groups, shardSteps = 16384 }: DatasetWriterOptions) {
    this.groups = groups;
    this.widths = groups.map(widthsOf);
    this.shardSteps = shardSteps;
    this.waiting = groups.map(() => []);
    this.folder = new NewFolder(folder);
  }

  /** Takes a copy of the track. */
  add(track: Track): void {
    const { group, steps } = track;
    const { D, A, M } = this.widths[group]!;
    for (const [name, width] of [
      ['observation', D],
      ['action', A],
      ['actionMask', M],
      ['reward', 1],
    ] as const)
      if (steps < 1 || track[name].length !== steps * width)
        throw internal(`a track's ${name} has ${track[name].length} numbers for ${steps} steps of ${width}`);
    const observation = encodeObservations(this.groups[group]!.observation, track.observation, steps);
    this.waiting[group]!.push({
      ...track,
      observation,
      action: track.action.slice(),
      actionMask: track.actionMask.slice(),
      reward: track.reward.slice(),
    });
    this.steps += steps;
    this.bytes += observation.data.byteLength;
    if (this.steps >= this.shardSteps || this.bytes >= SHARD_BYTES) this.flush();
  }

  /** Writes the rest and the manifest, and puts the folder in place. Nothing may follow. */
  finish(facts: DatasetFacts): DatasetManifest {
    if (this.steps > 0) this.flush();
    const { groups, shards } = this;
    const { environment, policy, seed, episodes, steps } = facts;
    const manifest: DatasetManifest = {
      format: FORMAT,
      version: VERSION,
      environment,
      policy,
      seed,
      groups,
      episodes,
      steps,
      return: facts.return,
      shards,
    };
    this.folder.write(MANIFEST, new TextEncoder().encode(printManifest(manifest)));
    this.folder.finish();
    return manifest;
  }

  /** Leaves nothing behind. */
  abandon(): void {
    this.folder.abandon();
  }

  private flush(): void {
    const bytes = writeSafetensors(shardArrays(this.groups, this.waiting));
    const file = `shard-${String(this.shards.length).padStart(5, '0')}.safetensors`;
    this.folder.write(file, bytes);
    this.shards.push({
      file,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      tracks: this.waiting.map(({ length }) => length),
      steps: this.waiting.map((tracks) => tracks.reduce((sum, { steps }) => sum + steps, 0)),
    });
    this.waiting = this.groups.map(() => []);
    this.steps = 0;
    this.bytes = 0;
  }
}
