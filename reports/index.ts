export { type LivePage, type ServeOptions, serveRuns } from './live/serve.ts';
export type {
  ComparisonRow,
  Curve,
  Estimate,
  FinalRow,
  MachineRow,
  Report,
  RunRow,
  SettingRow,
} from './report.ts';
export { htmlOf, writeHtml } from './view/html.ts';
export { writePictures } from './view/pictures.ts';
