import { strict as assert } from 'node:assert';
import type { Json } from '../../core/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import { actionsFor, outputsFor, recorded, width } from './play.ts';

type Each<T> = Readonly<Record<string, T>>;

interface Recording {
  readonly action_n: Each<number>;
  readonly episodes: readonly {
    readonly initial: Json;
    readonly observations: readonly Each<readonly number[]>[];
    readonly actions: readonly Each<number>[];
    readonly rewards: readonly Each<number>[];
    readonly terminated: readonly Each<boolean>[];
    readonly truncated: readonly Each<boolean>[];
  }[];
}

/**
 * Plays all episodes of a recording of PettingZoo at once, one per copy, and asserts that everything comes out as
 * recorded: numbers to 1e-5, flags exactly. False where the recording is not on this machine.
 */
export function repeatsRecording(file: string, make: (copies: number) => BatchedEnvironment): boolean {
  const recording = recorded<Recording>(file);
  if (recording === undefined) return false;
  const { episodes } = recording;
  const environment = make(episodes.length);
  const out = outputsFor(environment);
  const actions = actionsFor(environment);
  const names = environment.groups.flatMap((group) => group.agents);
  assert.deepEqual([...names].sort(), Object.keys(recording.action_n).sort());
  for (const group of environment.groups) {
    for (const agent of group.agents) assert.equal((group.action as { n: number }).n, recording.action_n[agent]);
  }
  for (const [b, episode] of episodes.entries()) environment.setLevel!(b, episode.initial);
  environment.reset(1, out);

  let worst = 0;
  const near = (found: number, wanted: number, what: string): void => {
    worst = Math.max(worst, Math.abs(found - wanted));
    assert.ok(Math.abs(found - wanted) <= 1e-5, `${what}: ${found}, recorded ${wanted}`);
  };
  const compare = (field: 'observation' | 'finalObservation', t: number): void => {
    environment.groups.forEach((group, g) => {
      const size = width(group.observation);
      episodes.forEach((episode, b) => {
        group.agents.forEach((agent, i) => {
          const wanted = episode.observations[t]![agent]!;
          assert.equal(wanted.length, size, agent);
          const at = (b * group.agents.length + i) * size;
          wanted.forEach((value, d) => {
            near(out[g]![field][at + d]!, value, `episode ${b}, ${t}, ${agent}, ${d}`);
          });
        });
      });
    });
  };

  compare('observation', 0);
  const length = episodes[0]!.actions.length;
  for (let t = 0; t < length; t++) {
    environment.groups.forEach((group, g) => {
      episodes.forEach((episode, b) => {
        group.agents.forEach((agent, i) => {
          actions[g]![b * group.agents.length + i] = episode.actions[t]![agent]!;
        });
      });
    });
    environment.step(actions, out);
    compare(t === length - 1 ? 'finalObservation' : 'observation', t + 1);
    environment.groups.forEach((group, g) => {
      episodes.forEach((episode, b) => {
        group.agents.forEach((agent, i) => {
          const at = b * group.agents.length + i;
          near(out[g]!.reward[at]!, episode.rewards[t]![agent]!, `episode ${b}, reward ${t}, ${agent}`);
          assert.equal(out[g]!.terminated[at] === 1, episode.terminated[t]![agent]);
          assert.equal(out[g]!.truncated[at] === 1, episode.truncated[t]![agent]);
        });
      });
    });
  }
  // The next episode has begun already, at the same level.
  compare('observation', 0);
  return true;
}
