import assert from 'node:assert/strict';
import { LightbulbError } from '../../../core/index.ts';
import type { RecordedRun, Series } from '../../../reports/index.ts';
import { measured } from '../../../reports/making/measures.ts';

type Points = readonly (readonly [step: number, value: number])[];

const series = (points: Points): Series => ({
  steps: Float64Array.from(points, ([step]) => step),
  values: Float64Array.from(points, ([, value]) => value),
});

/** As much of a run as is measured. */
function run(own: Partial<RecordedRun>, metrics: Readonly<Record<string, Points>> = {}): RecordedRun {
  const recorded = new Map(Object.entries(metrics).map(([name, points]) => [name, series(points)]));
  const known = { task: 'spread', state: 'finished', final: 8, team: null, series: recorded, ...own };
  return known as RecordedRun;
}

const refusal = (runs: readonly RecordedRun[], name: string): string => {
  try {
    measured(runs, name);
  } catch (error) {
    assert.ok(error instanceof LightbulbError && error.code === 'invalid_input');
    return error.message;
  }
  return assert.fail(`${name} was taken`);
};

describe('what is compared', () => {
  it('is the return where an environment says nothing of the team', () => {
    const { measures, finals, words } = measured([run({}), run({ final: null })]);
    assert.deepEqual(measures, { spread: { metric: 'evaluation/return/mean', title: 'return' } });
    assert.deepEqual(finals, [8, null]);
    assert.match(words, /^return of an episode: mean over the episodes of the final evaluation/);
  });

  it("is the team's objective where it is there, task by task", () => {
    const all = [run({ task: 'news', team: 3 }), run({ task: 'news', team: 0 }), run({})];
    const { measures, finals, words, unclear } = measured(all);
    assert.deepEqual(measures.news, { metric: 'evaluation/team', title: 'team objective' });
    assert.equal(measures.spread!.title, 'return');
    assert.deepEqual(finals, [3, 0, 8]);
    assert.match(words, /^final score: on news the team's objective of an episode: .*; on spread the return of/);
    assert.deepEqual(unclear, []);
    assert.match(measured(all.slice(0, 2)).words, /^team's objective of an episode: /);
  });

  it("is the return, and says so, where only some runs of a task tell the team's objective", () => {
    const { finals, unclear } = measured([run({ team: 3 }), run({ final: 7 })]);
    assert.deepEqual([finals, unclear], [[8, 7], ['spread']]);
    // A run that did not finish tells neither.
    const unfinished = run({ state: 'failed', final: null, team: null });
    assert.deepEqual(measured([run({ team: 3 }), unfinished]).finals, [3, null]);
    const early = run({ state: 'running', final: null }, { 'evaluation/team': [[1, 1]] });
    assert.equal(measured([early]).measures.spread!.metric, 'evaluation/team');
  });

  it('is any number by its name: what it was last, of finished runs', () => {
    const metrics = {
      'evaluation/return/mean': [
        [5, 1],
        [9, 2],
      ],
      'evaluation/length': [
        [5, 30],
        [9, 20],
      ],
      'evaluation/score/old': [[5, 1]],
      'loss/value': [[8, 0.5]],
    } as const;
    const runs = [run({ team: 1 }, metrics), run({ state: 'interrupted', final: null }, metrics), run({})];
    const finals = (name: string) => measured(runs, name).finals;
    assert.deepEqual(finals('evaluation/length'), [20, null, null]);
    assert.deepEqual(finals('loss/value'), [0.5, null, null]);
    assert.deepEqual(finals('evaluation/score/old'), [null, null, null], 'the final evaluation had none');
    assert.deepEqual(finals('evaluation/return/mean'), [8, null, 8]);
    assert.deepEqual(measured(runs, 'evaluation/return/mean').unclear, []);
    const { words, measures } = measured(runs, 'evaluation/length');
    assert.equal(words, 'number evaluation/length: that of the final evaluation');
    assert.deepEqual(measures.spread, { metric: 'evaluation/length', title: 'evaluation/length' });
    assert.equal(measured(runs, 'loss/value').words, 'number loss/value: the last that a run recorded');
  });

  it('is nothing that no run has recorded: the nearest names are told', () => {
    const names = ['evaluation/score/rouge1', 'evaluation/score/rougeL', 'evaluation/length', 'episode/length'];
    const metrics = Object.fromEntries(names.map((name) => [name, [[1, 1]] as const]));
    const of = (name: string) => refusal([run({}, metrics)], name);
    assert.match(of('evaluation/score/rouge2'), /no run has recorded a number "evaluation\/score\/rouge2"/);
    assert.match(of('evaluation/score/rouge2'), /Did you mean "evaluation\/score\/rouge1"/);
    assert.match(of('rouge'), /Did you mean "evaluation\/score\/rouge1" or "evaluation\/score\/rougeL"\?/);
    assert.match(of('lenght'), /Did you mean "evaluation\/length" or "episode\/length"\?/);
    assert.match(of('xyzzy'), /Known: evaluation\/score\/rouge1, .*evaluation\/return\/mean/);
  });
});
