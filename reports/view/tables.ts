import type { ComparisonRow, Estimate, FinalRow, MachineRow, PairedDifference, Report, RunRow } from '../report.ts';
import { html, Markup } from './markup.ts';
import { capital, finalTitle } from './measures.ts';
import { decimalsOf, durationText, estimateParts, shortNumber, wholeNumber } from './numbers.ts';
import { armStyle, pageTheme } from './theme.ts';

/** A heading of a column: its words, and whether numbers stand below it. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
  /** Its words may stand below each other, for they are longer than what is under them. */
  readonly isLong?: boolean;
}

/** A table that scrolls by itself where it is wider than the page. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly Markup[],
  isSortable = false,
): Markup {
  const heads = columns.map(({ title, isNumber, isLong }) =>
    isNumber
      ? html`<th scope="col" class="${isLong ? 'number long' : 'number'}">${title}</th>`
      : html`<th scope="col">${title}</th>`,
  );
  const mark = new Markup(isSortable ? ' data-sortable' : '');
  return html`<div class="wide" role="region" aria-label="${caption}" tabindex="0"><table${mark}>
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows}</tbody></table></div>
`;
}

const STATISTICS: readonly ((row: FinalRow) => Estimate | null)[] = [
  ({ mean }) => mean,
  ({ median }) => median,
  ({ interquartileMean }) => interquartileMean,
  ({ optimalityGap }) => optimalityGap,
];

/** Final scores of every arm: over all tasks first, then on each; raw and normalised ones apart. */
export function finalTables(report: Report): Markup[] {
  const tasks = [null, ...report.tasks].filter((task) => report.finals.some((row) => row.task === task));
  const groups = tasks.flatMap((task) =>
    [false, true].map((isNormalised) =>
      report.finals.filter((row) => row.task === task && row.isNormalised === isNormalised),
    ),
  );
  return groups.flatMap((rows) => {
    const [first] = rows;
    if (first === undefined) return [];
    const { task, isNormalised } = first;
    const hasGap = rows.some(({ optimalityGap }) => optimalityGap !== null);
    const scale = isNormalised || task === null ? 'normalised scores' : finalTitle(report, task);
    const shown = hasGap ? STATISTICS : STATISTICS.slice(0, 3);
    const decimals = shown.map((of) => decimalsOf(rows.map(of).filter((each) => each !== null)));
    const columns = ['Runs', 'Mean', 'Median', 'Interquartile mean', ...(hasGap ? ['Optimality gap'] : [])];
    return table(
      `${task ?? 'All tasks'}: ${scale}, with 95 % intervals`,
      [{ title: 'Arm' }, ...columns.map((title) => ({ title, isNumber: true }))],
      inOrder(report, rows).map((row) => {
        const cells = shown.map((of, i) => estimate(of(row), decimals[i]));
        return html`<tr>${armHead(report, row.arm)}${number(wholeNumber(row.runs))}${cells}</tr>
`;
      }),
    );
  });
}

/** Arms by twos, a table for each task. What leaves no difference out is bold. */
export function comparisonTables(report: Report): Markup[] {
  const { tasks, comparisons } = report;
  return [null, ...tasks].flatMap((task) => {
    const rows = comparisons.filter((row) => row.task === task);
    if (rows.length === 0) return [];
    const [differences, paired] = [rows.map((row) => row.difference), rows.flatMap((row) => row.paired ?? [])];
    const hasPairs = paired.length > 0;
    const decimals = [decimalsOf(differences), decimalsOf(paired.map((each) => each.difference))] as const;
    const scale = task === null ? 'normalised scores' : finalTitle(report, task);
    return [
      table(
        `${task ?? 'All tasks'}: ${scale}; bold where the 95 % interval leaves out "no difference"`,
        [
          { title: 'First' },
          { title: 'Second' },
          { title: 'P(first above second)', isNumber: true, isLong: true },
          { title: 'First minus second, interquartile means', isNumber: true, isLong: true },
          ...(hasPairs ? PAIRED : []),
        ],
        rows.map((row) => comparison(row, decimals, hasPairs)),
      ),
    ];
  });
}

const PAIRED: readonly Column[] = [
  { title: 'First minus second, mean seed by seed', isNumber: true, isLong: true },
  { title: 'Seeds in common', isNumber: true, isLong: true },
];

type Decimals = readonly [difference: number | undefined, paired: number | undefined];

function comparison(row: ComparisonRow, [ofDifference, ofPaired]: Decimals, hasPairs: boolean): Markup {
  const { better, worse, probability, difference, paired } = row;
  const cells = [
    estimate(probability, 2, isClear(probability, 0.5)),
    estimate(difference, ofDifference, isClear(difference, 0)),
    ...(hasPairs ? pairedCells(paired, ofPaired) : []),
  ];
  return html`<tr><th scope="row">${better}</th><td>${worse}</td>${cells}</tr>
`;
}

