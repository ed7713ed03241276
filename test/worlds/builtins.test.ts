import { strict as assert } from 'node:assert';
import { type Json, type LightbulbError, type Stream, stream } from '../../core/index.ts';
import {
  type BatchedEnvironment,
  builtin,
  builtins,
  checkValue,
  environmentNames,
  makeEnvironment,
  unflatten,
} from '../../worlds/index.ts';
import { actionsFor, fillRandom, outputsFor, width, written } from './play.ts';

/** One set of options per environment under which episodes end within 40 steps, and the masked and mortal probe. */
const CASES: readonly [name: string, options: Json][] = [
  ['cartpole', { maximumSteps: 17 }],
  ['pendulum', { maximumSteps: 17 }],
  ['simple_spread', {}],
  ['simple_tag', { adversaries: 2, prey: 2 }],
  ['simple_reference', {}],
  ['simple_speaker_listener', {}],
  ['level_based_foraging', { maxEpisodeSteps: 17, players: 3 }],
  ['dodge', { maximumSteps: 17, size: 20, cell: 4 }],
  ['rooms', { maximumSteps: 17, task: 'north' }],
  ['maze', { size: 6, walls: 12, maximumSteps: 17 }],
  ['cleanup', { task: 'sort', maximumSteps: 17 }],
  ['cleanup', { view: 'agent', maximumSteps: 17 }],
  ['news_topics', { maxLength: 60 }],
  ['newsroom', { words: 12, maxLength: 80, kept: 4, written: 5, ownWords: 8 }],
  ['counting', { agents: 3, length: 7 }],
  ['counting', { agents: 3, length: 7, deaths: true }],
];

const sources = (copies: number): Stream[] => Array.from({ length: copies }, (_, b) => stream(8, `play/${b}`));

/** Everything written in `steps` steps under actions that depend on the copy alone. */
function play(environment: BatchedEnvironment, steps: number, random = sources(environment.batchSize)): unknown[] {
  const out = outputsFor(environment);
  const actions = actionsFor(environment);
  const log: unknown[] = [];
  for (let t = 0; t < steps; t++) {
    fillRandom(environment.groups, actions, random);
    for (const group of out) group.finalObservation.fill(0);
    environment.step(actions, out);
    log.push(written(out));
  }
  return log;
}

