export { writeExports } from './export/write-exports.ts';
export { writeExportsApart } from './export/write-exports-apart.ts';
export { type LivePage, type ServeOptions, serveRuns } from './live/serve.ts';
export { levelsOf, makeReport, type ReportOptions } from './make-report.ts';
export { type RecordedRun, type RecordedRuns, readRuns, type Series } from './read-runs.ts';
export { type FoundRun, findRuns } from './recorded/find-runs.ts';
export type {
  ArmLevels,
  ComparisonRow,
  Curve,
  Estimate,
  FinalRow,
  HardLevel,
  LevelScore,
  LevelSetReport,
  LevelSummary,
  MachineRow,
  Measure,
  PairedDifference,
  Report,
  RunRow,
  SettingRow,
} from './report.ts';
export {
  type Aggregates,
  aggregate,
  type BootstrapOptions,
  type Comparison,
  compare,
  interquartileMean,
  mean,
  median,
  optimalityGap,
  type Pair,
  pairedDifference,
  probabilityOfImprovement,
  type Scores,
} from './statistics/index.ts';
export { htmlOf, writeHtml } from './view/html.ts';
export { writePictures } from './view/pictures.ts';
