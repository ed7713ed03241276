import assert from 'node:assert/strict';
import { build, type EnvironmentScenario, loadScenario, parseOverride, presetFile } from '../../scenarios/index.ts';

const scenarioWith = (...settings: readonly string[]): EnvironmentScenario =>
  loadScenario(presetFile('tiny/maze-minimax'), settings.map(parseOverride)) as EnvironmentScenario;

describe('the curricula of a scenario', () => {
  const names = [
    'domain-randomisation',
    'plr',
    'robust-plr',
    'accel',
    'sfl',
    'minimax',
    'paired',
    'population-paired',
    'repaired',
  ];
  for (const name of names) {
    it(`choose the mazes of its training: ${name}`, async () => {
      const training = await build(scenarioWith(`curriculum={"name":"${name}"}`));
      try {
        const { metrics } = await training.advance();
        assert.ok('curriculum/level/solvable' in metrics, Object.keys(metrics).join(', '));
        assert.equal('curriculum/steps/adversary' in metrics, names.indexOf(name) >= 5);
      } finally {
        await training.close();
      }
    });
  }

  it('go round by round where domain randomisation is asked to', async () => {
    const training = await build(scenarioWith('curriculum={"name":"domain-randomisation","every":"round"}'));
    try {
      assert.ok('curriculum/regret/exact' in (await training.advance()).metrics);
    } finally {
      await training.close();
    }
  });

  it('name what an environment lacks by its place in the file', async () => {
    const perfect = ['environment.options.size=5', 'environment.options.layout="perfect"'];
    await assert.rejects(build(scenarioWith(...perfect)), /tiny\/maze-minimax\.json:\d+.*cannot be built step by step/);
    await assert.rejects(
      build(scenarioWith('curriculum={"name":"paired","adversary":{"minibatches":3}}')),
      /--set curriculum.*do not divide/,
    );
    const drawn = ['curriculum={"name":"domain-randomisation","every":"round"}', 'learner={"name":"dreamer"}'];
    await assert.rejects(build(scenarioWith(...drawn)), /takes no levels from this curriculum/);
  });
});