/** Nothing is bold of pairs that are too few: of two, every second difference by chance alone leaves 0 out. */
function pairedCells(paired: PairedDifference | null, decimals: number | undefined): Markup[] {
  if (paired === null) return [number('–'), number('0')];
  const { difference, pairs, caution } = paired;
  const word = caution === null ? '' : html` <span class="caution">${caution}</span>`;
  return [
    estimate(difference, decimals, caution === null && isClear(difference, 0)),
    html`<td class="number">${pairs}${word}</td>`,
  ];
}

function isClear({ low, high }: Estimate, nothing: number): boolean {
  return low > nothing || high < nothing;
}

/** Settings on which arms differ, a column for each arm. */
export function settingsTable({ arms, settings }: Report): Markup {
  return table(
    'Settings on which the runs differ, seeds and names apart, by arm',
    [{ title: 'Setting' }, ...arms.map((title) => ({ title }))],
    settings.map(({ path, values }) => {
      const cells = arms.map((arm) => {
        const texts = (values[arm] ?? []).map((value) => JSON.stringify(value));
        return html`<td>${texts.length === 0 ? '–' : html`<code>${texts.join(', ')}</code>`}</td>`;
      });
      return html`<tr><th scope="row"><code>${path}</code></th>${cells}</tr>
`;
    }),
  );
}

/** Every run. */
export function runsTable(report: Report): Markup {
  const columns = [
    { title: 'Run' },
    { title: 'Task' },
    { title: 'Arm' },
    { title: 'Seed', isNumber: true },
    { title: 'State' },
    { title: 'Steps', isNumber: true },
    { title: 'Time', isNumber: true },
    { title: 'Steps/s', isNumber: true },
    { title: capital(finalTitle(report)), isNumber: true },
    { title: 'What happened' },
  ];
  return table(
    'Every run; a heading sorts by its column',
    columns,
    report.runs.map((run) => runRow(report, run)),
    true,
  );
}

function runRow(report: Report, run: RunRow): Markup {
  return html`<tr><th scope="row" title="${run.folder}">${run.key}</th><td>${run.task}</td><td>${key(report, run.arm)}${run.arm}</td>${sortable(run.seed, String(run.seed))}<td>${run.state}</td>${sortable(run.steps, wholeNumber(run.steps))}${sortable(run.seconds, durationText(run.seconds))}${sortable(run.stepsPerSecond, wholeNumber(run.stepsPerSecond))}${sortable(run.final, shortNumber(run.final))}<td class="message">${run.message ?? ''}</td></tr>
`;
}

/** Machines side by side, a fact in each row. */
export function machinesTable(machines: readonly MachineRow[]): Markup {
  const facts = [...new Set(machines.flatMap((machine) => Object.keys(machine.facts)))];
  return table(
    'What the runs ran on',
    [{ title: 'Fact' }, ...machines.map((_, i) => ({ title: machines.length === 1 ? 'Machine' : `Machine ${i + 1}` }))],
    [
      html`<tr><th scope="row">runs</th>${machines.map(({ runs }) => html`<td>${runs}</td>`)}</tr>
`,
      ...facts.map(
        (
          fact,
        ) => html`<tr><th scope="row">${fact}</th>${machines.map((machine) => html`<td>${machine.facts[fact] ?? '–'}</td>`)}</tr>
`,
      ),
    ],
  );
}

function inOrder({ arms }: Report, rows: readonly FinalRow[]): FinalRow[] {
  return arms.flatMap((arm) => rows.filter((row) => row.arm === arm));
}

export function armHead(report: Report, arm: string): Markup {
  return html`<th scope="row">${key(report, arm)}${arm}</th>`;
}

/** A spot in the colour that the arm has in the pictures. */
export function key({ arms }: Report, arm: string): Markup {
  const { colour } = armStyle(pageTheme, Math.max(0, arms.indexOf(arm)));
  return html`<span class="key" style="background:${colour}" aria-hidden="true"></span>`;
}

export function estimate(given: Estimate | null, decimals: number | undefined, isBold = false): Markup {
  if (given === null) return number('–');
  const { value, interval } = estimateParts(given, decimals);
  const text = isBold ? html`<span class="clear">${value}</span>` : value;
  return html`<td class="number" data-value="${given.value}">${text} <span class="interval">${interval}</span></td>`;
}

export function number(text: string): Markup {
  return html`<td class="number">${text}</td>`;
}

function sortable(value: number | null, text: string): Markup {
  return html`<td class="number" data-value="${value ?? ''}">${text}</td>`;
}
