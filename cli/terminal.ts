import type { Writable } from 'node:stream';
import type { StartAttempt } from '../batch/index.ts';
import type { DiagnoseOptions, Diagnosis } from '../nn/index.ts';
import type { CreateGato, CreateTraining } from '../scenarios/index.ts';

/** What the command talks to and works with; tests put others here. */
export interface Terminal {
  /** Results; with `--json` nothing but the JSON. */
  readonly stdout: Writable;
  /** Progress, warnings and errors. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly createTraining?: CreateTraining;
  readonly createGato?: CreateGato;
  readonly startAttempt?: StartAttempt;
  readonly diagnose?: (options: DiagnoseOptions) => Promise<readonly Diagnosis[]>;
}

/** What the command ends with. */
export const exitCodes = { done: 0, failed: 1, wrongInput: 2, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function printLine(stream: Writable, text: string): void {
  stream.write(`${text}\n`);
}

export function printJson(stream: Writable, value: unknown): void {
  stream.write(`${JSON.stringify(value, null, 2)}\n`);
}
