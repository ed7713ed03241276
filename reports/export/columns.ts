import type { RecordedRun } from '../read-runs.ts';
import type { ArmLevels, ComparisonRow, Estimate, FinalRow, LevelSetReport, Report, RunRow } from '../report.ts';

/** A column of a table, as it is exported: text, whole numbers or numbers, null where there is none. */
export type Column<Row> =
  | { readonly name: string; readonly type: 'text'; readonly of: (row: Row) => string | null }
  | { readonly name: string; readonly type: 'whole' | 'number'; readonly of: (row: Row) => number | null };

/** `runs`: one row for each run; `measure` is the name of what `final` is. */
export const runColumns = ({ measures }: Report): readonly Column<RunRow>[] => [
  { name: 'key', type: 'text', of: ({ key }) => key },
  { name: 'task', type: 'text', of: ({ task }) => task },
  { name: 'arm', type: 'text', of: ({ arm }) => arm },
  { name: 'seed', type: 'whole', of: ({ seed }) => seed },
  { name: 'state', type: 'text', of: ({ state }) => state },
  { name: 'steps', type: 'whole', of: ({ steps }) => steps },
  { name: 'seconds', type: 'number', of: ({ seconds }) => seconds },
  { name: 'steps_per_second', type: 'number', of: ({ stepsPerSecond }) => stepsPerSecond },
  { name: 'measure', type: 'text', of: ({ task }) => measures[task]!.metric },
  { name: 'final', type: 'number', of: ({ final }) => final },
  { name: 'message', type: 'text', of: ({ message }) => message },
  { name: 'folder', type: 'text', of: ({ folder }) => folder },
];

/** `finals`: one row for each arm and task; `task` and `measure` are empty for scores over all tasks. */
export const finalColumns = (report: Report): readonly Column<FinalRow>[] => [
  { name: 'task', type: 'text', of: ({ task }) => task },
  measureColumn(report),
  { name: 'arm', type: 'text', of: ({ arm }) => arm },
  { name: 'runs', type: 'whole', of: ({ runs }) => runs },
  { name: 'scores', type: 'text', of: ({ isNormalised }) => (isNormalised ? 'normalised' : 'raw') },
  ...estimateColumns<FinalRow>('mean', (row) => row.mean),
  ...estimateColumns<FinalRow>('median', (row) => row.median),
  ...estimateColumns<FinalRow>('interquartile_mean', (row) => row.interquartileMean),
  ...estimateColumns<FinalRow>('optimality_gap', (row) => row.optimalityGap),
];

/** `comparisons`: one row for each ordered pair of arms and each task. */
export const comparisonColumns = (report: Report): readonly Column<ComparisonRow>[] => [
  { name: 'task', type: 'text', of: ({ task }) => task },
  measureColumn(report),
  { name: 'better', type: 'text', of: ({ better }) => better },
  { name: 'worse', type: 'text', of: ({ worse }) => worse },
  ...estimateColumns<ComparisonRow>('probability', (row) => row.probability),
  ...estimateColumns<ComparisonRow>('difference', (row) => row.difference),
  ...estimateColumns<ComparisonRow>('paired_difference', (row) => row.paired?.difference ?? null),
  { name: 'pairs', type: 'whole', of: ({ task, paired }) => (task === null ? null : (paired?.pairs ?? 0)) },
  { name: 'pairs_caution', type: 'text', of: ({ paired }) => paired?.caution ?? null },
];

/** A set of levels, and how an arm does over it. */
export type LevelRow = LevelSetReport & ArmLevels;

/** `levels`: one row for each task, set and arm; interquartile means over runs. */
export const levelColumns: readonly Column<LevelRow>[] = [
  { name: 'task', type: 'text', of: ({ task }) => task },
  { name: 'set', type: 'text', of: ({ set }) => set },
  { name: 'arm', type: 'text', of: ({ arm }) => arm },
  { name: 'runs', type: 'whole', of: ({ runs }) => runs },
  { name: 'levels', type: 'whole', of: ({ count }) => count },
  { name: 'episodes', type: 'whole', of: ({ episodes }) => episodes },
  ...estimateColumns<LevelRow>('mean', ({ scores }) => scores.mean),
  ...estimateColumns<LevelRow>('cvar10', ({ scores }) => scores.cvar10),
  ...estimateColumns<LevelRow>('cvar1', ({ scores }) => scores.cvar1),
  ...estimateColumns<LevelRow>('solved', ({ scores }) => scores.solved),
  ...estimateColumns<LevelRow>('regret', ({ scores }) => scores.regret),
  ...estimateColumns<LevelRow>('maximum_regret', ({ scores }) => scores.maximumRegret),
];

export function levelRows({ levels }: Report): LevelRow[] {
  return levels.flatMap((set) => set.arms.map((arm) => ({ ...set, ...arm })));
}

function measureColumn<Row extends { readonly task: string | null }>({ measures }: Report): Column<Row> {
  return { name: 'measure', type: 'text', of: ({ task }) => (task === null ? null : measures[task]!.metric) };
}

function estimateColumns<Row>(name: string, of: (row: Row) => Estimate | null): Column<Row>[] {
  return [
    { name, type: 'number', of: (row) => of(row)?.value ?? null },
    { name: `${name}_low`, type: 'number', of: (row) => of(row)?.low ?? null },
    { name: `${name}_high`, type: 'number', of: (row) => of(row)?.high ?? null },
  ];
}

/** A run as exports name it: what the report says of it, and all its numbers. */
export interface ExportedRun extends RunRow {
  readonly series: RecordedRun['series'];
}

/** The runs of a report with their numbers. `recorded`: the runs that the report was made of. */
export function exportedRuns(report: Report, recorded: readonly RecordedRun[]): ExportedRun[] {
  return report.runs.map((row, i) => ({ ...row, series: recorded[i]!.series }));
}
