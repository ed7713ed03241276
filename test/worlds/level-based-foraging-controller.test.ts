import { strict as assert } from 'node:assert';
import { type LightbulbError, stream } from '../../core/index.ts';
import {
  type BatchedEnvironment,
  gatherFood,
  type LevelBasedForagingOptions,
  levelBasedForaging,
} from '../../worlds/index.ts';
import { outputsFor } from './play.ts';

/** Mean team return of `episodes` episodes, and the largest of one. */
function returns(environment: BatchedEnvironment, choose: (agent: number, at: number) => number, episodes: number) {
  const copies = environment.batchSize;
  const out = outputsFor(environment);
  const { agents } = environment.groups[0]!;
  const actions = new Int32Array(copies * agents.length);
  const sums = new Float64Array(copies);
  const ended: number[] = [];
  const play = (seed: number) => {
    environment.reset(seed, out);
    while (ended.length < episodes) {
      for (let i = 0; i < actions.length; i++) actions[i] = choose(i % agents.length, i);
      environment.step([actions], out);
      for (let b = 0; b < copies; b++) {
        const first = b * agents.length;
        for (let i = first; i < first + agents.length; i++) sums[b]! += out[0]!.reward[i]!;
        if (out[0]!.terminated[first]! + out[0]!.truncated[first]! === 0) continue;
        ended.push(sums[b]!);
        sums[b] = 0;
      }
    }
  };
  return { out: out[0]!, ended, play };
}

function scriptedReturns(options: LevelBasedForagingOptions, episodes: number): number[] {
  const environment = levelBasedForaging(16, options);
  const policy = gatherFood(options);
  const width = outputsFor(environment)[0]!.observation.length / (16 * environment.groups[0]!.agents.length);
  const run = returns(environment, (agent, at) => policy(run.out.observation, at * width, 0, agent), episodes);
  run.play(3);
  return run.ended;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('level-based foraging by hand', () => {
  for (const options of [{ forceCoop: true }, { players: 3, rows: 10, cols: 10, maxNumFood: 3 }]) {
    it(`gathers nearly all food with ${JSON.stringify(options)}`, () => {
      const ended = scriptedReturns(options, 200);
      assert.ok(mean(ended) > 0.97, String(mean(ended)));
      assert.ok(
        ended.every((sum) => sum < 1 + 1e-6),
        'a team earns 1 at most',
      );
    });
  }

  it('gathers far more than chance', () => {
    const environment = levelBasedForaging(16, { forceCoop: true });
    const random = stream(2, 'play');
    const run = returns(environment, () => random.integer(6), 200);
    run.play(3);
    assert.ok(mean(run.ended) < 0.2 && run.ended.every((sum) => sum < 1 + 1e-6), String(mean(run.ended)));
  });

  it('is not there where not all is seen', () => {
    const refused = (error: LightbulbError) => error.code === 'unsupported';
    assert.throws(() => gatherFood({ sight: 2 }), refused);
    assert.throws(() => gatherFood({ gridObservation: true }), refused);
    assert.throws(() => gatherFood({ observeAgentLevels: false }), refused);
  });
});
