const SILENT_AFTER = 60_000;
export const COLOURS = 7;

/** The table of runs; rows are made once and changed in place. */
export class Table {
  constructor(body) {
    this.body = body;
    this.rows = new Map();
  }

  clear() {
    this.body.replaceChildren();
    this.rows.clear();
  }

  show(runs, arms) {
    for (const run of runs) {
      let row = this.rows.get(run.id);
      if (row === undefined) {
        row = newRow();
        this.rows.set(run.id, row);
        this.body.append(row.element);
      }
      fill(row, run, arms);
    }
  }
}

function newRow() {
  const element = document.createElement('tr');
  const cells = {};
  for (const name of ['name', 'arm', 'state', 'progress', 'steps', 'speed', 'left', 'return', 'evaluated', 'message']) {
    const cell = document.createElement(name === 'name' ? 'th' : 'td');
    if (name === 'name') cell.scope = 'row';
    cell.className = ['steps', 'speed', 'left', 'return', 'evaluated'].includes(name) ? 'number' : name;
    element.append(cell);
    cells[name] = cell;
  }
  const bar = document.createElement('progress');
  const words = document.createElement('span');
  cells.progress.append(bar, words);
  const key = document.createElement('span');
  key.className = 'key';
  const arm = document.createElement('span');
  cells.arm.append(key, arm);
  return { element, cells, bar, words, key, arm };
}

function fill({ element, cells, bar, words, key, arm }, run, arms) {
  element.dataset.run = run.name;
  put(cells.name, run.name);
  put(arm, run.arm);
  const place = arms.indexOf(run.arm);
  key.style.background = place < 0 ? 'transparent' : `var(--arm-${place % COLOURS})`;
  cells.state.dataset.state = run.state;
  put(cells.state, stateText(run));
  const share = run.steps === null ? 0 : Math.min(1, run.step / run.steps);
  bar.max = 1;
  bar.value = share;
  put(words, ` ${Math.floor(100 * share)} %`);
  put(cells.steps, short(run.step));
  put(cells.speed, run.stepsPerSecond === null ? '' : String(Math.round(run.stepsPerSecond)));
  put(cells.left, run.left === null ? '' : duration(run.left));
  put(cells.return, run.latestReturn === null ? '' : digits(run.latestReturn));
  put(cells.evaluated, run.evaluated === null ? '' : digits(run.evaluated));
  put(cells.message, run.message ?? '');
  cells.message.title = run.message ?? '';
}

function put(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}

/** A run that was killed has no last word: all there is to see is that it has been silent. */
function stateText({ state, time }) {
  const silent = time === null ? 0 : Date.now() - Date.parse(time);
  return state === 'running' && silent > SILENT_AFTER ? `silent for ${duration(silent / 1000)}` : state;
}

/** `100k`, `1.5M`: steps, here and at the axis. */
export function short(value) {
  for (const [unit, letter] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ]) {
    if (Math.abs(value) >= unit) return `${Number((value / unit).toPrecision(4))}${letter}`;
  }
  return String(Number(value.toPrecision(4)));
}

export function digits(value) {
  const size = Math.abs(value);
  if (size >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(size >= 100 ? 4 : 3)));
}

function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
