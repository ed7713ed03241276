import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Watched } from '../../mas/index.ts';
import { connect } from '../bus.ts';
import { jsonOption, type MakeCommand } from '../command.ts';
import { onInterrupt } from '../interrupt.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';
import { topTable } from '../top-table.ts';

/** Milliseconds between two tables; everybody says a word each second. */
const EVERY = 1000;
/** Milliseconds to hear everybody, twice. */
const ENOUGH = 2500;
const CLEAR = '\u001b[H\u001b[2J';

export const topCommand: MakeCommand = (terminal, finish) =>
  new Command('top')
    .description('show how the agents of a run go on, live, in the terminal')
    .argument('<run>', 'the name of the run')
    .option('--bus <url>', 'where the bus is: nats://host:4222; otherwise LIGHTBULB_BUS')
    .option('--once', 'print one table, and end')
    .addOption(jsonOption('what is known'))
    .action(async (run: string, { bus: url, once, json }: { bus?: string; once?: true; json?: true }) => {
      const { stdout, stderr } = terminal;
      const { bus, close } = await connect(url, terminal);
      const { watchRun } = await import('../../mas/index.ts');
      const watching = watchRun(bus, run);
      const stop = new AbortController();
      const release = onInterrupt(() => stop.abort());
      const pause = (time: number) => sleep(time, undefined, { signal: stop.signal }).catch(() => undefined);
      const show = async (watched: Watched): Promise<void> => {
        if (json) printJson(stdout, watched);
        else printLine(stdout, `${once || !stderr.isTTY ? '' : CLEAR}${await topTable(watched)}`);
      };
      try {
        await pause(once ? ENOUGH : EVERY);
        do {
          await show(watching.view());
          if (!once) await pause(EVERY);
        } while (!once && !stop.signal.aborted);
      } finally {
        release();
        await watching.close();
        await close();
      }
      finish(exitCodes.done);
    });
