import type { Watched, WatchedAgent } from '../mas/index.ts';
import { short } from './summary.ts';

/** Milliseconds of silence after which something may be wrong. */
const SILENCE = 5000;

/** How the agents of a run go on, as a table for the terminal. */
export async function topTable(watched: Watched): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const lines = [headline(watched), ...returns(watched)];
  if (watched.agents.length === 0) return [...lines, 'no agent says that it is there'].join('\n');
  const table = new Table({
    head: ['role', 'process', 'version', 'behind', 'round', 'messages/s', 'last word'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const agent of watched.agents) table.push(row(agent));
  return [...lines, table.toString()].join('\n');
}

function headline({ run, progress }: Watched): string {
  if (progress === null) return `${run}: nothing heard of the run itself`;
  const { round, step, version, rates, age } = progress;
  const speeds = [
    `${short(rates.stepsPerSecond)} steps/s`,
    `${short(rates.updatesPerSecond)} updates/s`,
    `${short(rates.messagesPerSecond)} messages/s`,
  ];
  return `${run}: step ${step}, round ${round}, version ${version}; ${speeds.join(', ')}; ${agoOf(age)}`;
}

/** Returns, and what each agent adds to them. */
function returns({ progress }: Watched): string[] {
  const shown = Object.entries(progress?.metrics ?? {}).filter(([name]) => /(^|\/)(return|credit)\//.test(name));
  return shown.length === 0 ? [] : [shown.map(([name, value]) => `${name} ${short(value)}`).join('  ')];
}

function row({ role, name, version, behind, round, messagesPerSecond, age }: WatchedAgent): string[] {
  const unknown = '-';
  return [
    role,
    name,
    `${version}`,
    behind === null ? unknown : `${behind}`,
    `${round}`,
    messagesPerSecond === null ? unknown : short(messagesPerSecond),
    agoOf(age),
  ];
}

function agoOf(age: number): string {
  return `${(age / 1000).toFixed(1)} s ago${age > SILENCE ? ', silent' : ''}`;
}
