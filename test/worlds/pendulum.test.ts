import { strict as assert } from 'node:assert';
import { type LightbulbError, stream } from '../../core/index.ts';
import { pendulum, swingUp } from '../../worlds/index.ts';
import { outputsFor } from './play.ts';

/** Mean return of 64 episodes. */
function meanReturn(choose: (observation: Float32Array, offset: number) => number): number {
  const environment = pendulum(64);
  const out = outputsFor(environment);
  const torque = new Float32Array(64);
  let sum = 0;
  environment.reset(4, out);
  for (let t = 0; t < 200; t++) {
    for (let b = 0; b < 64; b++) torque[b] = choose(out[0]!.observation, b * 3);
    environment.step([torque], out);
    for (const reward of out[0]!.reward) sum += reward;
  }
  return sum / 64;
}

describe('pendulum', () => {
  it('moves as a rod about its end does', () => {
    // Independent of the code: inertia of a rod m l^2 / 3, torque of its weight m g (l / 2) sin(angle), then
    // speed += dt * (weight + torque) / inertia, angle += dt * speed. Angles compared through cos and sin.
    const random = stream(1, 'play');
    for (const { gravity, length, mass } of [
      { gravity: 10, length: 1, mass: 1 },
      { gravity: 6, length: 0.7, mass: 1.3 },
    ]) {
      let angle = 3;
      let speed = 0.5;
      const environment = pendulum(1);
      const out = outputsFor(environment);
      environment.setLevel!(0, { gravity, length, mass, state: [angle, speed] });
      environment.reset(1, out);
      for (let t = 0; t < 100; t++) {
        const wanted = random.between(-3, 3);
        const torque = Math.max(-2, Math.min(2, Math.fround(wanted)));
        const off = Math.atan2(Math.sin(angle), Math.cos(angle));
        const reward = -(off ** 2 + 0.1 * speed ** 2 + 0.001 * torque ** 2);
        const inertia = (mass * length ** 2) / 3;
        speed += (0.05 * (mass * gravity * (length / 2) * Math.sin(angle) + torque)) / inertia;
        speed = Math.max(-8, Math.min(8, speed));
        angle += 0.05 * speed;
        environment.step([Float32Array.of(wanted)], out);
        const [cosine, sine, found] = out[0]!.observation;
        assert.ok(Math.abs(cosine! - Math.cos(angle)) < 1e-5 && Math.abs(sine! - Math.sin(angle)) < 1e-5);
        assert.ok(Math.abs(found! - speed) < 1e-5, `step ${t}: ${found}, by hand ${speed}`);
        assert.ok(Math.abs(out[0]!.reward[0]! - reward) < 1e-5, `step ${t}: ${out[0]!.reward[0]}, by hand ${reward}`);
      }
    }
  });

  it('hanging at rest costs pi squared', () => {
    const environment = pendulum(1);
    const out = outputsFor(environment);
    environment.setLevel!(0, { state: [Math.PI, 0] });
    environment.reset(1, out);
    environment.step([Float32Array.of(0)], out);
    assert.equal(out[0]!.reward[0], Math.fround(-(Math.PI ** 2)));
  });

  it('is truncated, never terminated, after 200 steps', () => {
    const environment = pendulum(2);
    const out = outputsFor(environment);
    environment.reset(1, out);
    for (let t = 1; t <= 400; t++) {
      environment.step([new Float32Array(2)], out);
      assert.deepEqual(Array.from(out[0]!.truncated), t % 200 === 0 ? [1, 1] : [0, 0]);
      assert.deepEqual(Array.from(out[0]!.terminated), [0, 0]);
    }
  });

  it('is swung up by its scripted policy and not by chance', () => {
    const random = stream(2, 'play');
    const chance = meanReturn(() => random.between(-2, 2));
    const scripted = meanReturn(swingUp);
    assert.ok(chance > -1400 && chance < -1000, `random play: ${chance}`);
    assert.ok(scripted > -250, `scripted: ${scripted}`);
  });

  it('refuses what is not a number, and leaves the state alone', () => {
    const environment = pendulum(2);
    const out = outputsFor(environment);
    environment.reset(1, out);
    const before = environment.snapshot();
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(
        () => environment.step([Float32Array.of(0, bad)], out),
        (error: LightbulbError) => error.code === 'contract' && /copy 1, agent "agent_0"/.test(error.message),
      );
    }
    assert.throws(
      () => environment.step([new Int32Array(2)], out),
      (error: LightbulbError) => error.code === 'contract' && /Float32Array/.test(error.message),
    );
    assert.deepEqual(environment.snapshot(), before);
  });
});
