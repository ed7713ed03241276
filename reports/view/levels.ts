import type { HardLevel, LevelScore, LevelSetReport, Report } from '../report.ts';
import { scoresShown } from './level-figures.ts';
import { html, type Markup } from './markup.ts';
import { decimalsOf, shortNumber, wholeNumber } from './numbers.ts';
import { armHead, type Column, estimate, key, number, table } from './tables.ts';

/** How a set was played, in words. */
export function playedText({ count, episodes, deterministic, solvedAbove }: LevelSetReport): string {
  const actions = deterministic ? 'the most likely action each time' : 'actions drawn from the policy';
  const solved = solvedAbove === null ? '' : ` A level is solved by a return above ${shortNumber(solvedAbove)}.`;
  return `${wholeNumber(count)} levels, ${wholeNumber(episodes)} episodes of each, ${actions}. Numbers are interquartile means over the runs of an arm, with 95 % intervals.${solved}`;
}

/** Scores over the levels of a set, a row for each arm. */
export function levelScoresTable(report: Report, set: LevelSetReport): Markup {
  const scores = scoresShown(set);
  const decimals = scores.map(({ name }) => decimalsOf(set.arms.flatMap((arm) => arm.scores[name] ?? [])));
  return table(
    `${set.set}: scores over levels`,
    [{ title: 'Arm' }, { title: 'Runs', isNumber: true }, ...scores.map(({ title }) => ({ title, isNumber: true }))],
    set.arms.map(({ arm, runs, scores: own }) => {
      const cells = scores.map(({ name }, i) => estimate(own[name], decimals[i]));
      return html`<tr>${armHead(report, arm)}${number(wholeNumber(runs))}${cells}</tr>
`;
    }),
  );
}

/** Each level of a set: what it is like, and how the arms do on it (share solved; the return where nothing counts as that). */
export function levelsTable(set: LevelSetReport): Markup | '' {
  const { levels } = set;
  if (levels.length === 0) return '';
  const names = tellingNames(levels);
  const areSolved = set.solvedAbove !== null;
  const hasOptimum = levels.some(({ optimum }) => optimum !== null);
  const scoreOf = (level: LevelScore, arm: string) => {
    const own = level.arms.find((each) => each.arm === arm);
    return own === undefined ? null : areSolved ? own.solved : own.return;
  };
  const decimals = areSolved ? 2 : decimalsOf(levels.flatMap(({ arms }) => arms.map((each) => each.return)));
  const columns: Column[] = [
    { title: 'Level' },
    ...set.arms.map(({ arm }) => ({ title: arm, isNumber: true })),
    ...(hasOptimum ? [{ title: 'Best return', isNumber: true }] : []),
    ...names.map((name) => ({ title: WORDS[name] ?? name, isNumber: true })),
  ];
  return table(
    `${set.set}: ${areSolved ? 'solve rate' : 'return'} of each level, by arm; a heading sorts by its column`,
    columns,
    levels.map((level) => {
      const like = names.map((name) => sortable(level.description[name] ?? null));
      const best = hasOptimum ? sortable(level.optimum) : '';
      const cells = set.arms.map(({ arm }) => estimate(scoreOf(level, arm), decimals));
      return html`<tr><th scope="row">${level.name}</th>${cells}${best}${like}</tr>
`;
    }),
    true,
  );
}

/** What levels are described by, without what is the same of all of several. */
function tellingNames(levels: readonly LevelScore[]): string[] {
  const names = [...new Set(levels.flatMap(({ description }) => Object.keys(description)))];
  return names.filter((name) => levels.length === 1 || new Set(levels.map((each) => each.description[name])).size > 1);
}

/** Pictures of the levels on which each arm loses most, with what is known of them below. */
export function hardestLevels(report: Report, set: LevelSetReport): Markup | '' {
  const arms = set.arms.map(({ arm }) => ({ arm, levels: set.hardest.filter((level) => level.arm === arm) }));
  if (!set.hardest.some(({ picture }) => picture !== null)) return '';
  const by = set.hardest.some(({ regret }) => regret !== null) ? 'largest regret' : 'lowest return';
  return html`<h4>Hardest levels of each arm: ${by}, mean of its runs</h4>
${arms.map(
  ({ arm, levels }) => html`<h5>${key(report, arm)}${arm}</h5>
<div class="levels">${levels.map(hardLevel)}</div>
`,
)}`;
}

function hardLevel(level: HardLevel): Markup {
  const { name, picture, description, solved, regret } = level;
  const lines = [
    ...(solved === null ? [] : [`solved ${Math.round(100 * solved)} %`]),
    `return ${shortNumber(level.return)}`,
    ...(regret === null ? [] : [`regret ${shortNumber(regret)}`]),
    ...Object.entries(description)
      .filter(([what, value]) => what !== 'solvable' || value !== 1)
      .map(([what, value]) => `${WORDS[what] ?? what} ${shortNumber(value)}`),
  ];
  return html`<figure>${picture === null ? '' : drawn(picture, name)}<figcaption><b>${name}</b>${lines.map((line) => html`<br>${line}`)}</figcaption></figure>
`;
}

const WORDS: Readonly<Record<string, string>> = { path: 'shortest path' };

/** As an image and not as part of the page: whatever a file brings in a picture, the page neither runs nor styles by it. */
function drawn(svg: string, name: string): Markup {
  const data = Buffer.from(svg, 'utf8').toString('base64');
  return html`<img alt="Level ${name}" src="data:image/svg+xml;base64,${data}">`;
}

function sortable(value: number | null): Markup {
  return html`<td class="number" data-value="${value ?? ''}">${shortNumber(value)}</td>`;
}
