import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  type Dataset,
  type DatasetGroup,
  DatasetWriter,
  openDataset,
  type Track,
} from '../../../agents/datasets/index.ts';
import { box, discrete, multiDiscrete, text } from '../../../worlds/index.ts';

/** A group of each kind that is stored in its own way: numbers, pictures, texts, and texts without actions. */
export const groups: readonly DatasetGroup[] = [
  { name: 'walker', agents: ['w_0', 'w_1'], observation: box([2]), action: box([2], -1, 1), mask: 0 },
  { name: 'eye', agents: ['e'], observation: box([2, 2, 1], 0, 255, 'uint8'), action: multiDiscrete([2, 3]), mask: 5 },
  { name: 'reader', agents: ['r'], observation: text(6), action: discrete(4), mask: 0 },
  { name: 'corpus', agents: ['c'], observation: text(3), action: null, mask: 0 },
];

const facts = { environment: null, policy: { name: 'made' }, seed: 7, steps: 0, return: null };

/** Writes tracks as a dataset and opens it. */
export function datasetOf(
  folder: string,
  tracks: readonly Track[],
  of: readonly DatasetGroup[] = groups,
  shardSteps = 8,
): Dataset {
  rmSync(folder, { recursive: true, force: true });
  const writer = new DatasetWriter({ folder, groups: of, shardSteps });
  for (const track of tracks) writer.add(track);
  writer.finish({ ...facts, episodes: tracks.length });
  return openDataset(folder);
}

/** `count` tracks of the group `walker` with 1 to `longest` steps; observation [number of the track, step]. */
export function numbered(folder: string, lengths: readonly number[], shardSteps = 8): Dataset {
  const tracks = lengths.map(
    (steps, k): Track => ({
      group: 0,
      agent: k % 2,
      episode: k,
      steps,
      observation: Float32Array.from({ length: steps * 2 }, (_, i) => (i % 2 === 0 ? k : i >> 1)),
      action: new Float32Array(steps * 2),
      actionMask: new Uint8Array(0),
      reward: new Float32Array(steps),
      terminated: true,
      truncated: false,
    }),
  );
  return datasetOf(join(folder, 'numbered'), tracks, groups.slice(0, 1), shardSteps);
}

const characters = fc.string({ unit: fc.constantFrom('a', 'ß', '漢', '\0', '\ufeff', ' '), maxLength: 3 });

/** Any track of one of `groups`. */
export const anyTrack: fc.Arbitrary<Track> = fc
  .record({
    group: fc.nat({ max: 3 }),
    steps: fc.integer({ min: 1, max: 6 }),
    episode: fc.nat(),
    ending: fc.nat({ max: 2 }),
  })
  .chain(({ group, steps, episode, ending }) => {
    const array = <T>(of: fc.Arbitrary<T>, length: number) => fc.array(of, { minLength: length, maxLength: length });
    const float = fc.float({ noNaN: true });
    const texts = array(characters, steps);
    const flat = (each: readonly string[], D: number) =>
      Float32Array.from({ length: steps * D }, (_, i) => each[Math.floor(i / D)]!.charCodeAt(i % D) + 1 || 0);
    const observation = [
      array(float, steps * 2).map((numbers) => Float32Array.from(numbers)),
      array(fc.nat({ max: 255 }), steps * 4).map((numbers) => Uint8Array.from(numbers)),
      texts.map((each) => flat(each, 6)),
      texts.map((each) => flat(each, 3)),
    ][group]!;
    const action = [
      array(float, steps * 2).map((numbers) => Float32Array.from(numbers)),
      array(fc.nat({ max: 1 }), steps * 2).map((numbers) => Int32Array.from(numbers)),
      array(fc.nat({ max: 3 }), steps).map((numbers) => Int32Array.from(numbers)),
      fc.constant(new Int32Array(0)),
    ][group]!;
    const parts = {
      group: fc.constant(group),
      agent: group === 0 ? fc.nat({ max: 1 }) : fc.constant(0),
      episode: fc.constant(episode),
      steps: fc.constant(steps),
      observation: observation as fc.Arbitrary<Float32Array | Uint8Array>,
      action: action as fc.Arbitrary<Float32Array | Int32Array>,
      actionMask: array(fc.nat({ max: 1 }), group === 1 ? steps * 5 : 0).map((bits) => Uint8Array.from(bits)),
      reward: array(float, steps).map((numbers) => Float32Array.from(numbers)),
      terminated: fc.constant(ending === 1),
      truncated: fc.constant(ending === 2),
    };
    return fc.record(parts, { noNullPrototype: true });
  });
