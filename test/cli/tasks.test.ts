import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { contentsOf } from '../../batch/remote/carry.ts';
import { showProgress } from '../../cli/progress.ts';
import type { Event, Happening } from '../../scenarios/index.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

const swing = {
  environment: { name: 'pendulum', options: { maximumSteps: 10 } },
  expert: { learner: { name: 'scripted' } },
  episodes: 2,
};

describe('the command on a scenario with tasks', () => {
  const root = temporaryFolder();
  const folder = () => join(root(), 'run');
  const file = () =>
    put(root(), 'small.json', {
      name: 'small',
      tasks: { swing },
      learner: {
        name: 'gato',
        backbone: { width: 16, layers: 1, heads: 2 },
        length: 16,
        batch: 2,
        context: 2,
        warmup: 1,
        updatesPerIteration: 2,
      },
      steps: 4,
      evaluation: { episodes: 2 },
    });
  const events = (): Event[] =>
    readFileSync(join(folder(), 'events.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('tells how it prepares and learns, and ends with a table', async () => {
    const { code, out, err } = await lightbulb(['run', file(), '--folder', folder()]);
    assert.equal(code, 0, err);
    assert.match(
      err,
      /^small: first the tasks swing, .*run\nswing: random -\d+.*, expert -\d+.*; 2 episodes of 20 steps in all/,
    );
    assert.match(err, /\n\d+ parameters\n/);
    assert.match(out, /│ task +│ random │ expert │ this network │ % of the expert's gain │ episodes │/);
    assert.match(out, /│ swing │ +-[\d.]+ │ +-[\d.]+ │ +-[\d.]+ │ +-?\d+ % │ +2 │/);
    assert.match(out, /small \(seed 1\) finished: 4 updates in .* updates\/s, after [\d.]+ s of preparation\n/);
    const again = await lightbulb(['evaluate', folder(), '--episodes', '3']);
    assert.equal(again.code, 0, again.err);
    assert.match(again.out, /│ swing │.*│ +3 │[\s\S]*small at step 4: -?\d+ % of the experts' gain: swing -?\d+ %\n$/);
  });

  it('prints the summary alone where --json is given', async () => {
    const { out } = await lightbulb(['run', file(), '--folder', folder(), '--json']);
    const summary = JSON.parse(out);
    assert.deepEqual(Object.keys(summary.evaluation.tasks), ['swing']);
    assert.deepEqual(
      summary.prepared.map(({ task }: { task: string }) => task),
      ['swing'],
    );
    assert.deepEqual(summary, JSON.parse(readFileSync(join(folder(), 'summary.json'), 'utf8')));
  });

  it('validates without writing, and refuses with 2', async () => {
    const good = await lightbulb(['validate', file()]);
    assert.deepEqual([good.code, good.out], [0, 'small is fine: gato in swing, 4 updates, seed 1\n']);
    const bad = await lightbulb(['run', file(), '--folder', folder(), '--set', 'learner.length=2']);
    assert.equal(bad.code, 2);
    assert.match(bad.err, /--set learner\.length=2: /);
    assert.equal(existsSync(folder()), false);
  });

  it('reports such runs, and plans batches of them', async () => {
    await lightbulb(['run', file(), '--folder', folder()]);
    const report = await lightbulb(['report', folder(), '--out', join(root(), 'report'), '--json']);
    assert.equal(report.code, 0, report.err);
    const { evaluation } = JSON.parse(readFileSync(join(folder(), 'summary.json'), 'utf8'));
    const [final] = JSON.parse(report.out).finals;
    assert.deepEqual([final.task, final.mean.value], ['small', evaluation.return.mean]);
    const plan = put(root(), 'plan.json', { name: 'plan', scenario: 'small.json', seeds: [1, 2] });
    const batch = await lightbulb(['batch', plan, '--dry-run']);
    assert.equal(batch.code, 0, batch.err);
    assert.match(batch.out, /swing/);
  });

  it('carries what was measured between machines, and no datasets', async () => {
    await lightbulb(['run', file(), '--folder', folder()]);
    const carried = [...contentsOf(folder()).keys()].filter((path) => !path.startsWith('checkpoints/'));
    assert.deepEqual(carried.sort(), [
      'datasets/swing.json',
      'events.jsonl',
      'machine.json',
      'metrics.jsonl',
      'scenario.json',
      'summary.json',
    ]);
  });

  it('shows experts that learn, then the run, on a terminal as in a file', () => {
    const at = (seconds: number, happening: Happening): Event => ({
      time: new Date(Date.UTC(2030, 0, 1) + seconds * 1000).toISOString(),
      ...happening,
    });
    const expert = (seconds: number, learned: number): Event =>
      at(seconds, {
        kind: 'expert',
        step: 0,
        task: 'a',
        learned,
        toLearn: 1000,
        metrics: { 'return/mean': 3 },
        stepsPerSecond: 50,
      });
    const run = { scenario: 's', seed: 1, folder: 'runs/s', step: 0, steps: 100, resumed: false };
    const told: Event[] = [
      at(0, { kind: 'preparing', ...run, tasks: ['a'] }),
      expert(1, 100),
      expert(11, 600),
      at(12, {
        kind: 'prepared',
        step: 0,
        prepared: { task: 'a', random: 1, expert: 9, episodes: 3, steps: 30, seconds: 11 },
      }),
      at(13, { kind: 'started', ...run, tasks: ['a'], parameters: 12 }),
      at(20, { kind: 'iteration', step: 50, episodes: 0, metrics: { loss: 2.5 }, stepsPerSecond: 1 }),
    ];
    const shown = (isTTY: boolean): string => {
      const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
      const progress = showProgress(stream);
      for (const event of told) progress.show(event);
      progress.close();
      return String(stream.read());
    };
    assert.deepEqual(shown(false).split('\n'), [
      's: first the tasks a, runs/s',
      'expert of a: step 600 of 1000 (60%), 50 steps/s, 8 s left, return 3',
      'a: random 1, expert 9; 3 episodes of 30 steps in all, 11 s',
      '12 parameters',
      'step 50 of 100 (50%), 7.14 updates/s, 7 s left, loss 2.5',
      '',
    ]);
    assert.match(shown(true), /expert of a: .*60% \| 50 steps\/s[\s\S]*50% \| 7\.14 updates\/s/);
  });

  it('tells of no expert that learned nothing', async () => {
    await lightbulb(['run', file(), '--folder', folder()]);
    assert.equal(
      events().some(({ kind }) => kind === 'expert'),
      false,
    );
  });
});
