// The page of `lightbulb watch`: keeps what the server sends, and shows it.
import { Chart } from './chart.mjs';
import { Table } from './table.mjs';

const element = (id) => document.getElementById(id);
const rows = new Map();
const series = new Map();
const table = new Table(element('rows'));
const chart = new Chart(element('chart'));
const choice = element('metric');
let stream;
let isShowing = false;

/** Arms in the order in which they were first seen: an arm keeps its colour. */
const arms = [];

function connect(metric) {
  stream?.close();
  const query = metric === undefined ? '' : `?metric=${encodeURIComponent(metric)}`;
  stream = new EventSource(`/changes${query}`);
  stream.onopen = () => connection('live', 'live');
  stream.onerror = () => connection('lost', 'connection lost, trying again');
  stream.onmessage = ({ data }) => take(JSON.parse(data));
}

function connection(state, words) {
  const place = element('connection');
  place.dataset.state = state;
  place.textContent = words;
}

function take(message) {
  if (message.isWhole) {
    rows.clear();
    series.clear();
    table.clear();
  }
  for (const row of message.rows) {
    rows.set(row.id, row);
    if (row.arm !== '' && !arms.includes(row.arm)) arms.push(row.arm);
  }
  for (const { id, replace, points, last } of message.series) {
    const kept = replace ? points : [...(series.get(id)?.points ?? []), ...points];
    series.set(id, { points: kept, last });
  }
  element('title').textContent = message.title;
  document.title = `${message.title} - lightbulb watch`;
  choose(message.metrics, message.metric);
  if (isShowing) return;
  isShowing = true;
  // Many small changes, one picture.
  setTimeout(() => {
    isShowing = false;
    show();
  }, 200);
}

function choose(metrics, chosen) {
  const names = metrics.includes(chosen) ? metrics : [chosen, ...metrics];
  const now = [...choice.options].map((option) => option.value);
  if (now.join('\n') !== names.join('\n')) {
    choice.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  }
  if (choice.value !== chosen) choice.value = chosen;
}

function show() {
  const all = [...rows.values()];
  const counts = new Map();
  for (const { state } of all) counts.set(state, (counts.get(state) ?? 0) + 1);
  element('counts').textContent = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  table.show(all, arms);
  chart.show(all, series, arms, choice.value);
}

choice.addEventListener('change', () => connect(choice.value));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart.recolour());
addEventListener('resize', () => chart.resize());
// How long a run has been silent grows without any message.
setInterval(() => table.show([...rows.values()], arms), 5000);
connect();
