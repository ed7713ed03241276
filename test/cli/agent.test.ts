import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createExecutor } from '../../agents/index.ts';
import { createTeamTraining, memoryBus, natsBus, type TeamTrainingSpec } from '../../mas/index.ts';
import { type EnvironmentScenario, environmentOf, loadScenario } from '../../scenarios/index.ts';
import { eventually } from '../mas/bus/contract.ts';
import { NatsServer, whyNoNats } from '../mas/bus/nats-server.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

const LAUNCHER = fileURLToPath(new URL('../../cli/lightbulb.mjs', import.meta.url));

describe('lightbulb agent and lightbulb top', () => {
  const folder = temporaryFolder();
  const kept = process.env.LIGHTBULB_BUS;
  before(() => {
    delete process.env.LIGHTBULB_BUS;
  });
  after(() => {
    if (kept !== undefined) process.env.LIGHTBULB_BUS = kept;
  });
  const scenario = (learner: object = {}) =>
    put(folder(), 'pair.json', {
      name: 'pair',
      environment: { name: 'simple_speaker_listener', copies: 4 },
      learner: { name: 'shared', rollout: 25, epochs: 1, encoder: { kind: 'plain', hidden: [8] }, ...learner },
      steps: 800,
      evaluation: { episodes: 2 },
    });

  const refusals: Record<string, readonly [words: readonly string[], message: RegExp]> = {
    'no bus': [['--role', 'speaker'], /no bus is named that other processes are on.*nats-server -js/],
    'a bus for this process alone': [['--role', 'speaker', '--bus', 'memory:'], /no bus is named/],
    'a role that there is none of': [['--role', 'speeker', '--bus', 'nats://127.0.0.1:9'], /no such role.*got speeker/],
    'a bus that is not there': [['--role', 'speaker', '--bus', 'nats://127.0.0.1:9'], /no NATS server/],
    'another learner': [['--role', 'speaker', '--set', 'learner={"name":"ppo"}'], /not played over a bus/],
  };
  for (const [what, [words, message]] of Object.entries(refusals)) {
    it(`refuses ${what}`, async () => {
      const { code, out, err } = await lightbulb(['agent', scenario(), ...words]);
      assert.match(err, message);
      assert.equal(code, 2);
      assert.equal(out, '');
    });
  }

  it('plays a role of a run that shows it, and ends with the run', async function () {
    if (whyNoNats !== undefined) this.skip();
    const file = scenario();
    const { seed, steps, environment, learner, threads, ...rest } = loadScenario(file, []) as EnvironmentScenario;
    assert.ok(learner.name === 'shared');
    const make = await environmentOf(
      { ...rest, seed, steps, environment, learner, threads },
      environment,
      '/environment',
    );
    const executor = await createExecutor({ executor: 'onnx', device: 'cpu', threads }, { threads });
    const spec = {
      seed,
      steps,
      copies: environment.copies,
      make,
      options: learner,
      executor,
      run: 'pair-1',
      scenario: 'pair',
    };
    const learn = async (place: Pick<TeamTrainingSpec, 'bus' | 'local'>, during?: () => Promise<void>) => {
      const training = await createTeamTraining({ ...spec, ...place });
      const metrics = [];
      while (training.step < steps) {
        metrics.push((await training.advance()).metrics);
        if (training.step === steps / 2) await during?.();
      }
      await training.close();
      return metrics;
    };
    const memory = memoryBus();
    const alone = await learn({ bus: memory });
    await memory.close();

    const server = await NatsServer.start();
    const args = [LAUNCHER, 'agent', file, '--bus', server.url, '--json', '--role', 'speaker', '--run', 'pair-1'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const ended = once(child, 'exit');
      let said = '';
      child.stdout.on('data', (text: Buffer) => {
        said += text.toString();
      });
      const bus = await natsBus({ servers: server.url });
      let shown = '';
      const metrics = await learn({ bus, local: ['listener'] }, async () => {
        const { out, code } = await lightbulb(['top', 'pair-1', '--bus', server.url, '--once']);
        assert.equal(code, 0);
        shown = out;
      });
      assert.deepEqual(metrics, alone);
      assert.match(shown, /│ speaker +│ speaker \d+ +│ +\d+ │/);
      assert.match(shown, /│ listener +│ listener in \d+ +│/);
      assert.deepEqual(await ended, [0, null]);
      const news = said
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { kind: string; why?: string });
      assert.deepEqual(
        news.map(({ kind, why }) => why ?? kind),
        ['looking', 'playing', 'over'],
      );
      await bus.close();
    } finally {
      child.kill('SIGKILL');
      await server.stop();
    }
  });

  it('waits for its run until it is told to end', async function () {
    if (whyNoNats !== undefined) this.skip();
    const server = await NatsServer.start();
    try {
      const before = process.listenerCount('SIGTERM');
      const agent = lightbulb(['agent', scenario(), '--bus', server.url, '--role', 'speaker']);
      await eventually(() => process.listenerCount('SIGTERM') > before, 20_000);
      await sleep(100);
      process.emit('SIGTERM');
      const { code, out } = await agent;
      assert.equal(code, 0);
      assert.equal(out, 'looking for pair\n');
      assert.equal(process.listenerCount('SIGTERM'), before);
    } finally {
      await server.stop();
    }
  });

  it('says so where nobody is there', async function () {
    if (whyNoNats !== undefined) this.skip();
    const server = await NatsServer.start();
    try {
      const { out } = await lightbulb(['top', 'nothing', '--bus', server.url, '--once', '--json']);
      assert.deepEqual(JSON.parse(out), { run: 'nothing', progress: null, agents: [] });
    } finally {
      await server.stop();
    }
  });
});
