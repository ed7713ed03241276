import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stream } from '../../core/index.ts';
import { temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

const launcher = fileURLToPath(new URL('../../cli/lightbulb.mjs', import.meta.url));
const metricsOf = (folder: string): string => readFileSync(join(folder, 'metrics.jsonl'), 'utf8');
const linesOf = (folder: string): number =>
  existsSync(join(folder, 'metrics.jsonl')) ? metricsOf(folder).split('\n').length - 1 : 0;

const FAMILIES = ['cartpole', 'pendulum', 'dodge', 'simple_tag', 'simple_spread_qmix', 'lbf-8x8-2p-2f-coop'];

/** Runs the real command; kills it with SIGKILL once the run has written `lines` of metrics and `delayMs` have passed. */
async function killed(
  words: readonly string[],
  kill: { folder: string; lines: number; delayMs: number },
): Promise<NodeJS.Signals | number> {
  const child = spawn(process.execPath, [launcher, ...words], { stdio: 'ignore' });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const watch = setInterval(() => {
    if (linesOf(kill.folder) < kill.lines) return;
    clearInterval(watch);
    setTimeout(() => child.kill('SIGKILL'), kill.delayMs);
  }, 1);
  const [code, signal] = await closed;
  clearInterval(watch);
  return signal ?? code ?? -1;
}

describe('a run killed with SIGKILL', () => {
  const root = temporaryFolder();
  const random = stream(5, 'kill');

  // One of each family of environments and learners: the others run the same code (and resume in this process).
  for (const name of FAMILIES) {
    it(`${name}: twice, at moments drawn by lot, ends with the metrics of one never stopped`, async () => {
      const scenario = fileURLToPath(new URL(`../../scenarios/tiny/${name}.json`, import.meta.url));
      const [whole, broken] = [join(root(), 'whole'), join(root(), 'broken')];
      const words = (folder: string): string[] => ['run', scenario, '--folder', folder, '--steps', '4800'];
      // What is not to be killed needs no process of its own: this one has loaded everything.
      assert.equal((await lightbulb(words(whole))).code, 0);
      const lines = linesOf(whole);
      const moment = (from: number) => ({
        folder: broken,
        lines: from + random.integer(Math.max(1, Math.floor(lines / 4))),
        delayMs: random.integer(10),
      });
      assert.equal(await killed(words(broken), moment(1)), 'SIGKILL');
      assert.equal(await killed(['resume', broken], moment(Math.floor(lines / 2))), 'SIGKILL');
      assert.notEqual(metricsOf(broken), metricsOf(whole));
      assert.equal((await lightbulb(['resume', broken])).code, 0);
      assert.equal(metricsOf(broken), metricsOf(whole));
    });
  }
});
