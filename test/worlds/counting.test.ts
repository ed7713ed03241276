import { strict as assert } from 'node:assert';
import type { LightbulbError } from '../../core/index.ts';
import { counting, echoClock } from '../../worlds/index.ts';
import { outputsFor } from './play.ts';

describe('counting', () => {
  it('shows clock, copy, episode and agent, and pays for the echo of the clock', () => {
    const environment = counting(2, { agents: 2, length: 3, choices: 2 });
    const [out] = outputsFor(environment);
    environment.reset(1, [out!]);
    const seen = (at: number): number[] => Array.from(out!.observation.slice(at * 4, at * 4 + 4));
    const episodes = [seen(0)[2], seen(2)[2]];
    assert.notEqual(episodes[0], episodes[1], 'every copy has its own stream');
    for (let t = 1; t <= 3; t++) {
      environment.step([Int32Array.of(0, 1, 0, 1)], [out!]);
      const paid = (t - 1) % 2 === 0 ? [1, 0, 1, 0] : [0, 1, 0, 1];
      assert.deepEqual(Array.from(out!.reward), paid, `step ${t}`);
      if (t < 3) assert.deepEqual(seen(3), [t, 1, episodes[1], 1]);
    }
    assert.deepEqual(Array.from(out!.truncated), [1, 1, 1, 1]);
    assert.deepEqual(Array.from(out!.finalObservation.slice(12)), [3, 1, episodes[1], 1], 'the end is not hidden');
    assert.equal(seen(3)[0], 0, 'and the next episode has begun');
    assert.notEqual(seen(3)[2], episodes[1]);
  });

  it('lets agents die one after the other', () => {
    const environment = counting(1, { agents: 3, length: 4, deaths: true });
    const [out] = outputsFor(environment);
    environment.reset(1, [out!]);
    const course: number[][] = [];
    for (let t = 0; t < 4; t++) {
      // The dead may do what they like.
      const now = t % 4;
      environment.step([Int32Array.of(t < 2 ? now : -7, t < 3 ? now : 99, now)], [out!]);
      course.push([...out!.terminated, ...out!.truncated, ...out!.alive, ...out!.reward]);
    }
    assert.deepEqual(course, [
      [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
      [1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
      [0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1],
      [0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1],
    ]);
  });

  it('masks one action and refuses it, of the living', () => {
    const environment = counting(1, { agents: 2, length: 3, choices: 3, masks: true, deaths: true });
    const [out] = outputsFor(environment);
    environment.reset(1, [out!]);
    assert.deepEqual(Array.from(out!.actionMask), [1, 0, 1, 1, 0, 1]);
    assert.throws(
      () => environment.step([Int32Array.of(0, 1)], [out!]),
      (error: LightbulbError) => error.code === 'contract' && /copy 0, agent "agent_1"/.test(error.message),
    );
    environment.step([Int32Array.of(0, 2)], [out!]);
    environment.step([Int32Array.of(0, 0)], [out!]);
    assert.deepEqual(Array.from(out!.actionMask), [0, 0, 0, 0 /* (2 + 1) % 3 */, 1, 1]);
    environment.step([Int32Array.of(0, 2)], [out!]);
    assert.deepEqual(Array.from(out!.truncated), [0, 1]);
  });

  it('is paid in full for its scripted policy', () => {
    const environment = counting(3, { length: 9, masks: true });
    const [out] = outputsFor(environment);
    const echo = echoClock(4);
    environment.reset(1, [out!]);
    for (let t = 0; t < 30; t++) {
      environment.step([Int32Array.from({ length: 3 }, (_, b) => echo(out!.observation, b * 4, 0, 0))], [out!]);
      assert.deepEqual(Array.from(out!.reward), [1, 1, 1]);
    }
  });
});
