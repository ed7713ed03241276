import { strict as assert } from 'node:assert';
import { type LightbulbError, stream } from '../../core/index.ts';
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

interface Level {
  readonly poleHalfLength: number;
  readonly massPole: number;
  readonly massCart: number;
  readonly force: number;
  readonly cartFriction: number;
  readonly poleFriction: number;
}

/** By Gauss and Jordan, with the largest pivot. */
function solveLinear(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let k = 0; k < rows.length; k++) {
    const best = rows
      .slice(k)
      .reduce((most, row, i) => (Math.abs(row[k]!) > Math.abs(rows[most]![k]!) ? i + k : most), k);
    [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    for (let i = 0; i < rows.length; i++) {
      if (i === k) continue;
      const factor = rows[i]![k]! / rows[k]![k]!;
      rows[i] = rows[i]!.map((value, j) => value - factor * rows[k]![j]!);
    }
  }
  return rows.map((row, k) => row.at(-1)! / row[k]!);
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

  it('slows down by friction as Newton and Euler say of cart and pole apart', () => {
    // Five unknowns of one moment: both accelerations, and the forces between pole, cart and track. Axes: right, up.
    const accelerations = (level: Level, [, xDot, theta, spin]: readonly number[], force: number): number[] => {
      const { poleHalfLength: l, massPole: m, massCart: M, cartFriction, poleFriction } = level;
      const [s, c] = [Math.sin(theta!), Math.cos(theta!)];
      const solve = (side: number) =>
        solveLinear(
          [
            // turn, acceleration, joint's force on the pole (right, up), track's force on the cart (up)
            [m * l * c, m, -1, 0, 0],
            [-m * l * s, 0, 0, -1, 0],
            [0, M, 1, 0, cartFriction * Math.sign(xDot!) * side],
            [0, 0, 0, 1, -1],
            [(m * l * l) / 3, 0, l * c, -l * s, 0],
          ],
          [m * l * s * spin! ** 2, m * l * c * spin! ** 2 - m * 9.8, force, -M * 9.8, -poleFriction * spin!],
        );
      const found = solve(1);
      return found[4]! >= 0 ? found : solve(-1);
    };
    const random = stream(5, 'friction');
    let hanging = 0;
    for (let i = 0; i < 300; i++) {
      const environment = cartpole(1);
      const out = outputsFor(environment);
      const drawn = environment.levels!.generate(i) as unknown as Level;
      // Every third pole spins so fast that it lifts the cart off its track.
      const spin = i % 3 === 0 ? random.between(20, 60) : random.between(-2, 2);
      const state = [0, random.between(-2, 2), random.between(-0.2, 0.2), spin];
      environment.setLevel!(0, { ...drawn, state });
      environment.reset(1, out);
      const action = random.integer(2);
      const [turn, acceleration, , , pressure] = accelerations(drawn, state, (2 * action - 1) * drawn.force);
      if (pressure! < 0) hanging++;
      environment.step([Int32Array.of(action)], out);
      const ended = out[0]!.terminated[0] === 1;
      const seen = ended ? out[0]!.finalObservation : out[0]!.observation;
      const near = (got: number, wanted: number) =>
        assert.ok(Math.abs(got - wanted) <= 1e-5 * (1 + Math.abs(wanted)), `${i}: ${got}, by hand ${wanted}`);
      near(seen[1]!, state[1]! + 0.02 * acceleration!);
      near(seen[3]!, spin + 0.02 * turn!);
    }
    assert.ok(hanging > 20, `${hanging} times the track held the cart down`);
  });

  it('comes to rest on a rough track, and not on a smooth one', () => {
    const environment = cartpole(2);
    const out = outputsFor(environment);
    const start = { massPole: 0.01, force: 2, massCart: 5, state: [-2, 1, 0, 0] };
    environment.setLevel!(0, { ...start, cartFriction: 0.5 });
    environment.setLevel!(1, { ...start, cartFriction: 0 });
    environment.reset(1, out);
    // Pushes that cancel out, in fours: braking is all that is left. 0.5 x 9.8 m/s^2 need 0.2 s for 1 m/s.
    for (let t = 0; t < 12; t++) environment.step([Int32Array.of(t % 2, t % 2)], out);
    assert.ok(Math.abs(out[0]!.observation[1]!) < 0.15, `rough: ${out[0]!.observation[1]} m/s`);
    assert.ok(out[0]!.observation[5]! > 0.95, `smooth: ${out[0]!.observation[5]} m/s`);
  });

  it('draws levels from narrower ranges where it is told to, and still plays others', () => {
    const environment = cartpole(1, { poleHalfLength: [0.25, 1], force: [10, 10], cartFriction: [0, 0] });
    const { box, generate, mutate } = environment.levels!;
    assert.deepEqual(box!.poleHalfLength, [0.25, 1]);
    assert.deepEqual(box!.massCart, [0.2, 5]);
    let level = generate(1);
    for (let seed = 0; seed < 200; seed++) {
      const { poleHalfLength, force, cartFriction } = level as unknown as Level;
      assert.ok(poleHalfLength >= 0.25 && poleHalfLength <= 1 && force === 10 && cartFriction === 0);
      level = seed % 2 === 0 ? generate(seed) : mutate!(level, seed);
    }
    environment.setLevel!(0, { poleHalfLength: 2, force: 30 });
    for (const range of [
      [0.05, 1],
      [1, 0.5],
      [0.5, 3],
    ] as const)
      assert.throws(() => cartpole(1, { poleHalfLength: range }), { code: 'invalid_input', message: /0.1 <= low/ });
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
