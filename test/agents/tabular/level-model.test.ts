import assert from 'node:assert/strict';
import { PlannedExploration, randomExploration } from '../../../agents/tabular/exploration.ts';
import { imagine } from '../../../agents/tabular/imagination.ts';
import { LevelModel } from '../../../agents/tabular/level-model.ts';
import { meanOf, pearson, spearman, worstMean } from '../../../agents/tabular/statistics.ts';
import { stream } from '../../../core/index.ts';

const bootstrap = () => stream(1, 'bootstrap');
const priors = () => stream(1, 'priors');
const near = (got: number, wanted: number, within = 1e-12) =>
  assert.ok(Math.abs(got - wanted) <= within, `${got}, wanted ${wanted}`);

/** Three states, two actions, learned from `steps` random transitions of which action 0 stays and action 1 moves on. */
function walked(steps: number, random = priors()): LevelModel {
  const model = new LevelModel(3, 2, 10, 1, random);
  const walk = stream(2, 'walk');
  const votes = bootstrap();
  let state = 0;
  for (let t = 0; t < steps; t++) {
    const action = walk.integer(2);
    const next = (state + action) % 3;
    model.observe(state, action, next, votes);
    state = next;
  }
  return model;
}

describe('the model of a level', () => {
  it('is counts with a prior', () => {
    const model = new LevelModel(4, 2, 3, 2, priors());
    assert.deepEqual([...model.transition.subarray(0, 4)], [0.25, 0.25, 0.25, 0.25]);
    const votes = bootstrap();
    for (const next of [1, 1, 3]) model.observe(2, 1, next, votes);
    const row = (2 * 2 + 1) * 4;
    assert.deepEqual([...model.transition.subarray(row, row + 4)], [0.5 / 5, 2.5 / 5, 0.5 / 5, 1.5 / 5]);
    assert.deepEqual([model.totalVisits, ...model.visits], [3, 0, 0, 3, 0]);
  });

  it('says the same by its followers as by its chances', () => {
    const model = walked(40);
    const values = Float64Array.of(2, -1, 5);
    const random = stream(4, 'draws');
    for (let row = 0; row < 6; row++) {
      const chances = model.transition.subarray(row * 3, row * 3 + 3);
      near(
        model.expected(values, 6, row),
        chances.reduce((sum, chance, s) => sum + chance * values[s]!, 0),
      );
      const counts = [0, 0, 0];
      for (let i = 0; i < 4000; i++) counts[model.draw(row, random)]!++;
      counts.forEach((count, s) => {
        const deviation = Math.sqrt(4000 * chances[s]! * (1 - chances[s]!));
        assert.ok(Math.abs(count - 4000 * chances[s]!) < 4.5 * deviation, `${counts} for ${chances}`);
      });
    }
  });

  it('goes on exactly from what was saved', () => {
    const model = walked(50);
    const other = new LevelModel(3, 2, 10, 1, priors());
    other.load(model.save());
    for (const key of ['transition', 'disagreement', 'visits', 'totalVisits'] as const) {
      assert.deepEqual(other[key], model[key], key);
    }
    const [one, two] = [stream(9, 'x'), stream(9, 'x')];
    for (let i = 0; i < 20; i++) assert.equal(other.draw(i % 6, one), model.draw(i % 6, two));
  });

  it('has members that disagree where nobody was, and agree where much was seen', () => {
    const model = walked(2000);
    const fresh = walked(0);
    for (let row = 0; row < 6; row++) {
      assert.ok(fresh.disagreement[row]! > 0.15, `${fresh.disagreement[row]}`);
      assert.ok(model.disagreement[row]! < 0.02, `${model.disagreement[row]}`);
    }
  });

  it('is in doubt about nothing before it has seen anything, where members share one prior', () => {
    const model = new LevelModel(3, 2, 10, 1, undefined);
    assert.deepEqual([...model.disagreement], [0, 0, 0, 0, 0, 0]);
    model.observe(0, 0, 1, bootstrap());
    assert.ok(model.disagreement[0]! > 0 && model.disagreement[1] === 0, 'doubt begins with data: the trap');
  });

  it('stays calm about noise that was seen often', () => {
    // A noisy television: from state 0, every state is as likely.
    const model = new LevelModel(3, 2, 10, 1, priors());
    const [noise, votes] = [stream(3, 'noise'), bootstrap()];
    for (let t = 0; t < 3000; t++) model.observe(0, 0, noise.integer(3), votes);
    assert.ok(model.disagreement[0]! < 0.03, `${model.disagreement[0]}`);
    assert.ok(model.disagreement[1]! > 0.15);
  });
});

