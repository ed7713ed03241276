import assert from 'node:assert/strict';
import type { Evaluation } from '../../agents/index.ts';
import { modelText, summaryText } from '../../cli/summary.ts';
import { evaluationMetrics } from '../../scenarios/metrics.ts';

const model: NonNullable<Evaluation['model']> = {
  openLoop: { '1': { model: 0.00213, copy: 0.034, cases: 60 }, '15': { model: 0.25, copy: 0.5, cases: 40 } },
  terminal: {
    cases: 200,
    rate: 0.05,
    brier: 0.0125,
    brierOfRate: 0.0475,
    calibrationError: 0.015,
    bins: [{ predicted: 0.04, happened: 0.05, cases: 200 }],
  },
};

const evaluation: Evaluation = {
  episodes: 10,
  return: { mean: 20, std: 1, min: 18, max: 22 },
  length: 20,
  agents: { solo: 20 },
  model,
};

describe('quality of a model, told', () => {
  it('stands in two lines', () => {
    assert.deepEqual(modelText(model).split('\n'), [
      'model, squared error against copying the last frame: 0.00213 against 0.034 1 ahead, 0.25 against 0.5 15 ahead',
      'model, Brier score of endings: 0.0125 against 0.0475 by their rate, 5 % of 200 steps; calibration error 0.015',
    ]);
    assert.match(modelText({ ...model, openLoop: {} }), /no episode was long enough/);
  });

  it("is part of a run's summary", () => {
    const text = summaryText({
      scenario: 'dream',
      seed: 1,
      state: 'finished',
      steps: 100,
      seconds: 2,
      stepsPerSecond: 50,
      evaluation,
      folder: 'runs/dream',
    } as Parameters<typeof summaryText>[0]);
    assert.match(text, /model, Brier/);
  });

  it('is written with the metrics', () => {
    const metrics = evaluationMetrics(evaluation);
    assert.equal(metrics['evaluation/model/openLoop/15/copy'], 0.5);
    assert.equal(metrics['evaluation/model/openLoop/1/model'], 0.00213);
    assert.equal(metrics['evaluation/model/terminal/brier'], 0.0125);
    assert.equal(metrics['evaluation/model/terminal/brierOfRate'], 0.0475);
    assert.ok(Object.values(metrics).every((value) => Number.isFinite(value)));
  });
});
