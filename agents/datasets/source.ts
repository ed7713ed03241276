import type { Json } from '../../core/index.ts';
import type { DatasetManifest, Track, Window } from './manifest.ts';

/**
 * An endless, shuffled stream of windows out of a dataset. Every step of every track comes once an epoch. Memory is
 * bounded by the shards that are open at a time. Where it stands is plain data: restored, it goes on with the same
 * windows.
 */
export interface WindowSource {
  readonly manifest: DatasetManifest;
  next(): Window;
  /** Any whole track of this group (by chance), for prompts; `agent`: of this agent. Draws from the source's own stream. */
  prompt(group: number, agent: number): Track;
  save(): Json;
  load(state: Json): void;
}

export interface WindowOptions {
  /** Steps of a window, at most; null for whole tracks. */
  readonly steps: number | null;
  /** Decides the order. */
  readonly seed: number;
  /** Shards in memory at a time, at least 1. */
  readonly openShards?: number;
}