describe('exploration', () => {
  it('by planning goes where members disagree, at the cost of known steps', () => {
    const model = new LevelModel(3, 2, 10, 1, priors());
    const votes = bootstrap();
    // All is known but action 0 of state 2: two steps of action 1 away.
    for (let i = 0; i < 300; i++) {
      for (const [s, a] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
        [2, 1],
      ] as const)
        model.observe(s, a, (s + a) % 3, votes);
    }
    const planned = new PlannedExploration(model, 0.95, 5);
    const random = stream(1, 'x');
    assert.deepEqual(
      [0, 1, 2].map((s) => planned.act(s, random)),
      [1, 1, 0],
    );
    for (let i = 0; i < 300; i++) model.observe(2, 0, 2, votes);
    assert.equal(planned.act(2, random), 0, 'plans are kept for a while');
    for (let i = 0; i < 5; i++) planned.learned();
    const saved = planned.save();
    const other = new PlannedExploration(model, 0.95, 5);
    other.load(saved);
    assert.deepEqual(other.save(), saved);
  });

  it('draws among actions that are as good as each other', () => {
    const model = new LevelModel(3, 2, 10, 1, undefined);
    const planned = new PlannedExploration(model, 0.95, 5);
    const random = stream(1, 'x');
    const first = Array.from({ length: 400 }, () => planned.act(0, random)).filter((action) => action === 0).length;
    assert.ok(first > 140 && first < 260, `${first} of 400`);
  });
});

describe('estimates from imagination', () => {
  const study = (model: LevelModel) => ({ model, exploration: randomExploration(model) });

  it('are credited to levels by their visits, with one for a level that nobody played', () => {
    const levels = [study(walked(300)), study(walked(0)), study(walked(100))];
    const { samples, sums } = imagine(levels, 4000, 2, stream(1, 'imagination'));
    assert.equal(samples[1], 1);
    assert.equal(samples[0]! + samples[2]!, 4000);
    assert.ok(Math.abs(samples[0]! - 3000) < 4.5 * Math.sqrt(750), `${samples}`);
    assert.ok(sums[1]! > 0.15 && sums[0]! / samples[0]! < sums[2]! / samples[2]!);
  });

  it('are the mean disagreement along the way', () => {
    // One state: whatever is done leads back to it.
    const model = new LevelModel(1, 2, 4, 1, priors());
    model.observe(0, 0, 0, bootstrap());
    const [a, b] = [0.2, 0.6];
    model.disagreement.set([a, b]);
    const { samples, sums } = imagine([study(model)], 2000, 15, stream(1, 'imagination'));
    near(sums[0]! / samples[0]!, (a + b) / 2, 4.5 * Math.sqrt(0.04 / (2000 * 15)));
  });
});

describe('statistics of levels', () => {
  it('are as by hand', () => {
    assert.equal(worstMean([1, 9, 3, 7], 0.5), 8);
    assert.equal(worstMean([1, 9, 3, 7], 0.1), 9);
    assert.equal(meanOf([1, 2, 6]), 3);
    near(pearson([1, 2, 3], [2, 4, 6]), 1);
    near(pearson([1, 2, 3], [1, 0, 1]), 0);
    assert.equal(pearson([1, 1, 1], [1, 2, 3]), 0);
    near(spearman([1, 10, 100, 1000], [4, 3, 2, 1]), -1);
    // Ranks 0.5, 0.5, 2 against 0, 1, 2.
    near(spearman([5, 5, 9], [1, 2, 3]), Math.sqrt(3) / 2);
  });
});
