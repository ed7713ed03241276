import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { put, temporaryFolder } from '../scenarios/files.ts';

const launcher = fileURLToPath(new URL('../../cli/lightbulb.mjs', import.meta.url));
const stuck = ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('./stuck.ts', import.meta.url))];

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the real command. `react` sees each piece of standard error as it comes. */
async function start(
  words: readonly string[],
  cwd: string,
  react: (text: string, child: ChildProcess) => void = () => {},
  program: readonly string[] = [launcher],
): Promise<Outcome> {
  const child = spawn(process.execPath, [...program, ...words], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (piece) => {
    out += piece;
  });
  child.stderr.on('data', (piece) => {
    err += piece;
    react(String(piece), child);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

describe('the process of the command', () => {
  const root = temporaryFolder();
  const scenario = (steps: number) =>
    put(root(), 'probe.json', {
      name: 'probe',
      environment: { name: 'counting', copies: 4 },
      learner: { rollout: 16, epochs: 1, minibatches: 1, network: { hidden: [8] } },
      steps,
      evaluation: { episodes: 2 },
      checkpoint: { every: 64 },
    });
  const interrupt = (times: number) => {
    let sent = 0;
    return (text: string, child: ChildProcess) => {
      if (sent === 0 ? /parameters/.test(text) : sent < times && /Ctrl-C again/.test(text)) {
        sent++;
        child.kill('SIGINT');
      }
    };
  };

  it('runs from any folder, truly trains, and ends by itself', async () => {
    scenario(256);
    const { code, out, err } = await start(['run', 'probe.json', '--json'], root());
    assert.equal(code, 0, err);
    const summary = JSON.parse(out);
    assert.equal(summary.steps, 256);
    assert.ok(summary.folder.startsWith(join('runs', 'probe-1-')));
    assert.deepEqual(readdirSync(join(root(), 'runs')).length, 1);
  });

  it('loads environments of people, written in TypeScript', async () => {
    put(root(), 'mine.ts', "const lie: number = 3;\nexport default () => { throw new Error('built ' + lie); };\n");
    put(root(), 'own.json', { name: 'own', environment: { module: './mine.ts' }, steps: 9 });
    const { code, err } = await start(['validate', 'own.json'], root());
    assert.match(err, /^error: .*mine\.ts: the default export threw: built 3\. /);
    assert.equal(code, 1);
  });

  it('ends with 2 on wrong input, and has written nothing', async () => {
    scenario(0);
    const { code, out, err } = await start(['run', 'probe.json'], root());
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /^error: probe\.json:17:3 \/steps: "steps" is out of range; wanted an integer >= 1, got 0\n$/);
    assert.deepEqual(readdirSync(root()), ['probe.json']);
  });

  it('stops at Ctrl-C with 130 and a checkpoint, from which it goes on as if never stopped', async () => {
    scenario(10_000_000);
    const stopped = await start(['run', 'probe.json', '--folder', 'run'], root(), interrupt(1));
    assert.equal(stopped.code, 130, stopped.err);
    assert.match(stopped.out, /interrupted: \d+ steps .*\ngo on: {2}lightbulb resume run\n$/s);
    const { steps, state } = JSON.parse(readFileSync(join(root(), 'run', 'summary.json'), 'utf8'));
    assert.equal(state, 'interrupted');
    assert.ok(readdirSync(join(root(), 'run', 'checkpoints')).includes(String(steps)));
    // The last line of metrics is of the very step that the checkpoint holds.
    const metrics = readFileSync(join(root(), 'run', 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    assert.equal(JSON.parse(metrics.at(-1)!).step, steps);
    const resumed = await start(['resume', 'run', '--json', '--steps', String(steps + 64)], root());
    assert.equal(resumed.code, 0, resumed.err);
    assert.equal(JSON.parse(resumed.out).steps, steps + 64);
  });

  it('stops at once at the second Ctrl-C', async () => {
    scenario(256);
    const { code, err } = await start(['run', 'probe.json', '--folder', 'run'], root(), interrupt(2), stuck);
    assert.equal(code, 130);
    assert.match(err, /stopping after this iteration, with a checkpoint; Ctrl-C again stops at once\n$/);
  });
});
