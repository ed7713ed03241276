import assert from 'node:assert/strict';
import { batch, type Environment, type Step, unbatch } from '../../worlds/index.ts';
import { END, scripted, start, tasksOf } from './script.ts';

const NAMES = ['near', 'far'] as const;

/** The little environment of `script.ts`, with two tasks. */
function tasked(steps: readonly Partial<Step>[]): Environment {
  return { ...scripted({ steps }), taskNames: NAMES };
}

describe('the rewards of tasks', () => {
  const steps = [{ taskRewards: { near: 1, far: -1 } }, { ...END, taskRewards: { far: 0.1, near: 2 } }];

  it('are told of all copies at every step, the last one of an episode too, and are 0 before any', () => {
    const environment = batch(() => tasked(steps), 2);
    assert.equal(environment.taskNames, NAMES);
    assert.deepEqual(tasksOf(environment), [0, 0, 0, 0], 'before any reset');
    const { step } = start(environment);
    assert.deepEqual(tasksOf(environment), [0, 0, 0, 0], 'before any step');
    step();
    assert.deepEqual(tasksOf(environment), [1, -1, 1, -1]);
    const saved = environment.snapshot();
    assert.deepEqual(tasksOf(environment), [1, -1, 1, -1], 'taking a snapshot changes nothing');
    step();
    const last = [2, Math.fround(0.1), 2, Math.fround(0.1)];
    assert.deepEqual(tasksOf(environment), last, 'of the step that ended, although the next episode has begun');
    environment.restore(saved);
    assert.deepEqual(tasksOf(environment), [0, 0, 0, 0], 'of another step');
    step();
    assert.deepEqual(tasksOf(environment), last);
    start(environment);
    assert.deepEqual(tasksOf(environment), [0, 0, 0, 0], 'after another reset');
  });

  it('leave what is paid alone', () => {
    const { step, output } = start(batch(() => tasked(steps), 1));
    step();
    assert.deepEqual([...output[0]!.reward], [1, 2]);
  });

  it('are there only where they are declared', () => {
    const { taskNames, taskRewards } = batch(() => scripted({ steps: [] }), 2);
    assert.deepEqual([taskNames, taskRewards], [undefined, undefined]);
    const single = unbatch((copies) => batch(() => scripted({ steps: [END] }), copies));
    single.reset({ seed: 1 });
    assert.ok(!('taskNames' in single) && !('taskRewards' in single.step({ a: 0, b: 1 })));
  });

  it('need names of their own, the same in all copies', () => {
    const named = (taskNames: unknown) => () => ({ ...scripted({ steps: [] }), taskNames }) as Environment;
    for (const [names, message] of [
      [[], /taskNames: the names of tasks are not legal.*at least one name, or nothing at all/],
      [['near', 7], /taskNames\/1: .*got 7/],
      [['near', 'near'], /taskNames\/1: .*"near" again/],
    ] as const)
      assert.throws(() => batch(named(names), 1), { code: 'contract', message });
    let made = 0;
    const odd = () => named(made++ === 1 ? ['far', 'near'] : NAMES)();
    assert.throws(() => batch(odd, 3), { code: 'contract', message: /copy 1.*\["near","far"\].*\["far","near"\]/ });
  });

  it('name copy and step where they are not as declared', () => {
    const cases: readonly [unknown, string, RegExp][] = [
      [undefined, 'contract', /copy 0, step 1: .*\/taskRewards: wanted an object.*at every step, got undefined/],
      [[1, 2], 'contract', /a list of 2/],
      [{ near: 1 }, 'contract', /\/taskRewards\/far: wanted a number, got nothing/],
      [{ near: 1, far: 0, away: 1 }, 'contract', /\/taskRewards: wanted exactly near, far, got "away" too/],
      [{ near: 1, far: '0' }, 'contract', /\/taskRewards\/far: wanted a finite number/],
      [{ near: 1, far: Number.NaN }, 'not_finite', /\/taskRewards\/far/],
      [{ near: 1e39, far: 0 }, 'not_finite', /\/taskRewards\/near/],
    ];
    for (const [taskRewards, code, message] of cases)
      assert.throws(start(batch(() => tasked([{ taskRewards } as Partial<Step>]), 2)).step, { code, message });
    const undeclared = start(batch(() => scripted({ steps: [{ taskRewards: { near: 1 } }] }), 1)).step;
    assert.throws(undeclared, { code: 'contract', message: /\/taskRewards: wanted none, as there are no taskNames/ });
  });

  it('come with every step of the single form, as the batch tells them', () => {
    const single = unbatch((copies) => batch(() => tasked(steps), copies));
    assert.equal(single.taskNames, NAMES);
    for (const seed of [1, 2]) {
      assert.ok(!('taskRewards' in single.reset({ seed })));
      assert.deepEqual(single.step({ a: 0, b: 1 }).taskRewards, { near: 1, far: -1 });
      assert.deepEqual(single.step({ a: 0, b: 1 }).taskRewards, { near: 2, far: Math.fround(0.1) });
    }
    // And back again.
    const again = batch(() => unbatch((copies) => batch(() => tasked(steps), copies)), 1);
    const { step } = start(again);
    step();
    assert.deepEqual(tasksOf(again), [1, -1]);
    step();
    assert.deepEqual(tasksOf(again), [2, Math.fround(0.1)]);
  });
});
