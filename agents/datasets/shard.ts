import { LightbulbError } from '../../core/index.ts';
import { type Bytes, bool, float32, int32, type Value } from '../../nn/index.ts';
import { actionChoices, actionComponents, flatSize, flatten } from '../../worlds/index.ts';
import type { DatasetGroup, Track } from './manifest.ts';
import { observationArrays, type Stored, storedKind } from './observation-code.ts';

/** A track as it waits for its shard. */
export type StoredTrack = Omit<Track, 'observation'> & { readonly observation: Stored };

export interface GroupWidths {
  /** Numbers of an observation, an action and a mask: D, A, M. */
  readonly D: number;
  readonly A: number;
  readonly M: number;
  readonly isDiscrete: boolean;
}

export function widthsOf({ observation, action, mask }: DatasetGroup): GroupWidths {
  return {
    D: flatSize(observation),
    A: action === null ? 0 : actionComponents(action),
    M: mask,
    isDiscrete: action === null || actionChoices(action) !== null,
  };
}

/** The arrays of a shard: of each group `<name>/observation` and so on, the steps of its K tracks one after the other. */
export function shardArrays(
  groups: readonly DatasetGroup[],
  tracks: readonly (readonly StoredTrack[])[],
): Record<string, Value | Bytes> {
  const arrays: Record<string, Value | Bytes> = {};
  for (const [g, group] of groups.entries())
    for (const [name, value] of Object.entries(groupArrays(group, tracks[g]!))) arrays[`${group.name}/${name}`] = value;
  return arrays;
}

function groupArrays(group: DatasetGroup, tracks: readonly StoredTrack[]): Record<string, Value | Bytes> {
  const { A, M, isDiscrete } = widthsOf(group);
  const K = tracks.length;
  const start = new Int32Array(K + 1);
  for (const [k, { steps }] of tracks.entries()) start[k + 1] = start[k]! + steps;
  const S = start[K]!;
  const action = isDiscrete ? new Int32Array(S * A) : new Float32Array(S * A);
  const actionMask = new Uint8Array(S * M);
  const reward = new Float32Array(S);
  for (const [k, track] of tracks.entries()) {
    action.set(track.action, start[k]! * A);
    actionMask.set(track.actionMask, start[k]! * M);
    reward.set(track.reward, start[k]!);
  }
  return {
    ...observationArrays(
      group.observation,
      tracks.map(({ observation }) => observation),
      S,
    ),
    ...(A === 0 ? {} : { action: { dtype: isDiscrete ? 'int32' : 'float32', shape: [S, A], data: action } as Value }),
    ...(M === 0 ? {} : { actionMask: bool([S, M], actionMask) }),
    reward: float32([S], reward),
    start: int32([K + 1], start),
    agent: int32(
      [K],
      Int32Array.from(tracks, ({ agent }) => agent),
    ),
    episode: int32(
      [K],
      Int32Array.from(tracks, ({ episode }) => episode),
    ),
    terminated: bool(
      [K],
      Uint8Array.from(tracks, ({ terminated }) => Number(terminated)),
    ),
    truncated: bool(
      [K],
      Uint8Array.from(tracks, ({ truncated }) => Number(truncated)),
    ),
  };
}

/** One group's part of a shard that was read. `file` is named in errors. */
export class ShardGroup {
  /** [K + 1]: where each track begins. */
  readonly start: Int32Array;
  readonly agent: Int32Array;
  private readonly widths: GroupWidths;
  private readonly arrays: Readonly<Record<string, Value | Bytes>>;

