import assert from 'node:assert/strict';
import { batch, type Environment, type FeedbackKind, type Step, unbatch } from '../../worlds/index.ts';
import { END, scripted, start, toldBy } from './script.ts';

const KINDS: readonly FeedbackKind[] = [
  { from: 'a', about: 'b', meaning: 'how much it helped', low: -1, high: 1 },
  { from: 'b', about: 'a', meaning: 'how clear it was', low: 0, high: 0.1 },
];

/** The little environment of `script.ts`, which also tells of the team. */
function team(steps: readonly Partial<Step>[]): Environment {
  return { ...scripted({ steps }), hasTeamReward: true, feedbackKinds: KINDS };
}

describe('what steps say of the team', () => {
  it('tells what the last step said of the team, of copies whose episode just ended too', () => {
    const steps = [
      { teamReward: 3, feedback: { 0: -0.5 } },
      { ...END, teamReward: -2, feedback: { 0: 0, 1: 0.1 } },
    ];
    let made = 0;
    // The second copy ends one step later than the first.
    const environment = batch(() => team(made++ === 0 ? steps : [{ teamReward: 7 }, ...steps]), 2);
    assert.equal(environment.feedbackKinds, KINDS);
    assert.deepEqual(toldBy(environment), { pay: [0, 0], score: [0, 0, 0, 0], said: [0, 0, 0, 0] });
    const { step } = start(environment);
    assert.deepEqual(toldBy(environment), { pay: [0, 0], score: [0, 0, 0, 0], said: [0, 0, 0, 0] });
    step();
    assert.deepEqual(toldBy(environment), { pay: [3, 7], score: [-0.5, 0, 0, 0], said: [1, 0, 0, 0] });
    step();
    const end = { pay: [-2, 3], score: [0, Math.fround(0.1), -0.5, 0], said: [1, 1, 1, 0] };
    assert.deepEqual(toldBy(environment), end);
    const saved = environment.snapshot();
    assert.deepEqual(toldBy(environment), end, 'taking a snapshot changes nothing');
    step();
    const next = { pay: [3, -2], score: [-0.5, 0, 0, Math.fround(0.1)], said: [1, 0, 1, 1] };
    assert.deepEqual(toldBy(environment), next);
    environment.restore(saved);
    assert.deepEqual(toldBy(environment).said, [0, 0, 0, 0], 'of another step');
    step();
    assert.deepEqual(toldBy(environment), next);
    start(environment);
    assert.deepEqual(toldBy(environment), { pay: [0, 0], score: [0, 0, 0, 0], said: [0, 0, 0, 0] });
  });

  it('has a team reward and feedback only where they are declared', () => {
    const { teamReward, feedbackKinds, feedback } = batch(() => scripted({ steps: [] }), 2);
    assert.deepEqual([teamReward, feedbackKinds, feedback], [undefined, undefined, undefined]);
    const paid = batch(() => ({ ...scripted({ steps: [] }), hasTeamReward: true }), 2);
    assert.deepEqual([typeof paid.teamReward, paid.feedbackKinds], ['function', undefined]);
    assert.equal(unbatch((copies) => batch(() => scripted({ steps: [] }), copies)).hasTeamReward, undefined);
  });

  it('refuses copies that declare different things, and kinds of feedback that are not legal', () => {
    let made = 0;
    const odd = () => ({ ...scripted({ steps: [] }), hasTeamReward: made++ !== 1 });
    assert.throws(() => batch(odd, 3), { code: 'contract', message: /copy 1.*hasTeamReward/ });
    const foreign = () => ({ ...team([]), feedbackKinds: [{ ...KINDS[0]!, about: 'c' }] });
    assert.throws(() => batch(foreign, 1), { code: 'contract', message: /feedbackKinds\/0\/about.*"c"/ });
  });

  it('names copy and step of what is not said as declared', () => {
    const cases: readonly [Partial<Step>, string, RegExp][] = [
      [{}, 'contract', /copy 0, step 1: .*\/teamReward: .*at every step, got undefined/],
      [{ teamReward: Number.NaN }, 'not_finite', /\/teamReward/],
      [{ teamReward: 1e39 }, 'not_finite', /\/teamReward/],
      [{ teamReward: 0, feedback: { 2: 0 } }, 'contract', /\/feedback: wanted keys from 0 to 1, got "2"/],
      [{ teamReward: 0, feedback: { length: 1 } as never }, 'contract', /got "length"/],
      [{ teamReward: 0, feedback: [0, 0] as never }, 'contract', /a list of 2/],
      [{ teamReward: 0, feedback: { 0: Number.NaN } }, 'not_finite', /\/feedback\/0/],
      [{ teamReward: 0, feedback: { 1: 0.101 } }, 'contract', /\/feedback\/1: wanted a score in \[0, 0.1\], got 0.101/],
      [{ teamReward: 0, feedback: { 0: undefined } as never }, 'contract', /or no entry, got undefined/],
    ];
    for (const [answer, code, message] of cases)
      assert.throws(start(batch(() => team([answer]), 2)).step, { code, message });
    for (const [answer, message] of [
      [{ teamReward: 1 }, /hasTeamReward is not true/],
      [{ feedback: {} }, /no feedbackKinds/],
    ] as const)
      assert.throws(start(batch(() => scripted({ steps: [answer] }), 2)).step, { code: 'contract', message });
  });

  it('says of the team what the batch says, to the end', () => {
    const steps = [
      { teamReward: 3, feedback: { 0: -0.5 } },
      { ...END, teamReward: -2, feedback: { 0: 0, 1: 0.1 } },
    ];
    const single = unbatch((copies) => batch(() => team(steps), copies));
    assert.equal(single.hasTeamReward, true);
    assert.equal(single.feedbackKinds, KINDS);
    assert.ok(!('teamReward' in single.reset({ seed: 1 })));
    const told = [single.step({ a: 0, b: 1 }), single.step({ a: 0, b: 1 })];
    assert.deepEqual(
      told.map(({ teamReward, feedback }) => [teamReward, feedback]),
      [
        [3, { 0: -0.5 }],
        [-2, { 0: 0, 1: Math.fround(0.1) }],
      ],
    );
    // And back again: a float32 may stand where rounding puts its bound.
    const again = batch(() => unbatch((copies) => batch(() => team(steps), copies)), 1);
    const { step } = start(again);
    step();
    step();
    assert.deepEqual(toldBy(again), { pay: [-2], score: [0, Math.fround(0.1)], said: [1, 1] });
  });
});
