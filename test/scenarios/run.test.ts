import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import { evaluate, run, scenarioOf } from '../../scenarios/index.ts';
import { collect, outline, tickingClock } from './collect.ts';
import { fakeTraining } from './fake-training.ts';
import { scenarioWith, temporaryFolder } from './files.ts';

describe('a run', () => {
  const root = temporaryFolder();
  const folder = () => join(root(), 'run');
  const read = (name: string) => readFileSync(join(folder(), name), 'utf8');
  const lines = (name: string) =>
    read(name)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('tells what happens, in order', async () => {
    const scenario = scenarioWith(root(), { steps: 90, evaluation: { every: 48 }, checkpoint: { every: 32 } });
    const { events, error } = await collect(scenario, { folder: folder() });
    assert.equal(error, undefined);
    // Iterations of 16 steps: evaluations when 48 is passed, checkpoints when 32 and 64 are, all of it once at the end.
    assert.deepEqual(outline(events), [
      'started 0',
      'iteration 16',
      'iteration 32',
      'checkpoint 32',
      'iteration 48',
      'evaluation 48',
      'iteration 64',
      'checkpoint 64',
      'iteration 80',
      'iteration 96',
      'checkpoint 96',
      'evaluation 96',
      'finished 96',
    ]);
  });

  it('leaves a folder that says everything', async () => {
    const scenario = scenarioWith(root());
    const { events } = await collect(scenario, { folder: folder() });
    assert.deepEqual(readdirSync(folder()).sort(), [
      'checkpoints',
      'events.jsonl',
      'machine.json',
      'metrics.jsonl',
      'scenario.json',
      'summary.json',
    ]);
    assert.deepEqual(scenarioOf(folder()), scenario);
    assert.deepEqual(lines('events.jsonl'), events);
    const last = events.at(-1);
    assert.ok(last?.kind === 'finished');
    assert.deepEqual(JSON.parse(read('summary.json')), last.summary);
    assert.deepEqual(readdirSync(join(folder(), 'checkpoints')).sort(), ['128', '160', '96']);
    assert.deepEqual(readdirSync(join(folder(), 'checkpoints', '160')).sort(), [
      'manifest.json',
      'state.json',
      'tensors.safetensors',
    ]);
  });

  it('keeps time out of the metrics, so that equal runs write equal ones', async () => {
    await collect(scenarioWith(root()), { folder: folder() });
    await collect(scenarioWith(root()), { folder: join(root(), 'again'), clock: tickingClock() });
    assert.equal(read('metrics.jsonl'), read('../again/metrics.jsonl'));
    assert.deepEqual(Object.keys(lines('metrics.jsonl')[0]), ['step', 'episodes', 'loss/policy', 'return/mean']);
    assert.deepEqual(lines('metrics.jsonl').at(-1)['evaluation/episodes'], 100);
  });

  it('does nothing before somebody subscribes', () => {
    run(scenarioWith(root()), { folder: folder(), createTraining: fakeTraining() });
    assert.equal(existsSync(folder()), false);
  });

  it('refuses a folder that is there already, and leaves it alone', async () => {
    const scenario = scenarioWith(root());
    await collect(scenario, { folder: folder() });
    const before = read('events.jsonl');
    const { events, error } = await collect(scenario, { folder: folder() });
    assert.deepEqual(events, []);
    assert.ok(error instanceof LightbulbError && error.code === 'exists' && error.isInput);
    assert.equal(read('events.jsonl'), before);
  });

  it('writes nothing where the scenario turns out wrong when it is built', async () => {
    const scenario = scenarioWith(root(), { environment: { name: 'cartpole', options: { maximumStep: 3 } } });
    const { error } = await collect(scenario, { folder: folder() });
    assert.ok(error instanceof LightbulbError && error.code === 'unknown_key');
    assert.match(
      error.message,
      /\.json:\d+:\d+ \/environment\/options: there is no option "maximumStep"\. Did you mean/,
    );
    assert.equal(existsSync(folder()), false);
  });

  it('names the place in the file of what the learner refuses', async () => {
    const createTraining = async () => {
      throw new LightbulbError('invalid_input', 'too many', { where: '/learner/minibatches', wanted: '4', got: '3' });
    };
    const scenario = scenarioWith(root(), { learner: { minibatches: 3 } });
    const { error } = await collect(scenario, { folder: folder(), createTraining });
    assert.match(String(error), /\.json:\d+:5 \/learner\/minibatches: too many; wanted 4, got 3$/);
  });

  it('stops after the iteration under way when it is interrupted, and goes on as if it had not been', async () => {
    const scenario = scenarioWith(root());
    await collect(scenario, { folder: join(root(), 'whole') });
    const stop = new AbortController();
    const createTraining = fakeTraining({ before: (step) => step === 64 && stop.abort() });
    const first = await collect(scenario, { folder: folder(), signal: stop.signal, createTraining });
    assert.deepEqual(outline(first.events).slice(-3), ['iteration 80', 'checkpoint 80', 'interrupted 80']);
    assert.equal(JSON.parse(read('summary.json')).state, 'interrupted');
    const second = await collect(scenario, { folder: folder(), resume: true });
    assert.deepEqual(outline(second.events).slice(0, 2), ['started 80', 'iteration 96']);
    assert.equal(read('metrics.jsonl'), read('../whole/metrics.jsonl'));
    assert.deepEqual(lines('events.jsonl'), [...first.events, ...second.events]);
  });

  it('stops with a checkpoint when nobody listens any more', async () => {
    const closed = new Promise<void>((resolve) => {
      const createTraining = async (spec: Parameters<ReturnType<typeof fakeTraining>>[0]) => {
        const training = await fakeTraining()(spec);
        const close = training.close.bind(training);
        training.close = () => close().then(resolve);
        return training;
      };
      const subscription = run(scenarioWith(root()), { folder: folder(), createTraining }).subscribe((event) => {
        if (event.kind === 'iteration') subscription.unsubscribe();
      });
    });
    await closed;
    assert.deepEqual(readdirSync(join(folder(), 'checkpoints')), ['16']);
    assert.equal(lines('events.jsonl').at(-1).kind, 'interrupted');
  });

  it('adds up the seconds of all sittings', async () => {
    const scenario = scenarioWith(root());
    const stop = new AbortController();
    const createTraining = fakeTraining({ before: (step) => step === 64 && stop.abort() });
    const clock = tickingClock();
    await collect(scenario, { folder: folder(), signal: stop.signal, createTraining, clock });
    const saved = JSON.parse(read('checkpoints/80/manifest.json')).seconds;
    await collect(scenario, { folder: folder(), resume: true, clock: tickingClock() });
    const alone = await collect(scenarioWith(root(), { steps: 80 }), {
      folder: join(root(), 'b'),
      clock: tickingClock(),
    });
    const last = alone.events.at(-1);
    assert.ok(last?.kind === 'finished' && saved > 5);
    // The second sitting makes as many iterations as the run of 80 steps, and reads the clock as often but for one
    // checkpoint more or less.
    const { seconds, stepsPerSecond } = JSON.parse(read('summary.json'));
    assert.ok(Math.abs(seconds - saved - last.summary.seconds) <= 2);
    assert.equal(stepsPerSecond, 160 / seconds);
  });

  it('trains a finished run further', async () => {
    await collect(scenarioWith(root()), { folder: folder() });
    const scenario = scenarioOf(folder(), [{ path: ['steps'], value: 200, from: '--steps 200' }]);
    const { events } = await collect(scenario, { folder: folder(), resume: true });
    assert.equal(outline(events).at(-1), 'finished 208');
    assert.equal(scenarioOf(folder()).steps, 200);
  });

  it('stops at a number that is none, and keeps the checkpoint from before', async () => {
    const createTraining = fakeTraining({
      metrics: (step) => (step === 80 ? { 'loss/value': Number.NaN } : undefined),
    });
    const { events, error } = await collect(scenarioWith(root()), { folder: folder(), createTraining });
    assert.ok(error instanceof LightbulbError && error.code === 'not_finite' && !error.isInput);
    assert.match(error.message, /^step 80: "loss\/value" is NaN\. /);
    assert.deepEqual(outline(events).slice(-2), ['checkpoint 64', 'failed 80']);
    assert.deepEqual(lines('events.jsonl').at(-1), events.at(-1));
    assert.equal(lines('metrics.jsonl').at(-1).step, 64);
    const resumed = await collect(scenarioWith(root()), { folder: folder(), resume: true });
    assert.equal(outline(resumed.events).at(-1), 'finished 160');
  });

  it('tells what a training throws', async () => {
    const createTraining = fakeTraining({
      before: (step) => {
        if (step === 32) throw new LightbulbError('not_finite', '"loss/policy" is NaN', { where: 'step 32' });
      },
    });
    const { events, error } = await collect(scenarioWith(root()), { folder: folder(), createTraining });
    assert.equal((error as LightbulbError).code, 'not_finite');
    const last = events.at(-1);
    assert.ok(last?.kind === 'failed' && last.code === 'not_finite' && last.step === 32);
  });

  it('refuses a checkpoint of another network, and leaves the run as it was', async () => {
    await collect(scenarioWith(root()), { folder: folder() });
    const before = [read('metrics.jsonl'), read('events.jsonl')];
    const createTraining = fakeTraining({ parameters: 6 });
    const { events, error } = await collect(scenarioWith(root()), { folder: folder(), resume: true, createTraining });
    assert.ok(error instanceof LightbulbError && error.code === 'mismatch' && error.isInput);
    assert.match(error.message, /checkpoints\/160: the checkpoint is of another network: "weights" has another shape/);
    assert.deepEqual(events, []);
    assert.deepEqual([read('metrics.jsonl'), read('events.jsonl')], before);
  });

  it('is evaluated again from its newest checkpoint, as it was at its end', async () => {
    const { events } = await collect(scenarioWith(root()), { folder: folder() });
    const last = events.at(-1);
    assert.ok(last?.kind === 'finished');
    const again = await evaluate(folder(), { createTraining: fakeTraining() });
    assert.deepEqual(again.evaluation, last.summary.evaluation);
    const other = await evaluate(folder(), { createTraining: fakeTraining(), episodes: 3, seed: 5 });
    assert.equal(other.evaluation.episodes, 3);
    assert.notEqual(other.evaluation.return.mean, again.evaluation.return.mean);
  });

  it('cannot be evaluated or resumed where there is none', async () => {
    await assert.rejects(evaluate(root()), /: not the folder of a run; wanted a folder with scenario\.json in it/);
    assert.throws(() => scenarioOf(join(root(), 'none')), /: there is no such folder/);
  });
});
