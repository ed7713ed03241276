/** Datasets in memory, for tests of what learns from them. */

import type { Track, Window } from '../../../agents/datasets/index.ts';
import type { DatasetManifest, WindowSource } from '../../../agents/index.ts';
import { type Json, restoreStream, type StreamState, stream } from '../../../core/index.ts';
import {
  actionComponents,
  type BatchedEnvironment,
  createActions,
  createOutputs,
  flatSize,
  type ScriptedPolicy,
} from '../../../worlds/index.ts';

/** Plays `episodes` episodes of one copy; every agent of it is a track. Agents that are dead for good are cut off. */
export function playTracks(
  environment: BatchedEnvironment,
  policy: ScriptedPolicy,
  episodes: number,
  seed: number,
): Track[] {
  const { groups } = environment;
  const outputs = createOutputs(groups, 1);
  const actions = createActions(groups, 1);
  environment.reset(seed, outputs);
  const tracks: Track[] = [];
  for (let episode = 0; episode < episodes; episode++) {
    const seen = groups.map(({ agents }) => agents.map((): number[] => []));
    const done = groups.map(({ agents }) => agents.map((): number[] => []));
    const paid = groups.map(({ agents }) => agents.map((): number[] => []));
    const ended = groups.map(({ agents }) => agents.map(() => false));
    const terminated = groups.map(({ agents }) => agents.map(() => false));
    while (ended.flat().includes(false)) {
      for (const [g, { agents, observation, action }] of groups.entries()) {
        const [D, A] = [flatSize(observation), actionComponents(action)];
        if (A !== 1) throw new Error('scripted policies answer one number');
        for (const a of agents.keys()) {
          actions[g]![a] = policy(outputs[g]!.observation, a * D, g, a);
          if (ended[g]![a]!) continue;
          seen[g]![a]!.push(...outputs[g]!.observation.subarray(a * D, (a + 1) * D));
          done[g]![a]!.push(actions[g]![a]!);
        }
      }
      environment.step(actions, outputs);
      for (const [g, { agents }] of groups.entries())
        for (const a of agents.keys()) {
          if (ended[g]![a]!) continue;
          const { reward, terminated: stops, truncated } = outputs[g]!;
          paid[g]![a]!.push(reward[a]!);
          ended[g]![a] = stops[a] === 1 || truncated[a] === 1;
          terminated[g]![a] = stops[a] === 1;
        }
    }
    for (const [g, { agents }] of groups.entries())
      for (const a of agents.keys())
        tracks.push({
          group: g,
          agent: a,
          episode,
          steps: done[g]![a]!.length,
          observation: Float32Array.from(seen[g]![a]!),
          action: actions[g] instanceof Int32Array ? Int32Array.from(done[g]![a]!) : Float32Array.from(done[g]![a]!),
          actionMask: new Uint8Array(0),
          reward: Float32Array.from(paid[g]![a]!),
          terminated: terminated[g]![a]!,
          truncated: !terminated[g]![a]!,
        });
  }
  return tracks;
}

/** What a manifest says of these groups; the rest of it is nobody's business here. */
export function manifestOf(groups: DatasetManifest['groups'], episodes: number): DatasetManifest {
  return {
    format: 'lightbulb-episodes',
    version: 1,
    environment: null,
    policy: null,
    seed: 0,
    groups,
    episodes,
    steps: 0,
    return: null,
    shards: [],
  };
}

export function groupsOf({ groups }: Pick<BatchedEnvironment, 'groups'>): DatasetManifest['groups'] {
  return groups.map(({ name, agents, observation, action }) => ({ name, agents, observation, action, mask: 0 }));
}

/** Shuffled windows of at most `steps` steps of these tracks, each once an epoch. */
export class EpisodeSource implements WindowSource {
  readonly manifest: DatasetManifest;
  /** Everything handed out, in order. */
  readonly given: Window[] = [];
  private random;
  private readonly windows: readonly Window[];
  private order: number[] = [];

  constructor(
    groups: DatasetManifest['groups'],
    private readonly tracks: readonly Track[],
    steps: number,
    seed: number,
  ) {
    this.manifest = manifestOf(groups, new Set(tracks.map(({ episode }) => episode)).size);
    this.random = stream(seed, 'windows');
    this.windows = tracks.flatMap((track) =>
      Array.from({ length: Math.ceil(track.steps / steps) }, (_, i) => ({
        track,
        from: i * steps,
        to: Math.min((i + 1) * steps, track.steps),
      })),
    );
  }

  next(): Window {
    if (this.order.length === 0) {
      const order = Int32Array.from(this.windows.keys());
      this.random.shuffle(order);
      this.order = Array.from(order);
    }
    const window = this.windows[this.order.pop()!]!;
    this.given.push(window);
    return window;
  }

  prompt(group: number, agent: number): Track {
    const tracks = this.tracks.filter((track) => track.group === group && track.agent === agent);
    return tracks[this.random.integer(tracks.length)]!;
  }

  save(): Json {
    return { order: [...this.order], random: this.random.state() } as unknown as Json;
  }

  load(state: Json): void {
    const { order, random } = state as unknown as { order: number[]; random: StreamState };
    this.order = [...order];
    this.random = restoreStream(random);
  }
}
