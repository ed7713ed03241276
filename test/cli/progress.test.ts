import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { showProgress } from '../../cli/progress.ts';
import { duration, short } from '../../cli/summary.ts';
import type { Event, Happening } from '../../scenarios/index.ts';

const at = (seconds: number, happening: Happening): Event => ({
  time: new Date(Date.UTC(2030, 0, 1) + seconds * 1000).toISOString(),
  ...happening,
});
const started = at(0, {
  kind: 'started',
  scenario: 'a',
  seed: 1,
  folder: 'runs/a',
  step: 0,
  steps: 1000,
  parameters: 12,
  resumed: false,
});
const iteration = (seconds: number, step: number, metrics = {}): Event =>
  at(seconds, { kind: 'iteration', step, episodes: 0, metrics, stepsPerSecond: 1 });

describe('progress', () => {
  it('is a line every five seconds where nobody watches', () => {
    const stream = new PassThrough();
    const progress = showProgress(stream);
    progress.show(started);
    progress.show(iteration(1, 100, { 'return/mean': 7.7551 }));
    progress.show(iteration(3, 300));
    progress.show(at(4, { kind: 'warning', message: 'careful' }));
    progress.show(iteration(6, 600));
    progress.show(iteration(8, 800));
    progress.close();
    assert.deepEqual(String(stream.read()).split('\n'), [
      'a: 12 parameters, runs/a',
      'warning: careful',
      'step 600 of 1000 (60%), 100 steps/s, 4 s left, return 7.76',
      '',
    ]);
  });

  it('is one line that is cleared at the end on a terminal', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
    const progress = showProgress(stream);
    progress.show(started);
    progress.show(iteration(5, 500, { 'return/mean': 2 }));
    progress.close();
    const text = String(stream.read());
    assert.match(text, /50% \| 100 steps\/s, 5 s left, return 2/);
    assert.match(text, /\u2588{12}\u2591{12}/);
    assert.equal(text.indexOf('\n'), text.lastIndexOf('\n')); // only the one after what it said at the start
  });

  it('speaks of times and numbers as people do', () => {
    assert.deepEqual([0.04, 4.26, 59, 200, 7500, 1e9].map(duration), [
      '0 s',
      '4.3 s',
      '59 s',
      '3 min 20 s',
      '2 h 5 min',
      '277777 h 46 min',
    ]);
    assert.deepEqual([0.12345, -21.34, 123.45, 12345.6, 0].map(short), ['0.123', '-21.3', '123.5', '12346', '0']);
  });
});
