import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import type { Json } from '../../core/index.ts';
import { type LevelBasedForagingOptions, levelBasedForaging } from '../../worlds/index.ts';
import { outputsFor } from './play.ts';

/**
 * Episodes under the rules of lbforaging's `ForagingEnv` (v3), transcribed and run in Python, random actions mixed with
 * a heuristic, invalid ones included. `first` is what all agents see side by side; `changes` are, for each step, flat
 * (index, value) pairs that differ from the step before; `rewards` are flat (agent, reward) pairs where not 0; `valid`
 * has a bit for each valid action; `eaten`: whether the episode ended because no food was left.
 */
interface Recording {
  options: LevelBasedForagingOptions & { players: number };
  episodes: {
    level: Json;
    first: number[];
    changes: number[][];
    actions: string[];
    rewards: number[][];
    valid: number[][];
    eaten: boolean;
  }[];
}

const { recordings } = JSON.parse(
  readFileSync(new URL('./fixtures/level-based-foraging.json', import.meta.url), 'utf8'),
) as { recordings: Recording[] };

describe('level-based foraging replays what the rules of lbforaging gave', () => {
  it('over 60 episodes and more', () => {
    const episodes = recordings.flatMap((recording) => recording.episodes);
    assert.ok(episodes.length >= 60);
    assert.ok(episodes.filter(({ eaten }) => eaten).length >= 20);
  });

  for (const { options, episodes } of recordings) {
    it(JSON.stringify(options), () => {
      const environment = levelBasedForaging(1, options);
      const all = outputsFor(environment);
      const out = all[0]!;
      const validOf = () =>
        Array.from({ length: options.players }, (_, i) =>
          out.actionMask.slice(6 * i, 6 * i + 6).reduce((bits, valid, action) => bits | (valid << action), 0),
        );
      for (const [e, episode] of episodes.entries()) {
        environment.setLevel!(0, episode.level);
        environment.reset(e, all);
        const wanted = [...episode.first];
        assert.deepEqual([...out.observation], wanted);
        assert.deepEqual(validOf(), episode.valid[0]);
        for (const [t, digits] of episode.actions.entries()) {
          const where = `episode ${e}, step ${t}`;
          const isLast = t === episode.actions.length - 1;
          environment.step([Int32Array.from(digits, Number)], all);
          const changes = episode.changes[t]!;
          for (let k = 0; k < changes.length; k += 2) wanted[changes[k]!] = changes[k + 1]!;
          assert.deepEqual([...(isLast ? out.finalObservation : out.observation)], wanted, where);
          if (!isLast) assert.deepEqual(validOf(), episode.valid[t + 1], where);
          const rewards = new Array<number>(options.players).fill(0);
          const paid = episode.rewards[t]!;
          for (let k = 0; k < paid.length; k += 2) rewards[paid[k]!] = paid[k + 1]!;
          rewards.forEach((reward, i) => {
            assert.ok(Math.abs(reward - out.reward[i]!) < 1e-6, `${where}: ${reward} for ${i}, got ${out.reward[i]}`);
          });
          const [terminated, truncated] = [isLast && episode.eaten ? 1 : 0, isLast && !episode.eaten ? 1 : 0];
          assert.deepEqual(
            [...out.terminated],
            rewards.map(() => terminated),
            where,
          );
          assert.deepEqual(
            [...out.truncated],
            rewards.map(() => truncated),
            where,
          );
        }
      }
    });
  }
});
