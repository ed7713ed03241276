import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { cartpole, conform, simpleSpread, unbatch } from '../../worlds/index.ts';

const FOLDER = new URL('../../../shared/fixtures/trajectories/', import.meta.url);

function recording(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
}

const pole = () => unbatch((copies) => cartpole(copies));

/** One step of cartpole from rest: by hand from the equations, to the left: x and theta stay, the speeds change. */
const AT_REST = { state: [0, 0, 0, 0] };

describe('recorded trajectories', () => {
  before(function () {
    if (existsSync(FOLDER)) return;
    console.log('      skipped: no recordings in ../shared/fixtures/trajectories');
    this.skip();
  });

  it('of CartPole and of particle worlds are reproduced', () => {
    const cases = [
      ['cartpole-v1.json', pole(), 1784],
      ['simple_spread_v3.json', unbatch((copies) => simpleSpread(copies)), 100],
    ] as const;
    for (const [file, environment, steps] of cases) {
      const result = conform(environment, recording(file));
      assert.equal(result.episodes, 4);
      assert.equal(result.steps, steps);
      assert.ok(result.flagsEqual);
      assert.deepEqual(result.mismatches, []);
      assert.ok(result.largestDifference.value <= 1e-5, JSON.stringify(result.largestDifference));
    }
  });

  it('that differ are told apart, with the place of the largest difference', () => {
    const episodes = recording('cartpole-v1.json') as {
      observations: number[][];
      rewards: number[];
      truncated: boolean[];
    }[];
    episodes[1]!.observations[3]![2]! += 0.5;
    episodes[2]!.rewards[0] = 2;
    episodes[0]!.truncated[499] = false;
    const { largestDifference, flagsEqual, mismatches } = conform(pole(), episodes);
    assert.equal(largestDifference.where, 'episode 2, step 0, reward of agent_0');
    assert.equal(largestDifference.value, 1);
    assert.equal(flagsEqual, false);
    assert.deepEqual(
      mismatches.map((text) => text.split(':')[0]),
      [
        'episode 0, step 499, truncated of agent_0',
        'episode 1, step 2, observation of agent_0, entry 2',
        'episode 2, step 0, reward of agent_0',
      ],
    );
  });

  it('that go on after the end are a mismatch, not a crash', () => {
    const [episode] = recording('cartpole-v1.json') as Record<string, unknown[]>[];
    for (const part of ['actions', 'observations', 'rewards', 'terminated', 'truncated'])
      episode![part] = [...episode![part]!, episode![part]!.at(-1)];
    const { flagsEqual, mismatches } = conform(pole(), [episode]);
    assert.equal(flagsEqual, false);
    assert.match(mismatches.at(-1)!, /step 500: step threw/);
  });
});

describe('a recording', () => {
  const one = (part: object) => [
    {
      ...AT_REST,
      actions: [0],
      observations: [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ],
      rewards: [1],
      terminated: [false],
      truncated: [false],
      ...part,
    },
  ];

  it('is an error where it is malformed, with the place', () => {
    const cases: readonly [unknown, RegExp][] = [
      [null, /^file: not a recording/],
      [[], /^file: not a recording/],
      [{ episodes: 3 }, /^file\/episodes/],
      [one({ actions: ['left'] }), /^file\/0\/actions\/0/],
      [one({ rewards: undefined }), /^file\/0: .*rewards/],
      [one({ rewards: [] }), /^file\/0\/rewards: .*1 entries/],
      [one({ observations: [[0, 0, 0, 0]] }), /^file\/0\/observations: .*2 entries/],
    ];
    for (const [data, message] of cases)
      assert.throws(() => conform(pole(), JSON.parse(JSON.stringify(data)), { name: 'file' }), {
        code: 'invalid_input',
        message,
      });
  });

  it('must have the agents of the environment', () => {
    const spread = unbatch((copies) => simpleSpread(copies));
    assert.throws(() => conform(spread, one({})), { code: 'invalid_input', message: /one agent/ });
    const named = {
      episodes: [
        {
          seed: 1,
          initial: {},
          actions: [],
          observations: [{ nobody: [0] }],
          rewards: [],
          terminated: [],
          truncated: [],
        },
      ],
    };
    assert.throws(() => conform(spread, named), { code: 'invalid_input', message: /got nobody/ });
  });

  it('counts a NaN as infinitely far off', () => {
    const broken = {
      ...pole(),
      step: () => ({
        observations: { agent_0: [Number.NaN, 0, 0, 0] },
        rewards: { agent_0: 1 },
        terminated: { agent_0: false },
        truncated: { agent_0: false },
      }),
    };
    assert.equal(conform(broken, one({})).largestDifference.value, Number.POSITIVE_INFINITY);
  });
});
