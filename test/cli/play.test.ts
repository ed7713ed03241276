import assert from 'node:assert/strict';
import { join } from 'node:path';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

describe('lightbulb play', () => {
  const root = temporaryFolder();
  const trained = async (learner: object): Promise<string> => {
    const environment = { name: 'dodge', copies: 2, options: { maximumSteps: 3, rate: 0 } };
    const evaluation = { episodes: 2, options: { maximumSteps: 2 } };
    const file = put(root(), 'small.json', { name: 'small', environment, learner, steps: 12, evaluation });
    const folder = join(root(), 'run');
    assert.equal((await lightbulb(['run', file, '--folder', folder])).code, 0);
    return folder;
  };
  const plain = { encoder: { kind: 'plain', hidden: [4] }, attention: { width: 4, heads: 1 } };

  it('shows whole episodes of the environment that evaluations play in', async () => {
    const folder = await trained({ name: 'shared', ...plain, rollout: 3, minibatches: 1 });
    const { code, out } = await lightbulb(['play', folder, '--episodes', '2', '--seed', '3']);
    assert.equal(code, 0);
    const headings = out.split('\n').filter((line) => line.startsWith('episode'));
    assert.deepEqual(
      headings.map((line) => line.replace(/return .*/, 'return')),
      [1, 2].flatMap((n) => [0, 1, 2].map((step) => `episode ${n}, step ${step}`).concat(`episode ${n} ends: return`)),
    );
    assert.deepEqual((await lightbulb(['play', folder, '--episodes', '2', '--seed', '3'])).out, out);
  });

  it('says what is missing', async () => {
    const { code, err } = await lightbulb(['play', root()]);
    assert.equal(code, 2);
    assert.match(err, /scenario\.json/);
  });
});
