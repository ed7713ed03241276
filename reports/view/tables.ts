import type { ComparisonRow, Estimate, FinalRow, MachineRow, Report, RunRow } from '../report.ts';
import { html, Markup } from './markup.ts';
import { decimalsOf, durationText, estimateParts, shortNumber, wholeNumber } from './numbers.ts';
import { armStyle, pageTheme } from './theme.ts';

/** A heading of a column: its words, and whether numbers stand below it. */
interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

function table(caption: string, columns: readonly Column[], rows: readonly Markup[], isSortable = false): Markup {
  const heads = columns.map(({ title, isNumber }) =>
    isNumber ? html`<th scope="col" class="number">${title}</th>` : html`<th scope="col">${title}</th>`,
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

/** Final scores of every arm: over all tasks first, then on each; returns and normalised scores apart. */
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
    const scale = isNormalised ? 'normalised scores' : 'final returns';
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
export function comparisonTables({ tasks, comparisons }: Report): Markup[] {
  return [null, ...tasks].flatMap((task) => {
    const rows = comparisons.filter((row) => row.task === task);
    if (rows.length === 0) return [];
    return [
      table(
        `${task ?? 'All tasks'}: bold where the 95 % interval leaves out "no difference"`,
        [
          { title: 'First' },
          { title: 'Second' },
          { title: 'P(first above second)', isNumber: true },
          { title: 'First minus second, interquartile mean', isNumber: true },
        ],
        rows.map((row) => comparison(row, decimalsOf(rows.map(({ difference }) => difference)))),
      ),
    ];
  });
}

function comparison({ better, worse, probability, difference }: ComparisonRow, decimals: number | undefined): Markup {
  const clear = (each: Estimate, nothing: number) => each.low > nothing || each.high < nothing;
  return html`<tr><th scope="row">${better}</th><td>${worse}</td>${estimate(probability, 2, clear(probability, 0.5))}${estimate(difference, decimals, clear(difference, 0))}</tr>
`;
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
    { title: 'Final return', isNumber: true },
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

function armHead(report: Report, arm: string): Markup {
  return html`<th scope="row">${key(report, arm)}${arm}</th>`;
}

/** A spot in the colour that the arm has in the pictures. */
function key({ arms }: Report, arm: string): Markup {
  const { colour } = armStyle(pageTheme, Math.max(0, arms.indexOf(arm)));
  return html`<span class="key" style="background:${colour}" aria-hidden="true"></span>`;
}

function estimate(given: Estimate | null, decimals: number | undefined, isClear = false): Markup {
  if (given === null) return number('–');
  const { value, interval } = estimateParts(given, decimals);
  const text = isClear ? html`<span class="clear">${value}</span>` : value;
  return html`<td class="number">${text} <span class="interval">${interval}</span></td>`;
}

function number(text: string): Markup {
  return html`<td class="number">${text}</td>`;
}

function sortable(value: number | null, text: string): Markup {
  return html`<td class="number" data-value="${value ?? ''}">${text}</td>`;
}
