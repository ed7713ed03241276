import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset, recordEpisodes, type Track } from '../../../agents/datasets/index.ts';
import { randomPlayer } from '../../../agents/random-player.ts';
import { scriptedPlayer } from '../../../agents/scripted-player.ts';
import { stream } from '../../../core/index.ts';
import { type CountingOptions, counting, echoClock } from '../../../worlds/index.ts';
import { temporaryFolder } from '../../scenarios/files.ts';

const none = () => stream(0, 'nothing');

describe('recording', () => {
  const root = temporaryFolder();
  const folder = (name = 'recorded') => join(root(), name);

  const record = async (world: CountingOptions, changes: Partial<Parameters<typeof recordEpisodes>[0]> = {}) => {
    const manifest = await recordEpisodes({
      make: (copies) => counting(copies, world),
      createPlayer: (collector) => scriptedPlayer(echoClock(world.choices ?? 4))(collector, none),
      episodes: 7,
      seed: 3,
      copies: 3,
      folder: folder(),
      environment: { name: 'counting', options: {} },
      policy: { name: 'scripted' },
      ...changes,
    });
    const dataset = openDataset(changes.folder ?? folder());
    assert.deepEqual(dataset.manifest, manifest);
    return { manifest, tracks: [...dataset.tracks()] };
  };

  it('keeps each life of an agent, however long it was', async () => {
    const { manifest, tracks } = await record({ agents: 3, length: 5, deaths: true });
    assert.equal(manifest.episodes, 7);
    assert.equal(manifest.steps, 35);
    assert.equal(tracks.length, 21);
    // Agents die after 3, 4 and 5 steps, and the last is truncated; every step is paid 1.
    assert.deepEqual(manifest.return, { mean: 12, std: 0, min: 12, max: 12 });
    for (const { agent, steps, terminated, truncated, observation, action, reward } of tracks) {
      assert.equal(steps, 3 + agent);
      assert.deepEqual([terminated, truncated], agent < 2 ? [true, false] : [false, true]);
      const clocks = Array.from({ length: steps }, (_, t) => t);
      assert.deepEqual(
        clocks.map((t) => observation[t * 4]),
        clocks,
      );
      assert.deepEqual(
        clocks.map((t) => observation[t * 4 + 3]),
        clocks.map(() => agent),
      );
      assert.deepEqual(
        [...action],
        clocks.map((t) => t % 4),
      );
      assert.deepEqual(
        [...reward],
        clocks.map(() => 1),
      );
    }
    // All agents of an episode saw the same episode, which no other did.
    const seen = new Map<number, Set<number>>();
    for (const { episode, observation } of tracks)
      seen.set(episode, (seen.get(episode) ?? new Set()).add(observation[2]!));
    assert.deepEqual(
      [...seen.values()].map(({ size }) => size),
      new Array(7).fill(1),
    );
    assert.equal(new Set([...seen.values()].flatMap((each) => [...each])).size, 7);
    // Of three copies one played three episodes and two played two.
    const copies = [0, 1, 2].map((copy) => tracks.filter((t) => t.agent === 0 && t.observation[1] === copy).length);
    assert.deepEqual(copies, [3, 2, 2]);
  });

  it('keeps masks', async () => {
    const { tracks } = await record({ masks: true, length: 4 });
    const clockMask = (t: number) => [0, 1, 2, 3].map((choice) => (choice === (t + 1) % 4 ? 0 : 1));
    for (const { actionMask } of tracks) assert.deepEqual([...actionMask], [0, 1, 2, 3].flatMap(clockMask));
  });

  it('is the same for the same seed, and another for another', async () => {
    const random = { createPlayer: (collector: Parameters<typeof randomPlayer>[0]) => randomPlayer(collector, none) };
    const hashes = async (seed: number, name: string) =>
      (await record({}, { ...random, seed, folder: folder(name) })).manifest.shards.map(({ sha256 }) => sha256);
    const first = await hashes(1, 'a');
    assert.deepEqual(await hashes(1, 'b'), first);
    assert.notDeepEqual(await hashes(2, 'c'), first);
  });

  it('with noise it does what is random and keeps what the expert says (DART)', async () => {
    const many = { noise: 0.25, episodes: 60, copies: 10 };
    const { manifest, tracks } = await record({ agents: 2, length: 20, masks: true }, many);
    const steps = (pick: (track: Track, t: number) => boolean): number =>
      tracks.reduce(
        (sum, track) => sum + Array.from({ length: track.steps }, (_, t) => t).filter((t) => pick(track, t)).length,
        0,
      );
    const all = steps(() => true);
    assert.equal(all, 60 * 2 * 20);
    assert.equal(
      steps(({ action }, t) => action[t] === t % 4),
      all,
    );
    // One of four choices is illegal: a random one is the paid one a third of the time. 2400 steps: sd 0.0076.
    const paid = steps(({ reward }, t) => reward[t] === 1) / all;
    assert.ok(Math.abs(paid - (0.75 + 0.25 / 3)) < 0.035, String(paid));
    assert.ok(Math.abs(manifest.return!.mean - paid * 40) < 1e-9);
    assert.deepEqual(manifest.policy, { name: 'scripted', noise: 0.25 });
  });

  it('at its limit of steps cuts off what is under way', async () => {
    const { manifest, tracks } = await record({ length: 4 }, { maximumSteps: 3 * 6 });
    // Each of three copies took six steps: one episode of four, and two steps of the next where one is owed.
    assert.equal(manifest.episodes, 6);
    assert.equal(manifest.steps, 18);
    assert.deepEqual(manifest.return, { mean: 4, std: 0, min: 4, max: 4 });
    const cut = tracks.filter(({ terminated, truncated }) => !terminated && !truncated);
    assert.deepEqual(
      cut.map(({ steps }) => steps),
      [2, 2, 2],
    );
    await assert.rejects(record({ length: 4 }, { maximumSteps: 9, folder: folder('x') }), /no episode came to an end/);
    assert.equal(existsSync(folder('x')), false);
  });

  it('leaves nothing where it fails, and nothing is overwritten', async () => {
    const failing = {
      createPlayer: () => ({
        act: () => {
          throw new Error('fell over');
        },
      }),
    };
    await assert.rejects(record({}, failing), /fell over/);
    assert.deepEqual(readdirSync(root()), []);
    await record({});
    await assert.rejects(record({}), { code: 'exists' });
    for (const wrong of [{ episodes: 0 }, { copies: 0.5 }, { noise: 2 }, { noise: Number.NaN }, { seed: -1 }])
      await assert.rejects(record({}, wrong), { code: 'invalid_input' });
  });
});
