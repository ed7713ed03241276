import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { type Captured, lightbulb } from './capture.ts';

const launcher = fileURLToPath(new URL('../../cli/lightbulb.mjs', import.meta.url));

/** Runs the real command to its end. */
function command(words: readonly string[]): Promise<Captured> {
  return new Promise((resolve) => {
    execFile(process.execPath, [launcher, ...words], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}

/** An environment whose only agent does as `answer` says, from its step count in all episodes together. */
const environment = (answer: string): string => `
let total = 0;
export default () => {
  let step = 0;
  return {
    agents: ['walker'],
    spaces: { walker: { observation: { type: 'box', shape: [1], low: 0, high: 1 }, action: { type: 'discrete', n: 2 } } },
    maximumSteps: 10,
    reset() { step = 0; return { observations: { walker: [0] } }; },
    step() {
      total++;
      step++;
      const good = { observations: { walker: [step / 10] }, rewards: { walker: 1 }, terminated: { walker: false }, truncated: { walker: step === 10 } };
      return ${answer};
    },
  };
};`;

describe('an environment that goes wrong in the middle of a run', () => {
  const root = temporaryFolder();
  const scenario = (answer: string): string => {
    put(root(), 'environment.mjs', environment(answer));
    return put(root(), 'scenario.json', {
      name: 'wrong',
      environment: { module: './environment.mjs', copies: 1 },
      learner: { rollout: 100, epochs: 1, minibatches: 1, network: { hidden: [4] } },
      steps: 4000,
      evaluation: { episodes: 1 },
      checkpoint: { every: 300 },
    });
  };

  const cases = [
    [
      'an observation outside of its space at step 1,000',
      'total < 1000 ? good : { ...good, observations: { walker: [7] } }',
      /walker[\s\S]*observation/,
      900,
    ],
    [
      'a reward that is NaN at step 700',
      'total < 700 ? good : { ...good, rewards: { walker: NaN } }',
      /walker[\s\S]*reward|reward[\s\S]*walker/,
      600,
    ],
    [
      'a termination that is no boolean at step 500',
      'total < 500 ? good : { ...good, terminated: { walker: 0 } }',
      /walker[\s\S]*terminated|terminated[\s\S]*walker/,
      300,
    ],
    [
      'an exception at step 1,000',
      "total < 1000 ? good : (() => { throw new Error('out of ice'); })()",
      /out of ice/,
      900,
    ],
  ] as const;

  for (const [at, [what, answer, message, newest]] of cases.entries()) {
    it(`stops with 1 at ${what}, saying so, with the checkpoint from before it`, async () => {
      const folder = join(root(), 'run');
      const words = ['run', scenario(answer), '--folder', folder, '--json'];
      // One in a process of its own, whose end has to be clean too; the others in this one, which is there.
      const { code, out, err } = await (at === 0 ? command : lightbulb)(words);
      assert.equal(code, 1, err);
      assert.equal(out, '');
      assert.match(err, message);
      assert.doesNotMatch(err, /\n\s+at /, 'a stack trace is no message');
      const checkpoints = readdirSync(join(folder, 'checkpoints')).sort();
      assert.deepEqual(
        checkpoints.filter((name) => !/^\d+$/.test(name)),
        [],
        'something half-written is left',
      );
      assert.equal(Math.max(...checkpoints.map(Number)), newest);
      assert.ok(!existsSync(join(folder, 'summary.json')));
      const last = JSON.parse(readFileSync(join(folder, 'events.jsonl'), 'utf8').trim().split('\n').at(-1)!) as {
        kind: string;
      };
      assert.equal(last.kind, 'failed');
    });
  }
});
