import { tryHere, VERDICT } from './diagnose.ts';
import type { Device, Executor } from './executor.ts';

// Started by `diagnose` in a process of its own: tries one executor and prints what came of it on one line.
const [executor, device, measured] = process.argv.slice(2) as [Executor['name'], Device, string?];
const verdict = await tryHere({ executor, device }, { isMeasured: measured === 'measured' });
process.stdout.write(`\n${VERDICT}${JSON.stringify(verdict)}\n`);
