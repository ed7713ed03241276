import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTraining } from '../../agents/index.ts';
import { evaluate, loadScenario, presetFile, presetNames, run } from '../../scenarios/index.ts';
import { collect } from './collect.ts';
import { temporaryFolder } from './files.ts';

describe('the scenarios that come with lightbulb, tiny and truly trained', () => {
  const root = temporaryFolder();
  const metricsOf = (folder: string) => readFileSync(join(folder, 'metrics.jsonl'), 'utf8');

  for (const name of presetNames()) {
    it(`${name}: to the end, and the same with an interruption`, async () => {
      const scenario = loadScenario(presetFile(`tiny/${name}`));
      const [whole, broken] = [join(root(), 'whole'), join(root(), 'broken')];
      const { events, error } = await collect(scenario, { folder: whole, createTraining });
      assert.equal(error, undefined);
      const last = events.at(-1);
      assert.ok(last?.kind === 'finished' && last.step >= scenario.steps);

      const stop = new AbortController();
      await run(scenario, { folder: broken, signal: stop.signal, createTraining }).forEach((event) => {
        if (event.kind === 'iteration') stop.abort();
      });
      assert.notEqual(metricsOf(broken), metricsOf(whole));
      const resumed = await collect(scenario, { folder: broken, resume: true, createTraining });
      assert.equal(resumed.error, undefined);
      assert.equal(metricsOf(broken), metricsOf(whole));
      assert.deepEqual((await evaluate(broken, { createTraining })).evaluation, last.summary.evaluation);
    });
  }
});
