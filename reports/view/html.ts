import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Report } from '../report.ts';
import { type Figure, svgOf } from './figure.ts';
import { type Figures, figuresOf } from './figures.ts';
import { levelsTitle } from './level-figures.ts';
import { hardestLevels, levelScoresTable, levelsTable, playedText } from './levels.ts';
import { html, Markup } from './markup.ts';
import { SORTING, styleSheet } from './style.ts';
import { comparisonTables, finalTables, machinesTable, runsTable, settingsTable } from './tables.ts';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
}

/**
 * A report as one page that needs nothing else: style, pictures and the little script that sorts tables are inside, and
 * its content security policy forbids it to load anything.
 */
export function htmlOf(report: Report): string {
  const sections = sectionsOf(report);
  const links = sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`);
  const blocks = sections.map(
    ({ id, title, content }) => html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content}</section>
`,
  );
  const style = styleSheet();
  const sources = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${hash(SORTING)}; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${sources}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${report.title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<header>
<h1>${report.title}</h1>
<p>${report.description}</p>
<p class="lead">${extent(report)} Compared is the ${report.measure}.</p>
<nav aria-label="Contents"><ul>${links}</ul></nav>
</header>
${warnings(report)}${blocks}<footer>Made with lightbulb.</footer>
</main>
<script>${new Markup(SORTING)}</script>
</body>
</html>
`.text;
}

/** Writes the page of `htmlOf` into `file`, whose folder must be there. */
export async function writeHtml(report: Report, file: string): Promise<void> {
  await writeFile(file, htmlOf(report));
}

function sectionsOf(report: Report): Section[] {
  const figures = figuresOf(report);
  const others = figures.others.map((each) => picture(each, ''));
  const leading = figures.leading.map((each) =>
    picture(each, `${each.title}: mean of the runs of an arm, and its 95 % interval as a band.`),
  );
  const captions: Readonly<Record<string, string>> = {
    'final-scores': 'The stroke is the value, the bar its 95 % interval.',
    'final-scores-by-task': 'Interquartile mean on each task, and its 95 % interval.',
    'every-run': 'Each dot is a run; the stroke is the median of its arm.',
  };
  const scores = figures.scores.map((each) => picture(each, captions[each.name] ?? each.title));
  const pairs = figures.improvement === null ? [] : [picture(figures.improvement, PAIRS)];
  const all: (Section | null)[] = [
    { id: 'scores', title: 'Final scores', content: html`${finalTables(report)}${scores}` },
    report.levels.length === 0 ? null : { id: 'levels', title: 'Levels', content: html`${levelSets(report, figures)}` },
    figures.levelCurves.length === 0
      ? null
      : {
          id: 'level-curves',
          title: 'Levels in training',
          content: html`${figures.levelCurves.map((each) => picture(each, LEVEL_CURVES))}`,
        },
    leading.length + others.length === 0
      ? null
      : { id: 'curves', title: 'Learning curves', content: html`${leading}${folded(others)}` },
    report.comparisons.length === 0
      ? null
      : { id: 'pairs', title: 'Arms by twos', content: html`${pairs}${comparisonTables(report)}` },
    report.settings.length === 0
      ? null
      : { id: 'settings', title: 'Settings that differ', content: settingsTable(report) },
    { id: 'runs', title: 'All runs', content: runsTable(report) },
    report.machines.length === 0
      ? null
      : { id: 'machines', title: 'Machines', content: machinesTable(report.machines) },
    { id: 'methods', title: 'How the numbers are made', content: methods(report) },
  ];
  return all.filter((section) => section !== null);
}

const LEVEL_CURVES = 'Means of the runs of an arm, and their 95 % intervals as bands.';

/** What runs reached on chosen levels, set by set. */
function levelSets(report: Report, figures: Figures): Markup[] {
  return report.levels.map(
    (set, i) => html`<h3>${levelsTitle(report, set)}</h3>
<p>${playedText(set)}</p>
${levelScoresTable(report, set)}<figure>${new Markup(svgOf(figures.levels[i]!))}</figure>
${levelsTable(set)}${hardestLevels(report, set)}`,
  );
}

const PAIRS =
  'How probably a run of the first arm scores above a run of the second, with its 95 % interval: ' +
  'coloured where the interval leaves out one half.';

function picture(figure: Figure, caption: string): Markup {
  const words = caption === '' ? '' : html`<figcaption>${caption}</figcaption>`;
  return html`<h3>${figure.title}</h3>
<figure>${words}${new Markup(svgOf(figure))}</figure>
`;
}

function folded(pictures: readonly Markup[]): Markup | '' {
  if (pictures.length === 0) return '';
  return html`<details><summary>Other numbers that the runs recorded (${pictures.length})</summary>
${pictures}</details>
`;
}

function warnings({ warnings: all }: Report): Markup | '' {
  if (all.length === 0) return '';
  return html`<section class="warnings" aria-labelledby="warnings"><h2 id="warnings">Before you believe this</h2>
<ul>${all.map((text) => html`<li>${text}</li>`)}</ul></section>
`;
}

function methods({ methods: all, scores }: Report): Markup {
  const ranges = Object.entries(scores).flatMap(([task, range]) =>
    range === null ? [] : [`${task}: ${range.low} counts as 0 and ${range.high} as 1.`],
  );
  return html`<ul>${[...all, ...ranges].map((text) => html`<li>${text}</li>`)}</ul>
`;
}

function extent({ runs, arms, tasks }: Report): string {
  const count = (number: number, one: string) => `${number} ${one}${number === 1 ? '' : 's'}`;
  return `${count(runs.length, 'run')} of ${count(arms.length, 'arm')} on ${count(tasks.length, 'task')}.`;
}

function hash(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}
