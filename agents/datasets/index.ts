export type { DatasetGroup, DatasetManifest, DatasetShard, Track, Window } from './manifest.ts';
export type { WindowOptions, WindowSource } from './source.ts';
