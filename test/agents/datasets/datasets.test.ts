import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Track } from '../../../agents/datasets/index.ts';
import { box } from '../../../worlds/index.ts';
import { temporaryFolder } from '../../scenarios/files.ts';
import { anyTrack, datasetOf, groups } from './tracks.ts';

describe('datasets', () => {
  const root = temporaryFolder();

  it('give back every track as it was written', () => {
    fc.assert(
      fc.property(fc.array(anyTrack, { maxLength: 12 }), (tracks) => {
        const dataset = datasetOf(join(root(), 'x'), tracks);
        const byGroup = ({ group }: Track) => group;
        const read = [...dataset.tracks()];
        // Within a shard the groups come one after the other; within a group the order is kept.
        for (const g of groups.keys())
          assert.deepEqual(
            read.filter((track) => byGroup(track) === g),
            tracks.filter((track) => byGroup(track) === g),
          );
        const { shards } = dataset.manifest;
        for (const { steps } of shards.slice(0, -1)) assert.ok(steps.reduce((a, b) => a + b) >= 8);
      }),
      { numRuns: 40 },
    );
  });

  it('keep bounds that JSON cannot hold', () => {
    const observation = box([2], [-1, Number.NEGATIVE_INFINITY], Number.POSITIVE_INFINITY);
    const group = { ...groups[0]!, observation };
    const { manifest } = datasetOf(join(root(), 'x'), [], [group]);
    assert.deepEqual(manifest.groups, [group]);
  });
});
