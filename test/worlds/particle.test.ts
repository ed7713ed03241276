import { strict as assert } from 'node:assert';
import { type LightbulbError, stream } from '../../core/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import { simpleReference, simpleSpeakerListener, simpleSpread, simpleTag } from '../../worlds/index.ts';
import { repeatsRecording } from './particle-fixtures.ts';
import { actionsFor, fillRandom, outputsFor } from './play.ts';

/** Mean return of each group's agents, and its standard error over episodes. */
function randomReturns(make: (copies: number) => BatchedEnvironment, copies: number) {
  const environment = make(copies);
  const out = outputsFor(environment);
  const actions = actionsFor(environment);
  const random = Array.from({ length: copies }, (_, b) => stream(3, `play/${b}`));
  environment.reset(2, out);
  const sums = environment.groups.map(() => new Float64Array(copies));
  for (let t = 0; t < 25; t++) {
    fillRandom(environment.groups, actions, random);
    environment.step(actions, out);
    environment.groups.forEach(({ agents }, g) => {
      out[g]!.reward.forEach((reward, i) => {
        sums[g]![Math.floor(i / agents.length)]! += reward / agents.length;
      });
    });
  }
  return sums.map((values) => {
    const mean = values.reduce((a, b) => a + b, 0) / copies;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (copies - 1);
    return { mean, error: Math.sqrt(variance / copies) };
  });
}

describe('particle tasks', () => {
  const tasks = [
    ['simple_tag_v3.json', simpleTag],
    ['simple_reference_v3.json', simpleReference],
    ['simple_speaker_listener_v4.json', simpleSpeakerListener],
  ] as const;
  for (const [file, make] of tasks) {
    it(`repeats ${file} as recorded from PettingZoo`, function () {
      if (!repeatsRecording(file, make)) this.skip();
    });
  }

  // Anchors: means of 600 to 1000 episodes of PettingZoo 1.24.3, per agent; we play 4096, so theirs is the larger error.
  it('gives random play the returns that PettingZoo gives it', () => {
    const near = ({ mean, error }: { mean: number; error: number }, anchor: number): void => {
      const theirs = error * Math.sqrt(4096 / 600);
      assert.ok(Math.abs(mean - anchor) < 3 * Math.hypot(error, theirs) + 0.05, `${mean} +- ${error}, not ${anchor}`);
    };
    const [adversary, prey] = randomReturns(simpleTag, 4096);
    near(adversary!, 4.1);
    near(prey!, -15.4);
    near(randomReturns(simpleReference, 4096)[0]!, -28.8);
    near(randomReturns(simpleSpeakerListener, 4096)[0]!, -41.3);
  });

  it('says a word to the other agent only', () => {
    const environment = simpleReference(1);
    const out = outputsFor(environment);
    environment.reset(1, out);
    const heard = (agent: number): number[] => Array.from(out[0]!.observation.slice(agent * 21 + 11, agent * 21 + 21));
    assert.ok(
      [...heard(0), ...heard(1)].every((value) => value === 0),
      'nobody has spoken yet',
    );
    environment.step([Int32Array.of(5 * 3 + 1, 5 * 9)], out);
    assert.equal(heard(0).indexOf(1), 9);
    assert.equal(heard(1).indexOf(1), 3);
  });

  it('makes and changes levels that it accepts', () => {
    for (const make of [simpleSpread, simpleTag, simpleReference, simpleSpeakerListener]) {
      const environment = make(1);
      let level = environment.levels!.generate(5);
      assert.deepEqual(level, environment.levels!.generate(5));
      for (let seed = 0; seed < 20; seed++) {
        environment.setLevel!(0, level);
        const next = environment.levels!.mutate!(level, seed);
        assert.notDeepEqual(next, level);
        level = next;
      }
    }
  });

  it('refuses foreign actions and levels', () => {
    const environment = simpleTag(2);
    const out = outputsFor(environment);
    const refused = (code: string, text: RegExp) => (error: LightbulbError) =>
      error.code === code && text.test(error.message);
    environment.reset(1, out);
    const before = environment.snapshot();
    const prey = new Int32Array(2);
    assert.throws(
      () => environment.step([Int32Array.of(0, 0, 0, 0, 0, 5), prey], out),
      refused('contract', /copy 1, agent "adversary_2".*0 to 4, got 5/),
    );
    assert.throws(() => environment.step([new Int32Array(6)], out), refused('contract', /"agent".*nothing/));
    assert.throws(() => environment.step([new Int32Array(6), prey], [out[0]!]), refused('contract', /do not fit/));
    assert.deepEqual(environment.snapshot(), before);
    assert.throws(() => environment.setLevel!(0, { agents: [] }), refused('invalid_input', /list of 4/));
    const reference = simpleReference(1);
    const spot = { p_pos: [0, 0] };
    const level = { agents: [spot, spot], landmarks: [spot, spot, spot] };
    assert.throws(() => reference.setLevel!(0, level), refused('invalid_input', /agents\/0.*"goal_b"/));
  });
});
