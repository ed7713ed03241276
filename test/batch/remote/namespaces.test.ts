import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lightbulb } from '../../cli/capture.ts';
import { whyNoNats } from '../../mas/bus/nats-server.ts';
import { put, temporaryFolder } from '../../scenarios/files.ts';

const LAUNCHER = fileURLToPath(new URL('../../../cli/lightbulb.mjs', import.meta.url));
const HERE = `lb${process.pid}a`;
const THERE = `lb${process.pid}b`;
const ADDRESS = '10.77.0.1';
const URL_ = `nats://${ADDRESS}:4222`;

/** Runs a command of iproute2; false where it is not there or not allowed. */
const ip = (words: string): boolean => spawnSync('ip', words.split(' '), { stdio: 'ignore' }).status === 0;

/** Two hosts, as far as the network goes, with one cable between them. */
function layCable(): boolean {
  const [a, b] = [`v${process.pid}a`, `v${process.pid}b`];
  return [
    `netns add ${HERE}`,
    `netns add ${THERE}`,
    `link add ${a} netns ${HERE} type veth peer name ${b} netns ${THERE}`,
    `-n ${HERE} addr add ${ADDRESS}/24 dev ${a}`,
    `-n ${THERE} addr add 10.77.0.2/24 dev ${b}`,
    `-n ${HERE} link set ${a} up`,
    `-n ${THERE} link set ${b} up`,
    `-n ${HERE} link set lo up`,
  ].every(ip);
}

describe('a batch and its worker on two hosts', () => {
  const folder = temporaryFolder();
  const children: ChildProcess[] = [];

  before(function () {
    const why = whyNoNats ?? (layCable() ? undefined : 'network namespaces are not allowed here');
    if (why === undefined) return;
    console.log(`      skipped: ${why}`);
    this.skip();
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    ip(`netns del ${HERE}`);
    ip(`netns del ${THERE}`);
  });

  function on(host: string, command: string, ...words: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', host, command, ...words], { cwd: folder(), stdio: 'ignore' });
    children.push(child);
    return child;
  }
  const exit = (child: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => child.once('exit', (code) => resolve(code)));

  it('comes to the same results when the line between them is cut for a while', async function () {
    this.timeout(240_000);
    const experiment = put(folder(), 'two.json', {
      name: 'two',
      scenario: 'cartpole',
      arms: { only: { '/steps': 30_000 } },
      seeds: [1, 2],
    });
    assert.equal((await lightbulb(['batch', experiment, '--folder', join(folder(), 'alone')])).code, 0);

    on(HERE, 'nats-server', '-a', ADDRESS, '-p', '4222', '-js', '-sd', join(folder(), 'store'));
    await sleep(1000);
    // Whoever comes first makes the queue, so both say the same.
    const bus = ['--bus', URL_, '--patience', '4'];
    const work = ['worker', ...bus, '--devices', 'cpu', '--threads', '1', '--folder', join(folder(), 'w')];
    const worker = on(THERE, process.execPath, LAUNCHER, ...work);
    const place = join(folder(), 'apart');
    const batch = on(HERE, process.execPath, LAUNCHER, 'batch', experiment, '--folder', place, ...bus);
    const done = exit(batch);
    const journal = join(place, 'journal.jsonl');
    while (!existsSync(journal) || !readFileSync(journal, 'utf8').includes('"attempt"')) {
      assert.equal(batch.exitCode, null, 'the batch has ended before an attempt began');
      assert.equal(worker.exitCode, null, 'the worker has ended before an attempt began');
      await sleep(50);
    }
    assert.ok(ip(`-n ${THERE} link set v${process.pid}b down`));
    await sleep(8000);
    assert.ok(ip(`-n ${THERE} link set v${process.pid}b up`));
    assert.equal(await done, 0);
    worker.kill('SIGTERM');
    assert.equal(
      readFileSync(join(place, 'results.json'), 'utf8'),
      readFileSync(join(folder(), 'alone', 'results.json'), 'utf8'),
    );
  });
});
