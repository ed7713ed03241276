import type { IdRange, StepLayout, Vocabulary } from '../agents/index.ts';

/** How the time steps of one group's agents become tokens. */
export interface GroupTokens {
  readonly name: string;
  readonly agents: readonly string[];
  readonly layout: StepLayout;
}

/** Layouts as tables for the terminal, and the ids of the vocabulary that they are made with. */
export async function tokenTables(groups: readonly GroupTokens[], vocabulary: Vocabulary): Promise<string> {
  const tables = await Promise.all(groups.map(tokenTable));
  return [...tables, vocabularyLines(vocabulary)].join('\n\n');
}

async function tokenTable({ name, agents, layout }: GroupTokens): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const table = new Table({
    head: ['role', 'part', 'kind', 'tokens', 'local', 'what'],
    colAligns: ['left', 'left', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [] }, // no colours: it is read by people and by files
  });
  for (const { role, path, kind, tokens, local, note } of layout.segments) {
    table.push([role, path, kind, kind === 'text' ? `<= ${tokens}` : tokens, positions(local, tokens), note]);
  }
  const { observationTokens, actionTokens, isFixed } = layout;
  const most = isFixed ? '' : 'at most ';
  const sum = `${most}${observationTokens + actionTokens} tokens a step: ${most}${observationTokens} observation, ${actionTokens} action`;
  return `group "${name}" (${listed(agents)})\n${table.toString()}\n${sum}`;
}

function positions(first: number | null, tokens: number): string {
  if (first === null) return 'none';
  return tokens === 1 ? String(first) : `${first} to ${first + tokens - 1}`;
}

function listed(names: readonly string[]): string {
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

function vocabularyLines({ text, discrete, continuous, codes, size, ...specials }: Vocabulary): string {
  const ranges = Object.entries({ text, discrete, continuous, codes })
    .filter(([, range]) => range.size > 0)
    .map(([name, range]) => `${name} ${ids(range)}`);
  const single = Object.entries(specials).map(([name, id]) => `${name} ${id}`);
  return `vocabulary, ${size} ids: ${ranges.join(', ')},\n${single.join(', ')}`;
}

function ids({ start, size }: IdRange): string {
  return `${start} to ${start + size - 1}`;
}
