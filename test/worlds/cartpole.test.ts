import { strict as assert } from 'node:assert';
import type { LightbulbError } from '../../core/index.ts';
import { balancePole, cartpole } from '../../worlds/index.ts';
import { outputsFor, recorded } from './play.ts';

interface Episode {
  readonly state: readonly number[];
  readonly actions: readonly number[];
  readonly observations: readonly (readonly number[])[];
  readonly rewards: readonly number[];
  readonly terminated: readonly boolean[];
  readonly truncated: readonly boolean[];
}

describe('cartpole', () => {
  it("repeats the episodes recorded from Gymnasium's CartPole-v1", function () {
    const episodes = recorded<readonly Episode[]>('cartpole-v1.json');
    if (episodes === undefined) return this.skip();
    for (const episode of episodes) {
      const environment = cartpole(1);
      const out = outputsFor(environment);
      environment.setLevel!(0, { state: episode.state });
      environment.reset(1, out);
      let worst = 0;
      const compare = (found: Float32Array, wanted: readonly number[]): void => {
        for (let i = 0; i < 4; i++) worst = Math.max(worst, Math.abs(found[i]! - wanted[i]!));
      };
      compare(out[0]!.observation, episode.observations[0]!);
      episode.actions.forEach((action, t) => {
        environment.step([Int32Array.of(action)], out);
        const last = episode.terminated[t]! || episode.truncated[t]!;
        compare(last ? out[0]!.finalObservation : out[0]!.observation, episode.observations[t + 1]!);
        assert.equal(out[0]!.reward[0], episode.rewards[t]);
        assert.equal(out[0]!.terminated[0] === 1, episode.terminated[t], `terminated after step ${t}`);
        assert.equal(out[0]!.truncated[0] === 1, episode.truncated[t], `truncated after step ${t}`);
        if (last) compare(out[0]!.observation, episode.observations[0]!);
      });
      assert.ok(worst < 1e-5, `off by ${worst}`);
    }
  });

  it('takes its steps to the last bit: an episode of 500 is that of the equations with Math.sin and Math.cos', () => {
    const environment = cartpole(1);
    const out = outputsFor(environment);
    let [x, xDot, theta, thetaDot] = [0.01, -0.02, 0.2, 0.03];
    environment.setLevel!(0, { state: [x, xDot, theta, thetaDot] });
    environment.reset(1, out);
    for (let t = 1; t < 500; t++) {
      const action = balancePole(out[0]!.observation, 0);
      environment.step([Int32Array.of(action)], out);
      const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
      const thrust = ((action === 1 ? 10 : -10) + 0.05 * (thetaDot * thetaDot) * sine) / 1.1;
      const turn = (9.8 * sine - cosine * thrust) / (0.5 * (4 / 3 - (0.1 * (cosine * cosine)) / 1.1));
      const acceleration = thrust - (0.05 * turn * cosine) / 1.1;
      [x, xDot, theta, thetaDot] = [
        x + 0.02 * xDot,
        xDot + 0.02 * acceleration,
        theta + 0.02 * thetaDot,
        thetaDot + 0.02 * turn,
      ];
      assert.deepEqual(Array.from(out[0]!.observation), [x, xDot, theta, thetaDot].map(Math.fround), `step ${t}`);
    }
  });

  it('is balanced by its scripted policy to the end', () => {
    const environment = cartpole(64);
    const out = outputsFor(environment);
    const actions = new Int32Array(64);
    environment.reset(3, out);
    for (let t = 1; t <= 500; t++) {
      for (let b = 0; b < 64; b++) actions[b] = balancePole(out[0]!.observation, b * 4);
      environment.step([actions], out);
      assert.ok(
        out[0]!.terminated.every((flag) => flag === 0),
        `fell at step ${t}`,
      );
      assert.equal(
        out[0]!.truncated.every((flag) => flag === 1),
        t === 500,
      );
    }
  });

  it('plays the parameters of a level, from the next reset on', () => {
    const environment = cartpole(2);
    const out = outputsFor(environment);
    environment.setLevel!(0, { force: 20, state: [0, 0, 0, 0] });
    environment.setLevel!(1, { state: [0, 0, 0, 0] });
    environment.reset(1, out);
    environment.step([Int32Array.of(1, 1)], out);
    // By hand, from rest: thrust = F/1.1, turn = -thrust / (0.5 (4/3 - 0.1/1.1)), xDot = 0.02 (thrust - 0.05 turn/1.1).
    for (const [b, force] of [20, 10].entries()) {
      const thrust = force / 1.1;
      const turn = -thrust / (0.5 * (4 / 3 - 0.1 / 1.1));
      assert.equal(out[0]!.observation[b * 4 + 1], Math.fround(0.02 * (thrust - (0.05 * turn) / 1.1)));
      assert.equal(out[0]!.observation[b * 4 + 3], Math.fround(0.02 * turn));
    }
  });

  it('makes and changes levels that it accepts', () => {
    const environment = cartpole(1);
    let level = environment.levels!.generate(5);
    assert.deepEqual(level, environment.levels!.generate(5));
    for (let seed = 0; seed < 50; seed++) {
      environment.setLevel!(0, level);
      level = environment.levels!.mutate!(level, seed);
    }
  });

  it('refuses what is not an action or a level, and leaves the state alone', () => {
    const environment = cartpole(3);
    const out = outputsFor(environment);
    const refused = (code: string, text: RegExp) => (error: LightbulbError) =>
      error.code === code && text.test(error.message);
    assert.throws(() => environment.step([new Int32Array(3)], out), refused('contract', /step came before reset/));
    environment.reset(1, out);
    const before = environment.snapshot();
    assert.throws(
      () => environment.step([Int32Array.of(0, 2, 0)], out),
      refused('contract', /copy 1, agent "agent_0"/),
    );
    assert.throws(() => environment.step([Int32Array.of(0, 0, -1)], out), refused('contract', /copy 2/));
    assert.throws(() => environment.step([new Int32Array(2)], out), refused('contract', /do not fit/));
    assert.throws(() => environment.step([new Float32Array(3)], out), refused('contract', /Int32Array/));
    assert.deepEqual(environment.snapshot(), before);
    assert.throws(() => environment.setLevel!(0, { forse: 3 }), refused('unknown_key', /force/));
    assert.throws(() => environment.setLevel!(0, { force: 1e9 }), refused('invalid_input', /2 to 30/));
    assert.throws(() => environment.setLevel!(3, {}), refused('invalid_input', /0 to 2/));
    assert.throws(() => cartpole(0), refused('invalid_input', /copies/));
  });
});
