import type { Json } from '../../core/index.ts';
import type { Space } from '../../worlds/index.ts';

/** One kind of agent in a dataset. */
export interface DatasetGroup {
  readonly name: string;
  readonly agents: readonly string[];
  readonly observation: Space;
  /** null for texts that nobody acts on. */
  readonly action: Space | null;
  /** Entries of an action mask; 0 without masks. */
  readonly mask: number;
}

export interface DatasetShard {
  /** Name within the dataset's folder. */
  readonly file: string;
  readonly bytes: number;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
  /** Tracks and steps of each group. */
  readonly tracks: readonly number[];
  readonly steps: readonly number[];
}

/** What `manifest.json` of a dataset says. */
export interface DatasetManifest {
  readonly format: 'lightbulb-episodes';
  readonly version: 1;
  /** Where it was recorded: `{ name, options }` or `{ module, options }`; null for imported texts. */
  readonly environment: Json;
  /** Who acted: the learner's options and the like, or `{ import: file }`. */
  readonly policy: Json;
  readonly seed: number;
  readonly groups: readonly DatasetGroup[];
  readonly episodes: number;
  /** Environment steps. */
  readonly steps: number;
  /** Of an episode: the sum over agents and steps; null where there are no rewards. */
  readonly return: { readonly mean: number; readonly std: number; readonly min: number; readonly max: number } | null;
  readonly shards: readonly DatasetShard[];
}

/** What one agent saw and did in one episode. T steps, D observation numbers, A action components, M mask entries. */
export interface Track {
  /** Index into the manifest's groups, and the agent's within its group. */
  readonly group: number;
  readonly agent: number;
  /** Which episode of the dataset, from 0. */
  readonly episode: number;
  /** T */
  readonly steps: number;
  /** [T, D], as batched environments hand them out; bytes for pictures. */
  readonly observation: Float32Array | Uint8Array;
  /** [T, A]; empty without actions. */
  readonly action: Float32Array | Int32Array;
  /** [T, M], 0 or 1. */
  readonly actionMask: Uint8Array;
  /** [T] */
  readonly reward: Float32Array;
  /** How it ended; neither where it was cut off by the end of the recording. */
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** Steps `from` to `to - 1` of a track. */
export interface Window {
  readonly track: Track;
  readonly from: number;
  readonly to: number;
}
