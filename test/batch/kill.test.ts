import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Stream, stream } from '../../core/index.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { attemptProcesses, jsonLines, remains } from './runs.ts';

/** How many kills, of each target in turn; the long version: LIGHTBULB_KILLS=20. */
const KILLS = Number(process.env.LIGHTBULB_KILLS ?? 3);

const launcher = fileURLToPath(new URL('../../cli/lightbulb.mjs', import.meta.url));
const mark = `batch-kill-${process.pid}`;

const experiment = {
  name: 'killed',
  scenario: fileURLToPath(new URL('../../scenarios/tiny/cartpole.json', import.meta.url)),
  arms: {
    plain: { '/steps': 12_800, '/checkpoint/every': 1280, '/evaluation/every': 3200 },
    memory: { '/steps': 6400, '/checkpoint/every': 640, '/learner/network/gru': 8, '/learner/chunk': 8 },
  },
  seeds: [1, 2],
  retries: 100,
};

function batch(file: string, folder: string): ChildProcess {
  return spawn(process.execPath, [launcher, 'batch', file, '--folder', folder, '--parallel', '2'], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, MARK: mark },
  });
}

const TARGETS = ['the batch', 'a child', 'the batch and its children'] as const;
type Target = (typeof TARGETS)[number];

/** Kills the target; false where it was over already. */
function strike(parent: ChildProcess, target: Target): boolean {
  if (parent.exitCode !== null) return false;
  const children = attemptProcesses(mark);
  if (target === 'a child' && children.length === 0) return false;
  if (target !== 'a child') parent.kill('SIGKILL');
  for (const pid of target === 'the batch' ? [] : target === 'a child' ? children.slice(0, 1) : children) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended between the look and the blow.
    }
  }
  return true;
}

/** Starts the batch and kills it again until it is done. `before` kills landed earlier; returns how many have now. */
async function disturbed(
  file: string,
  folder: string,
  before: number,
  longest: number,
  random: Stream,
): Promise<number> {
  for (let landed = before; ; ) {
    const parent = batch(file, folder);
    const exit = once(parent, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    while (landed < KILLS && parent.exitCode === null && parent.signalCode === null) {
      await Promise.race([wait(random.uniform() * longest), exit]);
      if (parent.exitCode === null && strike(parent, TARGETS[landed % TARGETS.length]!)) landed++;
      await Promise.race([wait(50), exit]);
    }
    const [code, signal] = await exit;
    if (signal === null) {
      assert.equal(code, 0);
      return landed;
    }
  }
}

/** Nothing was begun again after it was finished, by the batch's journal and by the runs' own events. */
function ranOnce(folder: string): void {
  const finished = new Set<string>();
  for (const { kind, key, state } of jsonLines<{ kind: string; key: string; state: string }>(
    join(folder, 'journal.jsonl'),
  )) {
    if (kind === 'attempt') assert.ok(!finished.has(key), `${key} was begun after it was finished`);
    if (kind === 'outcome' && state === 'finished') finished.add(key);
  }
  for (const arm of Object.keys(experiment.arms)) {
    for (const seed of experiment.seeds) {
      const events = jsonLines<{ kind: string }>(join(folder, 'runs', `${arm}-s${seed}`, 'events.jsonl'));
      const end = events.findIndex(({ kind }) => kind === 'finished');
      assert.ok(end === -1 || end === events.length - 1, 'something happened after the end');
    }
  }
}

describe('a batch killed with SIGKILL, and its children', function () {
  this.timeout(120_000 + KILLS * 60_000);
  const root = temporaryFolder();

  it(`${KILLS} times at moments drawn by lot, ends with the bytes of one that was never stopped`, async () => {
    const file = put(root(), 'killed.json', experiment);
    const whole = join(root(), 'whole');
    const began = performance.now();
    assert.deepEqual(await once(batch(file, whole), 'exit'), [0, null]);
    const duration = performance.now() - began;
    const random = stream(Number(process.env.LIGHTBULB_KILL_SEED ?? 11), 'kills');

    for (let landed = 0, round = 1; landed < KILLS; round++) {
      const folder = join(root(), `killed-${round}`);
      landed = await disturbed(file, folder, landed, duration, random);
      const text = (place: string) => readFileSync(join(place, 'results.json'), 'utf8');
      assert.equal(text(folder), text(whole));
      assert.deepEqual(remains(join(folder, 'runs')), remains(join(whole, 'runs')));
      ranOnce(folder);
      rmSync(folder, { recursive: true });
    }
    for (let i = 0; i < 100 && attemptProcesses(mark).length > 0; i++) await wait(20);
    assert.deepEqual(attemptProcesses(mark), []);
  });
});