describe('built-in environments', () => {
  it('are all covered here', () => {
    assert.deepEqual([...new Set(CASES.map(([name]) => name))], environmentNames);
  });

  for (const [name, options] of CASES) {
    describe(`${name} ${JSON.stringify(options)}`, () => {
      const make = (copies: number): BatchedEnvironment => makeEnvironment(name, copies, options);
      const begun = (copies: number, seed: number): BatchedEnvironment => {
        const environment = make(copies);
        environment.reset(seed, outputsFor(environment));
        return environment;
      };

      it('writes all of every output, within its spaces', () => {
        const environment = make(5);
        const out = outputsFor(environment);
        environment.reset(1, out);
        const random = sources(5);
        const actions = actionsFor(environment);
        let endings = 0;
        for (let t = 0; t <= 60; t++) {
          environment.groups.forEach(({ observation, agents }, g) => {
            const size = width(observation);
            const box = observation.type === 'box' ? observation : undefined;
            const bound = (side: number | readonly number[], d: number) => (typeof side === 'number' ? side : side[d]!);
            const { observation: seen, finalObservation, reward, terminated, truncated, alive } = out[g]!;
            const isInside = (numbers: Float32Array, i: number) =>
              box === undefined
                ? checkValue(observation, unflatten(observation, numbers, i * size)) === null
                : numbers
                    .subarray(i * size, (i + 1) * size)
                    .every(
                      (value, d) => value >= Math.fround(bound(box.low, d)) && value <= Math.fround(bound(box.high, d)),
                    );
            for (let i = 0; i < 5 * agents.length; i++) {
              const ended = terminated[i]! + truncated[i]!;
              assert.ok(ended <= 1 && alive[i]! <= 1 && Number.isFinite(reward[i]));
              endings += ended;
              const own = (numbers: Float32Array) => numbers.subarray(i * size, (i + 1) * size);
              assert.ok(alive[i] === 0 ? own(seen).every((value) => value === 0) : isInside(seen, i));
              if (ended === 1) assert.ok(isInside(finalObservation, i));
              else assert.ok(own(finalObservation).every(Number.isNaN), 'a final observation without an ending');
            }
          });
          fillRandom(environment.groups, actions, random);
          for (const group of out) {
            for (const array of [group.observation, group.finalObservation, group.reward]) array.fill(Number.NaN);
            for (const array of [group.terminated, group.truncated, group.alive]) array.fill(9);
          }
          environment.step(actions, out);
        }
        assert.ok(endings >= 5 * 2, 'episodes end, and others follow');
      });

      it('plays the same with the same seed, and otherwise with another', () => {
        const first = play(begun(3, 1), 60);
        assert.deepEqual(play(begun(3, 1), 60), first);
        assert.notDeepEqual(play(begun(3, 2), 60), first);
      });

      it('plays each copy the same in any batch', () => {
        const wide = make(6);
        const narrow = make(2);
        const wideOut = outputsFor(wide);
        const narrowOut = outputsFor(narrow);
        wide.reset(4, wideOut);
        narrow.reset(4, narrowOut);
        const [wideActions, narrowActions] = [actionsFor(wide), actionsFor(narrow)];
        const [wideRandom, narrowRandom] = [sources(6), sources(2)];
        for (let t = 0; t < 60; t++) {
          for (const field of ['observation', 'reward', 'terminated', 'truncated', 'alive'] as const) {
            narrowOut.forEach((group, g) => {
              assert.deepEqual(wideOut[g]![field].slice(0, group[field].length), group[field], `${field} at ${t}`);
            });
          }
          fillRandom(wide.groups, wideActions, wideRandom);
          fillRandom(narrow.groups, narrowActions, narrowRandom);
          wide.step(wideActions, wideOut);
          narrow.step(narrowActions, narrowOut);
        }
      });

      it('goes on exactly from a snapshot that went through JSON', () => {
        const environment = begun(3, 1);
        if (environment.levels !== undefined) environment.setLevel!(1, environment.levels.generate(3));
        play(environment, 33);
        const saved = JSON.parse(JSON.stringify(environment.snapshot())) as Json;
        const wanted = play(environment, 50);
        const fresh = make(3);
        fresh.restore(saved);
        assert.deepEqual(play(fresh, 50), wanted, 'into a fresh environment');
        environment.restore(saved);
        assert.deepEqual(play(environment, 50), wanted, 'into the same one');
      });

      it('refuses snapshots that are not its own', () => {
        const environment = begun(3, 1);
        const saved = environment.snapshot();
        const refused = (code: string) => (error: LightbulbError) => error.code === code;
        assert.throws(() => make(2).restore(saved), refused('mismatch'));
        assert.throws(() => environment.restore(null), refused('mismatch'));
        assert.throws(() => environment.restore({ ...(saved as object), streams: [] }), refused('corrupt'));
        assert.throws(() => make(3).snapshot(), refused('contract'));
        assert.deepEqual(environment.snapshot(), saved);
      });

      it('plays a level again and again until it is taken back', () => {
        const environment = make(2);
        // Where there are no levels to play, nothing pretends to take one.
        if (environment.levels === undefined) return assert.equal(environment.setLevel, undefined);
        const out = outputsFor(environment);
        const seenBy = (b: number): unknown =>
          out.map(({ observation }) => {
            const size = observation.length / 2;
            return Array.from(observation.slice(b * size, (b + 1) * size));
          });
        const complete = name.startsWith('simple_') || name === 'level_based_foraging' || name === 'maze';
        const level = environment.levels.generate(9);
        environment.setLevel!(0, level);
        environment.setLevel!(1, level);
        environment.reset(1, out);
        if (complete) assert.deepEqual(seenBy(0), seenBy(1), 'the whole start is in the level');
        environment.setLevel!(1, undefined);
        environment.reset(1, out);
        if (complete) assert.notDeepEqual(seenBy(0), seenBy(1));
      });

      it('does not allocate in step', () => {
        const environment = begun(32, 1);
        const out = outputsFor(environment);
        const actions = actionsFor(environment);
        fillRandom(environment.groups, actions, sources(32));
        let resets = 0;
        const steps = (count: number): void => {
          for (let t = 0; t < count; t++) {
            environment.step(actions, out);
            for (let b = 0; b < 32; b++) if (out[0]!.terminated[b] === 1 || out[0]!.truncated[b] === 1) resets++;
          }
        };
        steps(2000);
        // What steps themselves take shows in every window; what the compiler takes while it warms up, in some.
        let least = Number.POSITIVE_INFINITY;
        let allowed = 0;
        for (let window = 0; window < 4; window++) {
          resets = 0;
          const before = process.memoryUsage().heapUsed;
          steps(2000);
          const grown = process.memoryUsage().heapUsed - before;
          // A collection in the middle of a window hides what was taken in it.
          if (grown < 0 || grown >= least) continue;
          least = grown;
          // One small array per copy and step would be 2.5 megabytes; random streams box some numbers at resets.
          allowed = 2e6 + 128 * resets;
        }
        assert.ok(least < allowed, `${least} bytes in 2000 steps of 32 copies, of ${allowed}`);
      });
    });
  }

  it('refuse unknown names and options, with what was meant', () => {
    const refused = (code: string, text: RegExp) => (error: LightbulbError) =>
      error.code === code && text.test(error.message);
    assert.throws(() => makeEnvironment('cartpol', 1), refused('invalid_input', /Did you mean "cartpole"/));
    assert.throws(() => makeEnvironment('toString', 1), refused('invalid_input', /no environment/));
    assert.throws(() => makeEnvironment('simple_spread', 1, { agnets: 2 }), refused('unknown_key', /"agents"/));
    assert.throws(() => makeEnvironment('simple_spread', 1, { agents: 2.5 }), refused('invalid_input', /an integer/));
    assert.throws(() => makeEnvironment('simple_spread', 1, { localRatio: 2 }), refused('invalid_input', /0 to 1/));
    assert.throws(() => makeEnvironment('counting', 1, { deaths: 1 }), refused('invalid_input', /true or false/));
    assert.throws(
      () => makeEnvironment('news_topics', 1, { split: 'tests' }),
      refused('invalid_input', /Did you mean "test"/),
    );
    assert.throws(() => makeEnvironment('news_topics', 1, { split: null }), refused('invalid_input', /wanted "train"/));
    assert.throws(() => makeEnvironment('news_topics', 1, { articles: '' }), refused('invalid_input', /or null/));
    assert.throws(() => makeEnvironment('dodge', 1, { size: 10, cell: 4 }), refused('invalid_input', /3 to 31/));
    for (const range of [[1], [1, 0.5], [0, 1], [0.5, 1, 2], 0.5, ['0.5', 1]])
      assert.throws(
        () => makeEnvironment('cartpole', 1, { poleHalfLength: range }),
        refused('invalid_input', /\[low, high\] with 0.1 <= low <= high <= 2/),
      );
    assert.throws(() => makeEnvironment('dodge', 1, []), refused('invalid_input', /object/));
    assert.throws(() => makeEnvironment('cartpole', 0), refused('invalid_input', /copies/));
    assert.throws(() => builtin('simple_tag').scripted(), refused('unsupported', /by hand/));
  });

  it('have defaults within their own limits', () => {
    for (const [name, { options }] of Object.entries(builtins)) {
      const defaults = Object.fromEntries(Object.entries(options).map(([key, spec]) => [key, spec.default]));
      assert.equal(makeEnvironment(name, 2, defaults).batchSize, 2);
    }
  });
});
