export { type Dataset, openDataset, requireGroups } from './dataset.ts';
export { type ImportOptions, importTexts } from './import-texts.ts';
export type { DatasetGroup, DatasetManifest, DatasetShard, Track, Window } from './manifest.ts';
export { groupsOf, type RecordingOptions, recordEpisodes } from './record-episodes.ts';
export type { WindowOptions, WindowSource } from './source.ts';
export { type DatasetFacts, DatasetWriter, type DatasetWriterOptions } from './writer.ts';
