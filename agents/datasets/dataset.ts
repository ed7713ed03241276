import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import {
  type Group,
  groupSizes,
  hasText,
  printSpace,
  type Space,
  type SpaceValue,
  spaceKey,
  unflatten,
} from '../../worlds/index.ts';
import type { DatasetManifest, Track } from './manifest.ts';
import { parseManifest } from './manifest-schema.ts';
import { Shards } from './shards.ts';
import type { WindowOptions, WindowSource } from './source.ts';
import { ShuffledWindows } from './windows.ts';
import { MANIFEST } from './writer.ts';

/** Episodes on disk, read shard by shard. */
export interface Dataset {
  readonly folder: string;
  readonly manifest: DatasetManifest;
  /** An endless shuffled stream of windows. Error `invalid_input` where there is no step in the dataset. */
  windows(options: WindowOptions): WindowSource;
  /** All tracks in the order of the shards, group by group within one. */
  tracks(): Generator<Track>;
  /** All texts of observations, alone or as parts of others, in the order of `tracks`. Nothing where there are none. */
  texts(): Generator<string>;
}

/**
 * The dataset in this folder. The manifest is checked now, and that all shards are there with the right sizes; what is
 * in them once each is first read. Errors name file and field: `invalid_input` where it is no dataset or a field is
 * wrong, `unsupported` for another version, `corrupt` for files that are missing or not what was written, `mismatch`
 * where manifest and shards disagree.
 */
export function openDataset(folder: string): Dataset {
  const file = join(folder, MANIFEST);
  const manifest = parseManifest(readManifest(file, folder), file);
  const shards = new Shards(folder, manifest);

  function* tracks(): Generator<Track> {
    for (let s = 0; s < manifest.shards.length; s++)
      for (const group of shards.read(s)) for (let k = 0; k < group.tracks; k++) yield group.track(k);
  }

  function* texts(): Generator<string> {
    const isTextual = manifest.groups.map(({ observation }) => hasText(observation));
    if (!isTextual.includes(true)) return;
    for (const { group, observation, steps } of tracks()) {
      if (!isTextual[group]) continue;
      const space = manifest.groups[group]!.observation;
      const width = observation.length / steps;
      for (let t = 0; t < steps; t++) yield* textsIn(space, unflatten(space, observation, t * width));
    }
  }

  return {
    folder,
    manifest,
    windows: (options) => new ShuffledWindows(shards, options),
    tracks,
    texts,
  };
}

function readManifest(file: string, folder: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LightbulbError('invalid_input', 'this is no dataset', {
      where: folder,
      wanted: `a folder with ${MANIFEST} in it, as \`lightbulb record\` makes them`,
      got: (cause as NodeJS.ErrnoException).code ?? (cause as Error).message,
      cause,
    });
  }
}

function* textsIn(space: Space, value: SpaceValue): Generator<string> {
  if (space.type === 'text') yield value as string;
  else if (space.type === 'dict')
    for (const [name, part] of Object.entries(space.spaces))
      yield* textsIn(part, (value as Readonly<Record<string, SpaceValue>>)[name]!);
  else if (space.type === 'tuple')
    for (const [i, part] of space.spaces.entries()) yield* textsIn(part, (value as readonly SpaceValue[])[i]!);
}

/**
 * Checks that a dataset was recorded from an environment with these groups. Error `mismatch` naming `where`, group and
 * field. Labels of choices and names of agents may differ, their numbers not.
 */
export function requireGroups(manifest: DatasetManifest, groups: readonly Group[], where: string): void {
  const refuse = (what: string, wanted: string, got: string): never => {
    throw new LightbulbError('mismatch', `the dataset has another ${what} than the environment`, {
      where,
      wanted,
      got,
    });
  };
  const recorded = manifest.groups;
  if (recorded.length !== groups.length)
    refuse('number of groups', groups.map(({ name }) => name).join(', '), recorded.map(({ name }) => name).join(', '));
  for (const [g, group] of groups.entries()) {
    const got = recorded[g]!;
    const at = `of group "${group.name}"`;
    if (got.name !== group.name) refuse(`group ${g}`, group.name, got.name);
    if (got.agents.length !== group.agents.length)
      refuse(`number of agents ${at}`, String(group.agents.length), String(got.agents.length));
    if (unlabelled(got.observation) !== unlabelled(group.observation))
      refuse(`observation ${at}`, printSpace(group.observation), printSpace(got.observation));
    if (got.action === null || unlabelled(got.action) !== unlabelled(group.action))
      refuse(`action ${at}`, printSpace(group.action), got.action === null ? 'none' : printSpace(got.action));
    const { mask } = groupSizes(group);
    if (got.mask !== mask) refuse(`mask ${at}`, `${mask} entries`, String(got.mask));
  }
}

function unlabelled(space: Space): string {
  return spaceKey(withoutLabels(space));
}

function withoutLabels(space: Space): Space {
  switch (space.type) {
    case 'discrete':
      return { type: 'discrete', n: space.n };
    case 'tuple':
      return { ...space, spaces: space.spaces.map(withoutLabels) };
    case 'dict':
      return {
        ...space,
        spaces: Object.fromEntries(Object.entries(space.spaces).map(([name, part]) => [name, withoutLabels(part)])),
      };
    default:
      return space;
  }
}
