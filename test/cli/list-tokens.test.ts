import assert from 'node:assert/strict';
import { environmentNames } from '../../worlds/index.ts';
import { put, temporaryFolder } from '../scenarios/files.ts';
import { lightbulb } from './capture.ts';

const module = `export default () => ({
  agents: ['a'],
  spaces: {
    a: {
      observation: { type: 'dict', spaces: {
        story: { type: 'text', maxLength: 20 },
        camera: { type: 'box', shape: [40, 20, 3], low: 0, high: 255, dtype: 'uint8' },
      } },
      action: { type: 'discrete', n: 2000 },
    },
  },
  reset: () => ({ observations: { a: { story: '', camera: new Uint8Array(2400) } } }),
  step: () => { throw new Error('over'); },
});
`;

describe('list --tokens', () => {
  const root = temporaryFolder();

  it('prints a table for each group of agents, and the ids of the vocabulary', async () => {
    const { code, out } = await lightbulb(['list', '--tokens', 'simple_tag']);
    assert.equal(code, 0);
    const rows = out.split('\n').filter((line) => line.startsWith('│'));
    const cells = rows.map((row) =>
      row
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    assert.deepEqual(cells, [
      ['role', 'part', 'kind', 'tokens', 'local', 'what'],
      ['observation', '', 'agent', '1', '0', 'one of 3'],
      ['observation', '', 'continuous', '16', '1 to 16', 'mu-law'],
      ['separator', '', 'separator', '1', '17', 'ends the observation'],
      ['action', '', 'discrete', '1', 'none', 'one of 5: stay left right down up'],
      ['role', 'part', 'kind', 'tokens', 'local', 'what'],
      ['observation', '', 'continuous', '14', '0 to 13', 'mu-law'],
      ['separator', '', 'separator', '1', '14', 'ends the observation'],
      ['action', '', 'discrete', '1', 'none', 'one of 5: stay left right down up'],
    ]);
    assert.match(out, /^group "adversary" \(adversary_0, adversary_1, adversary_2\)$/m);
    assert.match(out, /^19 tokens a step: 18 observation, 1 action$/m);
    assert.match(out, /^vocabulary, 2310 ids: text 0 to 255, discrete 256 to 1279, continuous 1280 to 2303,$/m);
    assert.match(out, /^separator 2304, patch 2305, .*padding 2309$/m);
  });

  it("prints JSON alone with --json, also of people's own modules", async () => {
    const file = put(root(), 'mine.mjs', module);
    const { code, out } = await lightbulb(['list', '--tokens', file, '--json']);
    assert.equal(code, 0);
    const { groups, vocabulary } = JSON.parse(out);
    const [{ layout }] = groups;
    assert.deepEqual(
      layout.segments.map(({ path, kind, tokens, local }: Record<string, unknown>) => [path, kind, tokens, local]),
      [
        ['camera', 'patch', 6, 0],
        ['story', 'text', 128, 6],
        ['', 'separator', 1, 134],
        ['', 'discrete', 1, null],
      ],
    );
    assert.equal(layout.segments[0].note, '3 x 2 patches of 16 x 16 x 3');
    assert.equal(layout.isFixed, false);
    // 2000 choices are more than the usual 1024 discrete values.
    assert.deepEqual(vocabulary.discrete, { start: 256, size: 2000 });
    assert.deepEqual(layout.legal, [vocabulary.discrete]);
    assert.match((await lightbulb(['list', '--tokens', file])).out, /^at most 136 tokens a step: at most 135 observ/m);
  });

  it('knows every built-in environment', async () => {
    for (const name of environmentNames) {
      const { code, err } = await lightbulb(['list', '--tokens', name, '--json']);
      assert.deepEqual([code, err], [0, ''], name);
    }
  });

  it('takes the options of an environment', async () => {
    const words = ['list', '--tokens', 'dodge', '--options', '{"size":40}', '--json'];
    assert.equal(JSON.parse((await lightbulb(words)).out).groups[0].layout.patches, 9);
  });

  const refusals: [what: string, words: string[], message: RegExp][] = [
    ['an unknown environment', ['--tokens', 'pendulm'], /pendulm: neither .* nor a file\. Did you mean "pendulum"\?/],
    ['a kind besides', ['learners', '--tokens', 'dodge'], /--tokens lists one environment, not learners/],
    ['options without an environment', ['--options', '{}'], /--options goes with --tokens/],
    ['options that are no JSON', ['--tokens', 'dodge', '--options', '{'], /--options: not a JSON object/],
    ['no environment', ['--tokens'], /argument missing/],
  ];
  for (const [what, words, message] of refusals) {
    it(`refuses ${what}, with exit code 2`, async () => {
      const { code, out, err } = await lightbulb(['list', ...words]);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, message);
    });
  }
});
