import { Command } from 'commander';
import { LightbulbError } from '../../core/index.ts';
import { type MakeCommand, wholeNumber } from '../command.ts';
import { onInterrupt } from '../interrupt.ts';
import { exitCodes, printLine } from '../terminal.ts';

const HIGHEST_PORT = 65_535;

export const watchCommand: MakeCommand = (terminal, finish) =>
  new Command('watch')
    .description('show runs as they go on, live, in a browser on this machine')
    .argument('<folders...>', 'folders of runs or of batches, or with run folders in them')
    .option('--port <n>', 'port of the page on the loopback interface; otherwise any that is free')
    .action(async (folders: readonly string[], { port }: { readonly port?: string }) => {
      const { serveRuns } = await import('../../reports/index.ts');
      const page = await serveRuns({ folders, port: portOf(port) });
      printLine(terminal.stdout, `${page.url}\nopen it in a browser on this machine; Ctrl-C ends`);
      const stopped = new Promise<() => void>((done) => {
        const release = onInterrupt(() => done(release));
      });
      try {
        const release = await Promise.race([stopped, page.failed]);
        release();
      } finally {
        await page.close();
      }
      finish(exitCodes.done);
    });

function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = wholeNumber('--port', text, 0);
  if (port <= HIGHEST_PORT) return port;
  throw new LightbulbError('invalid_input', 'there is no such port', {
    where: '--port',
    wanted: `0 to ${HIGHEST_PORT}`,
    got: text,
  });
}
