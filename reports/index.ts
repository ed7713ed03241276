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
