import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatasetManifest, openDataset, requireGroups } from '../../../agents/datasets/index.ts';
import { type Bytes, float32, int32, readArrays, type Value, writeSafetensors } from '../../../nn/index.ts';
import { box, discrete, type Group, text } from '../../../worlds/index.ts';
import { temporaryFolder } from '../../scenarios/files.ts';
import { datasetOf, groups } from './tracks.ts';

type Loose = { -readonly [K in keyof DatasetManifest]: DatasetManifest[K] } & Record<string, unknown>;
type Arrays = Record<string, Value | Bytes>;

describe('a dataset that is not what it says', () => {
  const root = temporaryFolder();
  const folder = () => join(root(), 'x');
  const shard = () => join(folder(), 'shard-00000.safetensors');
  const manifest = () => join(folder(), 'manifest.json');

  beforeEach(() => {
    const track = {
      agent: 0,
      episode: 0,
      steps: 2,
      actionMask: new Uint8Array(0),
      reward: new Float32Array(2),
      terminated: true,
      truncated: false,
    };
    datasetOf(folder(), [
      { ...track, group: 0, observation: Float32Array.of(1, 2, 3, 4), action: new Float32Array(4) },
      {
        ...track,
        group: 2,
        observation: Float32Array.of(98, 0, 0, 0, 0, 0, 99, 100, 0, 0, 0, 0),
        action: new Int32Array(2),
      },
    ]);
  });

  /** Changes the manifest. */
  const state = (change: (manifest: Loose) => void) => {
    const value = JSON.parse(readFileSync(manifest(), 'utf8')) as Loose;
    change(value);
    writeFileSync(manifest(), JSON.stringify(value));
  };
  /** Changes the shard, and the manifest's hash with it. */
  const rewrite = (change: (arrays: Arrays) => void) => {
    const arrays: Arrays = { ...readArrays(readFileSync(shard())).tensors };
    change(arrays);
    const bytes = writeSafetensors(arrays);
    writeFileSync(shard(), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    state((value) => {
      value.shards = [{ ...value.shards[0]!, bytes: bytes.length, sha256 }];
    });
  };
  const refused = (code: string, message: RegExp) =>
    assert.throws(
      () => [...openDataset(folder()).tracks()],
      (error: { code?: string; message: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        return true;
      },
    );

  it('is sound to begin with', () => {
    assert.equal([...openDataset(folder()).tracks()].length, 2);
    assert.deepEqual([...openDataset(folder()).texts()], ['a', 'bc']);
    rewrite(() => {});
    assert.equal([...openDataset(folder()).tracks()].length, 2);
  });

  it('is no folder, or no manifest', () => {
    rmSync(manifest());
    refused('invalid_input', /this is no dataset; wanted a folder with manifest\.json in it/);
    writeFileSync(manifest(), '{"format":');
    refused('corrupt', /manifest\.json: the manifest of a dataset is not JSON/);
  });

  const manifests: [what: string, change: (manifest: Loose) => void, code: string, message: RegExp][] = [
    ['version', (m) => Object.assign(m, { version: 2 }), 'unsupported', /\/version: .* wanted 1, got 2/],
    ['format', (m) => Object.assign(m, { format: 'x' }), 'invalid_input', /manifest\.json \/format: /],
    ['unknown field', (m) => Object.assign(m, { extra: 1 }), 'invalid_input', /manifest\.json \/extra: /],
    [
      'missing field',
      (m) => delete (m as Record<string, unknown>).policy,
      'invalid_input',
      /manifest\.json \/policy: /,
    ],
    [
      'space',
      (m) => Object.assign(m.groups[0]!.observation, { shape: [0] }),
      'invalid_input',
      /\/groups\/0\/observation\/shape: /,
    ],
    ['mask', (m) => Object.assign(m.groups[2]!, { mask: 3 }), 'invalid_input', /\/groups\/2\/mask: .*must be 0 or 4/],
    [
      'two groups of a name',
      (m) => Object.assign(m.groups[1]!, { name: 'walker' }),
      'invalid_input',
      /\/groups\/1\/name: /,
    ],
    [
      'counts of a shard',
      (m) => Object.assign(m.shards[0]!, { tracks: [1] }),
      'invalid_input',
      /\/shards\/0\/tracks: .*4 numbers/,
    ],
    ['a file elsewhere', (m) => Object.assign(m.shards[0]!, { file: '../x' }), 'invalid_input', /\/shards\/0\/file: /],
    [
      'a missing file',
      (m) => Object.assign(m.shards[0]!, { file: 'y' }),
      'corrupt',
      /x\/y: a shard of a dataset is missing/,
    ],
    [
      'size',
      (m) => Object.assign(m.shards[0]!, { bytes: 7 }),
      'corrupt',
      /00000\.safetensors: .*another size.*wanted 7 bytes/,
    ],
    [
      'hash',
      (m) => Object.assign(m.shards[0]!, { sha256: '0'.repeat(64) }),
      'corrupt',
      /00000\.safetensors: .*SHA-256/,
    ],
    [
      'steps',
      (m) => Object.assign(m.shards[0]!, { steps: [3, 0, 2, 0] }),
      'mismatch',
      /walker\/observation: .*\[3,2\], got float32 \[2,2\]/,
    ],
    [
      'tracks',
      (m) => Object.assign(m.shards[0]!, { tracks: [2, 0, 1, 0] }),
      'mismatch',
      /walker\/start: .*\[3\], got int32 \[2\]/,
    ],
    [
      'observations of another width',
      (m) => Object.assign(m.groups[0]!, { observation: box([3], 0, 1) }),
      'mismatch',
      /walker\/observation: .*\[2,3\]/,
    ],
    [
      'other actions',
      (m) => Object.assign(m.groups[0]!, { action: discrete(2) }),
      'mismatch',
      /walker\/action: .*wanted int32 \[2,1\]/,
    ],
    [
      'shorter texts',
      (m) => Object.assign(m.groups[2]!, { observation: text(1) }),
      'corrupt',
      /reader\/text: .*at most 1 characters, got 2/,
    ],
  ];
  for (const [what, change, code, message] of manifests)
    it(`in its manifest: ${what}`, () => {
      state(change);
      refused(code, message);
    });

  const shards: [what: string, change: (arrays: Arrays) => void, code: string, message: RegExp][] = [
    [
      'an array is missing',
      (a) => delete a['walker/reward'],
      'mismatch',
      /00000\.safetensors walker\/reward: .*no such array/,
    ],
    [
      'an array of another type',
      (a) => Object.assign(a, { 'walker/agent': float32([1]) }),
      'mismatch',
      /walker\/agent: .*wanted int32/,
    ],
    [
      'a track that ends too early',
      (a) => Object.assign(a, { 'walker/start': int32([2], [0, 1]) }),
      'corrupt',
      /walker\/start: .*end at 2, got 1/,
    ],
    [
      'a track without steps',
      (a) => Object.assign(a, { 'walker/start': int32([2], [0, 0]) }),
      'corrupt',
      /walker\/start: /,
    ],
    [
      'an agent that is not there',
      (a) => Object.assign(a, { 'walker/agent': int32([1], [2]) }),
      'corrupt',
      /walker\/agent: .*0 to 1, got 2/,
    ],
    [
      'texts that end too early',
      (a) => Object.assign(a, { 'reader/textStart': int32([3], [0, 1, 2]) }),
      'corrupt',
      /reader\/textStart: /,
    ],
  ];
  for (const [what, change, code, message] of shards)
    it(`in a shard: ${what}`, () => {
      rewrite(change);
      refused(code, message);
    });

  it('in a shard: a byte changed after it was written', () => {
    const bytes = readFileSync(shard());
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(shard(), bytes);
    refused('corrupt', /SHA-256/);
  });

  it('was recorded somewhere else', () => {
    const { manifest: stated } = openDataset(folder());
    const of = (change: Partial<Group>, g = 0): Group[] =>
      stated.groups.slice(0, 3).map(({ mask, ...group }, i) => {
        const action = group.action!;
        return { ...group, action, masked: mask > 0, ...(i === g ? change : {}) };
      });
    const three = { ...stated, groups: groups.slice(0, 3) };
    requireGroups(three, of({}), 'here');
    requireGroups(three, of({ action: discrete(4, ['a', 'b', 'c', 'd']) }, 2), 'here');
    for (const [change, message] of [
      [{ name: 'runner' }, /^here: .*another group 0.*wanted runner, got walker/],
      [{ agents: ['a'] }, /number of agents of group "walker".*wanted 1, got 2/],
      [{ observation: box([3]) }, /observation of group "walker".*wanted Box\(3\)/],
      [{ action: discrete(2) }, /action of group "walker"/],
    ] as const)
      assert.throws(() => requireGroups(three, of(change), 'here'), { code: 'mismatch', message });
    assert.throws(() => requireGroups(three, of({ masked: false }, 1), 'here'), { message: /mask of group "eye"/ });
    assert.throws(() => requireGroups(stated, of({}), 'here'), { message: /number of groups/ });
  });
});
