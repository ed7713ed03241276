import { join } from 'node:path';
import { Command } from 'commander';
import type { Observable } from 'rxjs';
import type { BatchEvent, Result } from '../../batch/index.ts';
import { LightbulbError } from '../../core/index.ts';
import type { Experiment } from '../../scenarios/index.ts';
import { flagOverrides, jsonOption, type MakeCommand, setOption, wholeNumber } from '../command.ts';
import { type ExitCode, exitCodes, printJson, printLine, type Terminal } from '../terminal.ts';

interface Options {
  readonly folder?: string;
  readonly parallel?: string;
  readonly retries?: string;
  readonly threads?: string;
  readonly device?: string;
  readonly set: readonly string[];
  readonly bus?: string;
  readonly patience?: string;
  readonly cancel?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

export const batchCommand: MakeCommand = (terminal, finish) =>
  new Command('batch')
    .description('run all runs of an experiment file; started again, it goes on where it was')
    .argument('<experiment>', 'an experiment file')
    .option('--folder <folder>', "the batch's folder; otherwise runs/<experiment>")
    .option('--parallel <n>', 'runs side by side; otherwise as the file says, or as many as there are cores')
    .option('--retries <n>', "further attempts after a failed one; otherwise the file's")
    .option('--threads <n>', 'threads of each run')
    .option('--device <name>', 'where every run computes: auto, cpu, webgpu, cuda or tensorflow')
    .addOption(setOption())
    .option('--bus <url>', 'where `lightbulb worker` waits for the runs: nats://host:4222')
    .option('--patience <seconds>', 'silence after which a run goes to another worker, for a new bus; otherwise 30')
    .option('--cancel', 'with --bus: take the runs off the bus and stop those under way')
    .option('--dry-run', 'print the runs, and do nothing')
    .addOption(jsonOption('what was reached (or, with --dry-run, the runs)'))
    .action(async (file: string, { set, device, threads, ...flags }: Options) => {
      const { loadExperiment, parseOverride } = await import('../../scenarios/index.ts');
      const written = loadExperiment(file, {
        base: set.map(parseOverride),
        all: flagOverrides({ device, threads }),
      });
      const { parallel, retries } = flags;
      const experiment: Experiment = {
        ...written,
        ...(parallel === undefined ? {} : { parallel: wholeNumber('--parallel', parallel, 1) }),
        ...(retries === undefined ? {} : { retries: wholeNumber('--retries', retries, 0) }),
      };
      if (flags.dryRun) finish(await plan(experiment, terminal, flags));
      else if (flags.cancel) finish(await takeOff(experiment, terminal, flags));
      else finish(await carryOut(experiment, terminal, flags));
    });

type Flags = Pick<Options, 'folder' | 'json' | 'bus' | 'patience'>;

async function plan(experiment: Experiment, { stdout }: Terminal, { json }: Flags): Promise<ExitCode> {
  const { parallelOf } = await import('../../batch/index.ts');
  const { planText } = await import('../batch-text.ts');
  const parallel = parallelOf(experiment);
  if (json) printJson(stdout, { ...experiment, parallel });
  else printLine(stdout, planText(experiment, parallel));
  return exitCodes.done;
}

async function carryOut(experiment: Experiment, terminal: Terminal, flags: Flags): Promise<ExitCode> {
  const { folder, json } = flags;
  const { showBatch } = await import('../batch-progress.ts');
  const { resultsText } = await import('../batch-text.ts');
  const { onInterrupt } = await import('../interrupt.ts');
  const { stderr, stdout } = terminal;
  await mustBuild(experiment);
  const place = folder ?? join('runs', experiment.name);
  const stop = new AbortController();
  const release = onInterrupt((first) => {
    if (!first) process.exit(exitCodes.interrupted); // and the children with it
    printLine(stderr, `\n${sitting.onStop}; Ctrl-C again stops at once`);
    stop.abort();
  });
  const sitting = await begin(experiment, place, stop.signal, terminal, flags);
  const progress = showBatch(stderr);
  const reasons = new Map<string, string>();
  let results: readonly Result[] = [];
  try {
    await sitting.events.forEach((event) => {
      progress.show(event);
      if (event.kind === 'closed') results = event.results;
      else if (event.kind === 'outcome' && event.outcome.state === 'failed') {
        reasons.set(event.key, `${event.outcome.message} (log, if it printed anything: ${event.log})`);
      }
    });
  } finally {
    progress.close();
    release();
    await sitting.close();
  }
  for (const { key, state } of results) {
    if (state === 'failed') printLine(stderr, `failed: ${key}: ${reasons.get(key)}`);
  }
  if (json) printJson(stdout, results);
  else printLine(stdout, `${resultsText(results)}\n\nfolder: ${place}\n${whatNext(results, place)}`);
  if (results.some(({ state }) => state === 'interrupted' || state === 'waiting')) return exitCodes.interrupted;
  return results.some(({ state }) => state === 'failed') ? exitCodes.failed : exitCodes.done;
}

/** A batch that is about to run here, or on the workers of a bus. */
interface Sitting {
  readonly events: Observable<BatchEvent>;
  /** What Ctrl-C does. */
  readonly onStop: string;
  close(): Promise<void>;
}

async function begin(
  experiment: Experiment,
  folder: string,
  signal: AbortSignal,
  terminal: Terminal,
  { bus: url, patience }: Flags,
): Promise<Sitting> {
  const { AttemptProcesses, runBatch, runRemoteBatch } = await import('../../batch/index.ts');
  if (url === undefined) {
    const processes = new AttemptProcesses();
    const start = terminal.startAttempt ?? processes.start;
    return {
      events: runBatch(experiment, { folder, start, signal }),
      onStop: 'stopping every run at a checkpoint',
      close: () => processes.close(),
    };
  }
  const { connect } = await import('../bus.ts');
  const { bus, close } = await connect(url, terminal);
  const workers = new Set<string>();
  const alone = setTimeout(() => {
    if (workers.size === 0)
      printLine(terminal.stderr, `no worker is there yet; start some: lightbulb worker --bus ${url}`);
  }, SECONDS_TO_SHOW_UP * 1000);
  const events = runRemoteBatch(experiment, {
    folder,
    bus,
    signal,
    ...(patience === undefined ? {} : { patience: wholeNumber('--patience', patience, 1) * 1000 }),
    seeWorker: ({ worker }) => workers.add(worker),
  });
  return {
    events,
    onStop: 'leaving the runs to the workers; the same command again collects them',
    async close() {
      clearTimeout(alone);
      await close();
    },
  };
}

const SECONDS_TO_SHOW_UP = 6;

async function takeOff({ name }: Experiment, terminal: Terminal, { folder, bus: url }: Flags): Promise<ExitCode> {
  const { cancel, nameOnBus } = await import('../../batch/index.ts');
  const { connect } = await import('../bus.ts');
  const place = folder ?? join('runs', name);
  const batch = nameOnBus(place);
  if (batch === undefined) {
    throw new LightbulbError('invalid_input', 'this batch was never on a bus', { where: place });
  }
  const { bus, close } = await connect(url, terminal);
  try {
    const count = await cancel(bus, batch);
    printLine(terminal.stdout, `${count} runs taken off the bus; what was collected stays in ${place}`);
  } finally {
    await close();
  }
  return exitCodes.done;
}

/** What only shows when an environment is made: asked once for each, before anything starts. */
async function mustBuild({ jobs }: Experiment): Promise<void> {
  const { checkScenario } = await import('../../scenarios/index.ts');
  const seen = new Set<string>();
  for (const { scenario } of jobs) {
    const { environment, tasks, learner } = scenario;
    const text = JSON.stringify(tasks === null ? environment : [tasks, learner]);
    if (!seen.has(text)) await checkScenario(scenario);
    seen.add(text);
  }
}

function whatNext(results: readonly Result[], folder: string): string {
  const isWhole = results.every(({ state }) => state === 'finished');
  return isWhole ? `next:   lightbulb report ${folder}` : 'go on:  the same command again';
}
