import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NatsServer, whyNoNats } from '../mas/bus/nats-server.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

const LAUNCHER = fileURLToPath(new URL('../../cli/lightbulb.mjs', import.meta.url));

describe('a run on a bus', () => {
  const folder = temporaryFolder();
  const scenario = (changes: object = {}) =>
    put(folder(), 'pair.json', {
      name: 'pair',
      environment: { name: 'simple_speaker_listener', copies: 4 },
      learner: { name: 'shared', rollout: 25, epochs: 1, encoder: { kind: 'plain', hidden: [8] } },
      steps: 300,
      evaluation: { episodes: 2 },
      ...changes,
    });
  const filesIn = (run: string) => readFileSync(join(folder(), run, 'metrics.jsonl'), 'utf8');
  const leftBehind = () => readdirSync(tmpdir()).filter((name) => name.startsWith('lightbulb-roles-'));

  it('keeps credentials out of addresses', async () => {
    const { code, err } = await lightbulb(['run', scenario(), '--bus', 'nats://me:hunter2@127.0.0.1:9']);
    assert.equal(code, 2);
    assert.match(err, /--bus.*LIGHTBULB_NATS_TOKEN/s);
    assert.ok(!err.includes('hunter2'));
  });

  it('is refused for other learners, and for roles that are none', async () => {
    const ppo = await lightbulb(['run', scenario({ learner: { name: 'ppo' } }), '--bus', 'nats://127.0.0.1:9']);
    assert.equal(ppo.code, 2);
    assert.match(ppo.err, /only the learner "shared" talks over a bus/);
    const stranger = scenario({ mas: { roles: { speeker: { place: 'remote' } } } });
    const { code, err } = await lightbulb(['run', stranger, '--bus', 'nats://127.0.0.1:9']);
    assert.equal(code, 2);
    assert.match(err, /\/mas\/roles\/speeker.*no such role.*Did you mean "speaker"/);
  });

  it('learns the same in one process and in one for each role', async function () {
    if (whyNoNats !== undefined) this.skip();
    const before = leftBehind();
    const server = await NatsServer.start();
    try {
      const alone = await lightbulb(['run', scenario(), '--folder', join(folder(), 'alone')]);
      assert.equal(alone.code, 0, alone.err);
      const together = await lightbulb(['run', scenario(), '--folder', join(folder(), 'far'), '--bus', server.url]);
      assert.equal(together.code, 0, together.err);
      assert.equal(filesIn('far'), filesIn('alone'));
      assert.deepEqual(leftBehind(), before);
    } finally {
      await server.stop();
    }
  });

  it('says for whom it waits, and can be interrupted then', async function () {
    if (whyNoNats !== undefined) this.skip();
    const server = await NatsServer.start();
    try {
      const waiting = scenario({ mas: { bus: server.url, roles: { speaker: { place: 'remote' } } } });
      const run = spawn(process.execPath, [LAUNCHER, 'run', waiting, '--folder', join(folder(), 'run'), '--json']);
      let [out, err, isAsked] = ['', '', false];
      run.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
      run.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
        if (isAsked || !/waiting for the role speaker/.test(err)) return;
        isAsked = true;
        run.kill('SIGINT');
      });
      const [code] = await once(run, 'exit');
      assert.equal(code, 130, err);
      assert.equal((JSON.parse(out) as { state: string }).state, 'interrupted');
    } finally {
      await server.stop();
    }
  });
});
