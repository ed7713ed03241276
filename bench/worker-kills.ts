import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AttemptProcesses, type CoordinatorNews, coordinate } from '../batch/index.ts';
import { connectBus } from '../mas/index.ts';
import { type Job, loadScenario, parseOverride, presetFile } from '../scenarios/index.ts';

export interface WorkerKillsOptions {
  /** A NATS server with JetStream. */
  readonly url: string;
  readonly runs: number;
  readonly workers: number;
  /** Seconds between two kills. */
  readonly every: number;
  readonly kills: number;
  /** Environment steps of a run. */
  readonly steps: number;
  readonly say?: (line: string) => void;
}

export interface WorkerKillsResult {
  readonly seconds: number;
  readonly finished: number;
  readonly killed: number;
  /** Attempts that went on from a checkpoint of another worker's. */
  readonly resumed: number;
  /** Runs whose last evaluation was made more than once: a worker died between it and handing the run over. */
  readonly endedAgain: number;
  /** Runs that came back more than once. */
  readonly twice: number;
  /** Runs whose metrics or last weights differ from the undisturbed. */
  readonly different: readonly string[];
  /** Processes that outlived the workers that had started them. */
  readonly orphans: number;
}

const NO_LIMITS = { seconds: null, memory: null };
const LAUNCHER = fileURLToPath(new URL('../cli/lightbulb.mjs', import.meta.url));

/**
 * Real workers on a real bus, killed by SIGKILL one after the other, each replaced by a new one, while a batch is
 * going on. Compares what comes out with the same runs undisturbed, byte by byte.
 */
export async function workerKills(options: WorkerKillsOptions): Promise<WorkerKillsResult> {
  const { url, every, say = () => {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'lightbulb-kills-'));
  const jobs = jobsOf(options);
  const alone = join(folder, 'undisturbed');
  await runAlone(jobs, alone);
  say(`${jobs.length} runs undisturbed: done`);

  const bus = await connectBus(url);
  const hands: ChildProcess[] = [];
  const suspects = new Set<number>();
  const hire = (): void => void hands.push(startWorker(url, join(folder, 'workers')));
  const ends = new Map<string, Set<string>>();
  let [resumed, killed] = [0, 0];
  const began = performance.now();
  try {
    for (let i = 0; i < options.workers; i++) hire();
    const collected = new Set<string>();
    let twice = 0;
    const note = (news: CoordinatorNews): void => {
      if (news.kind === 'collected') {
        assert.equal(news.state.status, 'finished', `${news.key}: ${JSON.stringify(news.state.failures)}`);
        if (collected.has(news.key)) twice++;
        collected.add(news.key);
        say(`${news.key} is here, ${collected.size} of ${jobs.length}`);
      }
      if (news.kind !== 'event') return;
      if (news.event.kind === 'started' && news.event.step > 0) resumed++;
      if (news.event.kind === 'finished') {
        ends.set(news.key, (ends.get(news.key) ?? new Set()).add(`${news.worker} ${news.event.time}`));
      }
    };
    const place = join(folder, 'batch');
    mkdirSync(place, { recursive: true });
    let isDone = false;
    const batch = coordinate({
      bus,
      batch: `kills-${process.pid}`,
      jobs,
      limits: NO_LIMITS,
      retries: 0,
      patience: 3000,
      folderOf: (key) => join(place, key),
      signal: new AbortController().signal,
    })
      .forEach(note)
      .finally(() => {
        isDone = true;
      });
    for (let turn = 0; turn < options.kills && !isDone; turn++) {
      await Promise.race([batch, sleep(every * 1000)]);
      if (isDone) break;
      const victim = hands.shift()!;
      for (const pid of childrenOf(victim.pid!)) suspects.add(pid);
      victim.kill('SIGKILL');
      killed++;
      say(`killed a worker (${killed})`);
      hire();
    }
    await batch;
    const seconds = (performance.now() - began) / 1000;
    for (const hand of hands) {
      for (const pid of childrenOf(hand.pid!)) suspects.add(pid);
      hand.kill('SIGTERM');
    }
    await Promise.all(hands.map(ended));
    const orphans = await survivors(suspects);
    const different = jobs.filter(({ key }) => digest(join(alone, key)) !== digest(join(place, key)));
    return {
      seconds,
      finished: collected.size,
      killed,
      resumed,
      endedAgain: [...ends.values()].filter(({ size }) => size > 1).length,
      twice,
      different: different.map(({ key }) => key),
      orphans,
    };
  } finally {
    for (const hand of hands) hand.kill('SIGKILL');
    await bus.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function jobsOf({ runs, steps }: WorkerKillsOptions): Job[] {
  return Array.from({ length: runs }, (_, i) => {
    const seed = i + 1;
    const settings = [`seed=${seed}`, `steps=${steps}`, `checkpoint.every=${Math.ceil(steps / 8)}`];
    const scenario = loadScenario(presetFile('cartpole'), settings.map(parseOverride));
    return { key: `cartpole-s${seed}`, arm: 'cartpole', settings: {}, seed, scenario };
  });
}

async function runAlone(jobs: readonly Job[], folder: string): Promise<void> {
  const processes = new AttemptProcesses();
  const signal = new AbortController().signal;
  for (const { key, scenario } of jobs) {
    const { outcome } = processes.start({ scenario, folder: join(folder, key), limits: NO_LIMITS, signal });
    const { state } = await outcome;
    assert.equal(state, 'finished');
  }
  await processes.close();
}

function startWorker(url: string, folder: string): ChildProcess {
  const words = ['worker', '--bus', url, '--devices', 'cpu', '--threads', '1', '--folder', folder];
  return spawn(process.execPath, [LAUNCHER, ...words], { stdio: 'ignore' });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** The processes that a process has started, on Linux. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
}

/** How many are still there ten seconds later. */
async function survivors(pids: ReadonlySet<number>): Promise<number> {
  for (let waited = 0; ; waited += 100) {
    const alive = [...pids].filter((pid) => existsSync(`/proc/${pid}`)).length;
    if (alive === 0 || waited >= 10_000) return alive;
    await sleep(100);
  }
}

/** Of everything that a run learned and measured: the metrics, and the weights of the last checkpoint. */
function digest(folder: string): string {
  const checkpoints = join(folder, 'checkpoints');
  const last = Math.max(...readdirSync(checkpoints).map(Number));
  const hash = createHash('sha256').update(readFileSync(join(folder, 'metrics.jsonl')));
  return hash.update(readFileSync(join(checkpoints, String(last), 'tensors.safetensors'))).digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url = 'nats://127.0.0.1:4222'] = process.argv.slice(2);
  const result = await workerKills({
    url,
    runs: 30,
    workers: 3,
    every: 5,
    kills: 1000,
    steps: 100_000,
    say: (line) => console.error(line),
  });
  console.log(JSON.stringify(result, null, 2));
  process.exit(result.different.length + result.orphans + result.twice === 0 && result.finished === 30 ? 0 : 1);
}
