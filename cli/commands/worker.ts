import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { WorkerNews } from '../../batch/index.ts';
import { LightbulbError } from '../../core/index.ts';
import { connect } from '../bus.ts';
import { jsonOption, type MakeCommand, wholeNumber } from '../command.ts';
import { onInterrupt } from '../interrupt.ts';
import { exitCodes, printLine, type Terminal } from '../terminal.ts';

interface Options {
  readonly bus?: string;
  readonly devices: string;
  readonly memory?: string;
  readonly threads?: string;
  readonly folder: string;
  readonly patience?: string;
  readonly idle?: string;
  readonly json?: true;
}

const DEVICES = ['cpu', 'webgpu', 'cuda', 'tensorflow'] as const;
const MIB = 2 ** 20;

export const workerCommand: MakeCommand = (terminal, finish) =>
  new Command('worker')
    .description('run jobs of batches that others put on a bus')
    .option('--bus <url>', 'where the bus is: nats://host:4222; otherwise LIGHTBULB_BUS')
    .option('--devices <names>', 'what to compute on, with commas between; auto tries what works here', 'auto')
    .option('--memory <MiB>', 'what runs may take together; otherwise nine tenths of what the machine has')
    .option('--threads <n>', 'what runs may use together; otherwise one for each core')
    .option('--folder <folder>', 'where runs lie while they go on', join(tmpdir(), 'lightbulb-workers'))
    .option('--patience <seconds>', 'silence after which a job goes to another worker, for a new bus; otherwise 30')
    .option('--idle <seconds>', 'stop after so long without a job; otherwise never')
    .addOption(jsonOption('what happens, a line each,'))
    .action(async (options: Options) => {
      const { memory, threads, idle, patience } = options;
      const wanted = {
        memory: memory === undefined ? Math.floor((totalmem() / MIB) * 0.9) : wholeNumber('--memory', memory, 1),
        threads: threads === undefined ? availableParallelism() : wholeNumber('--threads', threads, 1),
        ...(patience === undefined ? {} : { patience: wholeNumber('--patience', patience, 1) * 1000 }),
        idle: idle === undefined ? null : wholeNumber('--idle', idle, 1) * 1000,
        folder: options.folder,
        devices: await devicesOf(options.devices, terminal),
      };
      const { AttemptProcesses, work } = await import('../../batch/index.ts');
      const { bus, close } = await connect(options.bus, terminal);
      const processes = new AttemptProcesses();
      const stop = new AbortController();
      const release = onInterrupt((first) => {
        if (!first) process.exit(exitCodes.interrupted);
        printLine(terminal.stderr, '\nhanding runs back with a checkpoint; Ctrl-C again stops at once');
        stop.abort();
      });
      try {
        await work({ bus, startAttempt: processes.start, signal: stop.signal, ...wanted }).forEach((each) => {
          printLine(terminal.stdout, options.json ? JSON.stringify(each) : describe(each));
        });
      } finally {
        release();
        await processes.close();
        await close();
      }
      finish(exitCodes.done);
    });

/** The devices that a person named, or those that work here. */
async function devicesOf(text: string, terminal: Terminal): Promise<readonly string[]> {
  if (text === 'auto') {
    const found = await (terminal.diagnose ?? (await import('../../nn/index.ts')).diagnose)({});
    const working = new Set(found.flatMap(({ works, device }) => (works ? [device as string] : [])));
    return DEVICES.filter((name) => working.has(name));
  }
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(DEVICES as readonly string[]).includes(name));
  if (unknown === undefined) return names;
  throw new LightbulbError('invalid_input', 'no such device', {
    where: '--devices',
    wanted: `auto, or some of ${DEVICES.join(',')}`,
    got: unknown,
  });
}

function describe(news: WorkerNews): string {
  switch (news.kind) {
    case 'ready':
      return `${news.worker} is ready for jobs on ${news.lanes.join(', ')}`;
    case 'taken':
      return `${news.batch}/${news.key}: taken${news.deliveries > 1 ? `, the ${news.deliveries}. to do so` : ''}`;
    case 'ended':
      return `${news.batch}/${news.key}: ${FATES[news.fate]}`;
    case 'trouble':
      return `trouble: ${news.message}`;
  }
}

const FATES: Readonly<Record<Extract<WorkerNews, { kind: 'ended' }>['fate'], string>> = {
  finished: 'finished',
  failed: 'failed for good',
  waiting: 'handed back',
  running: 'running elsewhere',
  cancelled: 'cancelled',
  void: 'left to another worker',
  gone: 'no longer wanted',
};
