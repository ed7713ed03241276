import { CommanderError } from 'commander';
import { LightbulbError } from '../core/index.ts';
import { type ExitCode, exitCodes, printLine, type Terminal } from './terminal.ts';

/** Says what went wrong in one message, and what the command ends with. LIGHTBULB_DEBUG=1 adds where in our code. */
export function reportError(error: unknown, { stderr }: Terminal): ExitCode {
  // Commander has said its piece already; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongInput;
  const ours = error instanceof LightbulbError;
  const isBug = !ours || error.code === 'internal';
  const message = error instanceof Error ? error.message : String(error);
  printLine(stderr, `error: ${ours || message.startsWith('internal:') ? message : `internal: ${message}`}`);
  if (process.env.LIGHTBULB_DEBUG === '1') {
    for (let each: unknown = error; each instanceof Error; each = each.cause) printLine(stderr, each.stack ?? '');
  } else if (isBug) {
    printLine(stderr, 'This is probably a mistake in lightbulb, or in the module it ran. Please report it, with what');
    printLine(stderr, 'LIGHTBULB_DEBUG=1 prints.');
  }
  return ours && error.isInput ? exitCodes.wrongInput : exitCodes.failed;
}
