import { type Command, Option } from 'commander';
import { LightbulbError } from '../core/index.ts';
import type { Override } from '../scenarios/index.ts';
import type { ExitCode, Terminal } from './terminal.ts';

/** Makes one subcommand. It says what the process ends with through `finish`. */
export type MakeCommand = (terminal: Terminal, finish: (code: ExitCode) => void) => Command;

export function jsonOption(what = 'the summary'): Option {
  return new Option('--json', `print ${what} as JSON, and nothing else, on standard output`);
}

export function setOption(): Option {
  return new Option('--set <key=value>', 'set anything in the scenario: learner.learningRate=0.001 (repeatable)')
    .default([] as readonly string[], 'nothing')
    .argParser((text: string, before: readonly string[]) => [...before, text]);
}

/** Flags that stand for values of the scenario, as overrides of it: the schema checks them, and names the flag. */
export function flagOverrides(flags: Readonly<Record<string, string | true | undefined>>): Override[] {
  return Object.entries(flags).flatMap(([name, given]) => {
    if (given === undefined) return [];
    const isNumber = typeof given === 'string' && given.trim() !== '' && Number.isFinite(Number(given));
    const from = given === true ? `--${name}` : `--${name} ${given}`;
    return [{ path: [name], value: isNumber ? Number(given) : given, from }];
  });
}

/** The bus from a flag. Error `invalid_input` for an address with credentials in it, which would end up in run folders. */
export function busOverride(bus: string | undefined): Override[] {
  if (bus === undefined) return [];
  if (!bus.includes('@')) return [{ path: ['mas', 'bus'], value: bus, from: '--bus' }];
  throw new LightbulbError('invalid_input', 'credentials do not belong into the address here', {
    where: '--bus',
    cure: 'Set LIGHTBULB_NATS_TOKEN, or LIGHTBULB_NATS_USER and LIGHTBULB_NATS_PASSWORD; see docs/bus.md',
  });
}

/** A whole number from a flag. */
export function wholeNumber(flag: string, text: string, minimum: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= minimum) return value;
  throw new LightbulbError('invalid_input', 'not a whole number in range', {
    where: flag,
    wanted: `an integer >= ${minimum}`,
    got: text,
  });
}

/** A JSON object from a flag; an empty one without. */
export function jsonObject(flag: string, text: string | undefined): { readonly [key: string]: never } {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, never>;
  throw new LightbulbError('invalid_input', 'not a JSON object', {
    where: flag,
    wanted: 'for example {"agents":3}',
    got: text,
  });
}
