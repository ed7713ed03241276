import { PassThrough } from 'node:stream';
import type { Terminal } from '../../cli/terminal.ts';

/** What a command left: its exit code, and what it wrote where. */
export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs the command in this process with streams that remember. Imported late, as the command imports its own parts
 * late: so both are of one copy of the modules, also where the test runner compiles the test in another way.
 */
export async function lightbulb(words: readonly string[], parts: Partial<Terminal> = {}): Promise<Captured> {
  const { main } = await import('../../cli/main.ts');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await main(words, { stdout, stderr, ...parts });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}
