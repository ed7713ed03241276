import { FONT_FAMILY } from './text-width.ts';
import { colourDeclarations } from './theme.ts';

/** The look of the page; it follows the reader's choice of light or dark, and prints on white. */
export function styleSheet(): string {
  return `
:root { color-scheme: light dark; ${colourDeclarations('light')} --soft: #f4f6f8; --warn: #fff4d6; --warn-edge: #b88600; }
@media screen and (prefers-color-scheme: dark) {
  :root { ${colourDeclarations('dark')} --soft: #1d2228; --warn: #332a10; --warn-edge: #d9a520; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, ${FONT_FAMILY}; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 8px; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 44px 0 10px; padding-top: 14px; border-top: 1px solid var(--grid); }
h3 { font-size: 16px; margin: 26px 0 6px; }
h4 { font-size: 15px; margin: 22px 0 4px; }
h5 { font-size: 14px; margin: 14px 0 6px; overflow-wrap: anywhere; }
p { margin: 0 0 10px; max-width: 76ch; white-space: pre-line; }
a { color: inherit; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 14px 0 0; font-size: 14px; }
.lead { color: var(--muted); }
.warnings { background: var(--warn); border-left: 4px solid var(--warn-edge); padding: 10px 16px; margin: 20px 0; }
.warnings h2 { border: 0; margin: 0; padding: 0; font-size: 16px; }
.warnings ul { margin: 6px 0 0; padding-left: 20px; }
figure { margin: 14px 0 26px; }
figure svg { display: block; max-width: 100%; height: auto; }
figcaption, caption { color: var(--muted); font-size: 14px; text-align: left; }
figcaption { margin-bottom: 6px; max-width: 76ch; }
caption { padding: 0 0 6px; }
.levels { display: grid; grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); gap: 14px 18px; }
.levels figure { margin: 0; break-inside: avoid; }
.levels img { display: block; width: 100%; height: auto; margin-bottom: 5px; }
.levels figcaption { font-size: 13px; line-height: 1.4; margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 12px 0 22px; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; min-width: 50%; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
thead th { border-bottom: 1.5px solid var(--muted); white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 600; }
td, [data-sortable] tbody th { white-space: nowrap; }
tbody th { min-width: 12ch; }
td:has(code), td.message { white-space: normal; }
td.number, th.number { text-align: right; white-space: nowrap; }
thead th.long { white-space: normal; min-width: 18ch; }
.interval { color: var(--muted); font-size: 13px; }
.caution { color: var(--muted); font-size: 13px; font-style: italic; }
.key { display: inline-block; width: 12px; height: 12px; margin-right: 7px; border-radius: 2px; vertical-align: -1px; }
.message { color: var(--muted); min-width: 24ch; max-width: 44ch; overflow-wrap: anywhere; }
code { font: 13px/1.5 ui-monospace, DejaVu Sans Mono, monospace; overflow-wrap: anywhere; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-decoration: underline dotted; text-underline-offset: 3px; }
th[aria-sort=ascending] button::after { content: ' \\2191'; }
th[aria-sort=descending] button::after { content: ' \\2193'; }
summary { cursor: pointer; font-weight: 600; margin: 18px 0 6px; }
.clear { color: var(--ink); font-weight: 600; }
footer { margin-top: 48px; color: var(--muted); font-size: 13px; }
@media print {
  main { max-width: none; padding: 0; }
  body { font-size: 10.5pt; }
  nav { display: none; }
  figure, tr, .warnings { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  .wide { overflow: visible; }
  th button { text-decoration: none; }
}
`;
}

/** Sorts a table by the column whose heading is pressed. All there is to read is there without it. */
export const SORTING = `
for (const table of document.querySelectorAll('table[data-sortable]')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'ascending';
      for (const each of heads) each.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const order = (a, b) => (a !== '' && b !== '' && !isNaN(a) && !isNaN(b)) ? a - b
        : String(a).localeCompare(String(b), 'en', { numeric: true });
      const rows = [...table.tBodies[0].rows].sort((a, b) => order(value(a), value(b)));
      table.tBodies[0].append(...(down ? rows.reverse() : rows));
    });
  });
}
`;
