import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { LightbulbError } from '../../../core/index.ts';
import { type ProcessNews, type RoleCommand, superviseRoles } from '../../../mas/team/supervise.ts';
import { eventually } from '../bus/contract.ts';
import { isAlive } from './is-alive.ts';

/** A process that does what the text says; it ends with its parent. */
const node = (text: string): RoleCommand => ({
  file: process.execPath,
  args: ['-e', `process.on('disconnect', () => process.exit()); ${text}`],
});
const STAYS = node('setInterval(() => undefined, 1000)');

describe('processes for roles', () => {
  it('are replaced when they die, and end when they are told to', async () => {
    const news: ProcessNews[] = [];
    const started = () => news.flatMap((each) => (each.kind === 'started' ? [each.pid] : []));
    const supervision = superviseRoles({ roles: ['a', 'b'], command: () => STAYS, tell: (each) => news.push(each) });
    try {
      assert.equal(started().length, 2);
      const first = supervision.pids.get('a')!;
      process.kill(first, 'SIGKILL');
      await eventually(() => started().length === 3);
      assert.notEqual(supervision.pids.get('a'), first);
      assert.equal(supervision.pids.get('b'), started()[1]);
      assert.deepEqual(
        news.filter(({ kind }) => kind === 'died'),
        [{ kind: 'died', role: 'a', how: 'SIGKILL' }],
      );
    } finally {
      await supervision.close();
    }
    assert.deepEqual(started().filter(isAlive), []);
    assert.equal(supervision.pids.size, 0);
    assert.equal(news.filter(({ kind }) => kind === 'died').length, 1);
  });

  it('are replaced more and more slowly where they die at once', async () => {
    const times: number[] = [];
    const tell = ({ kind }: ProcessNews): unknown => kind === 'died' && times.push(performance.now());
    const nowhere = { file: '/no/such/file', args: [] };
    const supervision = superviseRoles({ roles: ['a'], command: () => nowhere, tell });
    await eventually(() => times.length === 4);
    await supervision.close();
    assert.ok(times[2]! - times[1]! >= 350 && times[3]! - times[2]! >= 700, `${times}`);
  });

  it('are not replaced where their input is wrong', async () => {
    let error: LightbulbError | undefined;
    let count = 0;
    const supervision = superviseRoles({
      roles: ['a'],
      command: () => node(`console.error('no such thing'); process.exit(2)`),
      tell: ({ kind }) => kind === 'started' && count++,
      failed: (given) => {
        error = given;
      },
    });
    await eventually(() => error !== undefined);
    assert.match(error!.message, /^a: .*does not begin; got no such thing$/);
    assert.equal(error!.code, 'invalid_input');
    assert.equal(count, 1);
    await supervision.close();
  });

  it('end with the process that started them, whatever becomes of it', async () => {
    const door = new URL('../../../mas/team/supervise.ts', import.meta.url).href;
    const text = `import { superviseRoles } from ${JSON.stringify(door)};
      superviseRoles({ roles: ['a'], command: () => (${JSON.stringify(STAYS)}),
        tell: (news) => news.kind === 'started' && console.log(news.pid) });`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', text]);
    let said = '';
    parent.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await eventually(() => said.includes('\n'), 20_000);
    const pid = Number(said);
    assert.ok(isAlive(pid));
    parent.kill('SIGKILL');
    await eventually(() => !isAlive(pid), 10_000);
  });
});