  /**
   * tracks, steps: what the manifest says. Error `mismatch` naming file and array where the arrays have other sizes
   * than the manifest says or its spaces need, `corrupt` where they contradict each other.
   */
  constructor(
    private readonly group: DatasetGroup,
    private readonly index: number,
    all: Readonly<Record<string, Value | Bytes>>,
    readonly tracks: number,
    readonly steps: number,
    private readonly file: string,
  ) {
    this.widths = widthsOf(group);
    const { A, D, M, isDiscrete } = this.widths;
    const kind = storedKind(group.observation);
    const text = all[`${group.name}/text`];
    const wanted: Record<string, readonly [dtype: string, shape: readonly number[]]> = {
      ...(kind === 'text'
        ? { text: ['uint8', [text?.shape[0] ?? 0]], textStart: ['int32', [steps + 1]] }
        : { observation: [kind === 'bytes' ? 'uint8' : 'float32', [steps, D]] }),
      ...(A === 0 ? {} : { action: [isDiscrete ? 'int32' : 'float32', [steps, A]] }),
      ...(M === 0 ? {} : { actionMask: ['bool', [steps, M]] }),
      reward: ['float32', [steps]],
      start: ['int32', [tracks + 1]],
      agent: ['int32', [tracks]],
      episode: ['int32', [tracks]],
      terminated: ['bool', [tracks]],
      truncated: ['bool', [tracks]],
    };
    this.arrays = Object.fromEntries(
      Object.entries(wanted).map(([name, [dtype, shape]]) => {
        const array = all[`${group.name}/${name}`];
        const got = array === undefined ? 'no such array' : `${array.dtype} [${array.shape}]`;
        if (array === undefined || got !== `${dtype} [${shape}]`)
          throw new LightbulbError('mismatch', 'manifest and shard of a dataset disagree', {
            where: this.where(name),
            wanted: `${dtype} [${shape}]`,
            got,
          });
        return [name, array];
      }),
    );
    this.start = this.arrays.start!.data as Int32Array;
    this.agent = this.arrays.agent!.data as Int32Array;
    this.mustAscend('start', steps, 1);
    if (kind === 'text') this.mustAscend('textStart', text!.data.length, 0);
    const stranger = this.agent.findIndex((agent) => agent < 0 || agent >= group.agents.length);
    if (stranger >= 0) throw this.corrupt('agent', `0 to ${group.agents.length - 1}`, this.agent[stranger]!);
  }

  /** Track `k` of this group: views of the shard; texts become the numbers that they flatten to. */
  track(k: number): Track {
    const { A, M } = this.widths;
    const [from, to] = [this.start[k]!, this.start[k + 1]!];
    const part = (name: string, width: number): Value['data'] | undefined =>
      this.arrays[name]?.data.subarray(from * width, to * width);
    return {
      group: this.index,
      agent: this.agent[k]!,
      episode: this.arrays.episode!.data[k]!,
      steps: to - from,
      observation: this.observation(from, to),
      action: (part('action', A) ?? new Int32Array(0)) as Track['action'],
      actionMask: (part('actionMask', M) ?? new Uint8Array(0)) as Uint8Array,
      reward: part('reward', 1) as Float32Array,
      terminated: this.arrays.terminated!.data[k] === 1,
      truncated: this.arrays.truncated!.data[k] === 1,
    };
  }

  /** The text of step `s` of the shard, where observations are texts. */
  private text(s: number): string {
    const starts = this.arrays.textStart!.data;
    return decoder.decode((this.arrays.text!.data as Uint8Array).subarray(starts[s]!, starts[s + 1]!));
  }

  private observation(from: number, to: number): Track['observation'] {
    const { observation } = this.group;
    const { D } = this.widths;
    const stored = this.arrays.observation?.data;
    if (stored !== undefined) return stored.subarray(from * D, to * D) as Track['observation'];
    const flat = new Float32Array((to - from) * D);
    for (let s = from; s < to; s++) {
      const text = this.text(s);
      if (text.length > D) throw this.corrupt('text', `at most ${D} characters`, text.length);
      flatten(observation, text, flat, (s - from) * D);
    }
    return flat;
  }

  /** From 0 to `end`, each at least `least` above the one before. */
  private mustAscend(name: string, end: number, least: number): void {
    const starts = this.arrays[name]!.data;
    if (starts[0] !== 0) throw this.corrupt(name, 'a beginning at 0', starts[0]!);
    for (let i = 1; i < starts.length; i++)
      if (starts[i]! - starts[i - 1]! < least) throw this.corrupt(name, 'ascending numbers', starts[i]!);
    if (starts.at(-1) !== end) throw this.corrupt(name, `an end at ${end}`, starts.at(-1)!);
  }

  private corrupt(name: string, wanted: string, got: number): LightbulbError {
    return new LightbulbError('corrupt', 'an array of a dataset makes no sense', {
      where: this.where(name),
      wanted,
      got: String(got),
    });
  }

  private where(name: string): string {
    return `${this.file} ${this.group.name}/${name}`;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
