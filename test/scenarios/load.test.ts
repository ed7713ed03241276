import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ErrorCode } from '../../core/index.ts';
import { loadScenario, mistakesOf, parseOverride } from '../../scenarios/index.ts';
import { errorOf, put, temporaryFolder } from './files.ts';

const head = '{\n  "name": "a",\n  "steps": 9,\n';
const cartpole = '"environment": { "name": "cartpole" }';

/** A mistake in a file `a.json`, what it is, and the message after the file's name. */
const mistakes: [what: string, text: string, code: ErrorCode, message: string][] = [
  [
    'a value of the wrong type',
    `${head}  "seed": "7", ${cartpole} }`,
    'invalid_input',
    ':4:3 /seed: "seed" has the wrong type; wanted an integer >= 0, got "7"',
  ],
  [
    'a fraction where a whole number is wanted',
    `${head}  "seed": 1.5, ${cartpole} }`,
    'invalid_input',
    ':4:3 /seed: "seed" has the wrong type; wanted an integer >= 0, got 1.5',
  ],
  [
    'an unknown key',
    `${head}  "sead": 7, ${cartpole} }`,
    'unknown_key',
    ':4:3 /sead: unknown key "sead". Did you mean "seed"?',
  ],
  [
    'an unknown key of the learner',
    `${head}  ${cartpole},\n  "learner": { "name": "ppo", "learningrate": 1 } }`,
    'unknown_key',
    ':5:31 /learner/learningrate: unknown key "learningrate". Did you mean "learningRate"?',
  ],
  [
    'an unknown key of the network, where the learner goes without a name',
    `${head}  ${cartpole},\n  "learner": { "network": { "hiden": [8] } } }`,
    'unknown_key',
    ':5:29 /learner/network/hiden: unknown key "hiden". Did you mean "hidden"?',
  ],
  [
    'an option of one learner in another',
    `${head}  ${cartpole},\n  "learner": { "name": "random", "clip": 0.1 } }`,
    'unknown_key',
    ':5:34 /learner/clip: unknown key "clip". Known: name',
  ],
  [
    'an unknown learner',
    `${head}  ${cartpole},\n  "learner": { "name": "pppo", "clip": 0.1 } }`,
    'invalid_input',
    ':5:16 /learner/name: "name" is none of the known values; wanted one of "ppo", "iql", "vdn", "qmix", "random", "scripted", "dreamer", "game", "tabular", "world-models", "shared", "gato", got "pppo". Did you mean "ppo"?',
  ],
  [
    'a learner that is no object',
    `${head}  ${cartpole},\n  "learner": "ppo" }`,
    'invalid_input',
    ':5:3 /learner: "learner" has the wrong type; wanted an object, got "ppo"',
  ],
  [
    'a curriculum whose learner takes none',
    `${head}  ${cartpole}, "learner": { "name": "iql" },\n  "curriculum": { "name": "domain-randomisation" } }`,
    'invalid_input',
    ':5:3 /curriculum: this learner takes no curriculum; wanted a learner that takes levels: ppo, tabular, dreamer, got "iql"',
  ],
  [
    'a curriculum that follows what the learner does not tell',
    `${head}  ${cartpole},\n  "curriculum": { "name": "waker-m" } }`,
    'invalid_input',
    ':5:19 /curriculum/name: "waker-m" follows an error that this learner does not tell; wanted the learner tabular or dreamer, got "ppo"',
  ],
  [
    'an unknown key of a curriculum',
    `${head}  ${cartpole},\n  "curriculum": { "name": "waker-m", "temprature": 1 } }`,
    'unknown_key',
    ':5:38 /curriculum/temprature: unknown key "temprature". Did you mean "temperature"?',
  ],
  [
    'a number out of range',
    `${head}  ${cartpole},\n  "learner": { "clip": 1 } }`,
    'invalid_input',
    ':5:16 /learner/clip: "clip" is out of range; wanted a number > 0 and < 1, got 1',
  ],
  [
    'an item of a list',
    `${head}  ${cartpole},\n  "learner": { "network": { "hidden": [64, 0] } } }`,
    'invalid_input',
    ':5:44 /learner/network/hidden/1: "1" is out of range; wanted an integer >= 1, got 0',
  ],
  [
    'a name that no folder can have',
    `{ "name": "a/b", "steps": 9, ${cartpole} }`,
    'invalid_input',
    ':1:3 /name: "name" holds what it may not hold; wanted a string matching ^[A-Za-z0-9][A-Za-z0-9._-]*$, got "a/b"',
  ],
  [
    'a missing key',
    `{ "name": "a", ${cartpole} }`,
    'invalid_input',
    ':1:1: "steps" is missing; wanted an integer >= 1',
  ],
  [
    'an environment without name or module',
    `${head}  "environment": { "copies": 4 } }`,
    'invalid_input',
    ':4:3 /environment: "name" is missing; wanted a string',
  ],
  [
    'an environment with both',
    `${head}  "environment": { "module": "a.json", "name": "cartpole" } }`,
    'unknown_key',
    ':4:40 /environment/name: unknown key "name". Give either "name" (a built-in) or "module" (a file of yours)',
  ],
  [
    'an unknown environment',
    `${head}  "environment": { "name": "cartpol" } }`,
    'invalid_input',
    ':4:20 /environment/name: there is no built-in environment "cartpol". Did you mean "cartpole"?',
  ],
  [
    'a list instead of a scenario',
    '[]',
    'invalid_input',
    ':1:1: the scenario has the wrong type; wanted an object, got []',
  ],
  ['a trailing comma', `{\n  "name": "a",\n}`, 'invalid_input', ':3:1: not JSON: Expected double-quoted property name'],
  ['a value that is left out', '{\n  "name": }', 'invalid_input', ':2:11: not JSON: Unexpected token "}"'],
  ['a comment', '{ // why\n}', 'invalid_input', ''],
  ['a text that ends', '{\n  "name": "a"', 'invalid_input', ''],
  ['an empty file', '', 'invalid_input', ':1:1: not JSON: the text ends too early'],
  [
    'a key that stands twice',
    `${head}  "name": "b", ${cartpole} }`,
    'invalid_input',
    ':4:3: the same key stands here a second time',
  ],
];

describe('loading a scenario', () => {
  const folder = temporaryFolder();
  const load = (text: string, name = 'a.json', settings: readonly string[] = []) =>
    loadScenario(put(folder(), name, text), settings.map(parseOverride));

  for (const [what, text, code, message] of mistakes) {
    it(`names ${what} and its place`, () => {
      const error = errorOf(() => load(text));
      assert.equal(error.code, code);
      assert.equal(error.isInput, true);
      const wanted = `${join(folder(), 'a.json')}${message}`;
      assert.equal(message === '' ? error.message.slice(0, wanted.length) : error.message, wanted);
    });
  }

  it('names a module that is not there, and where it was looked for', () => {
    const error = errorOf(() => load(`${head}  "environment": { "module": "./mine.ts" } }`));
    assert.equal(error.code, 'missing_module');
    assert.equal(
      error.message,
      `${join(folder(), 'a.json')}:4:20 /environment/module: there is no module "./mine.ts"; wanted a file at ${join(folder(), 'mine.ts')}`,
    );
  });

  it('says so where the module is there for the command, but not for the scenario', () => {
    const error = errorOf(() => load(`${head}  "environment": { "module": "package.json" } }`));
    assert.match(error.message, /relative to the scenario's folder, not to where the command runs$/);
  });

  it('names a file that is not there', () => {
    const error = errorOf(() => loadScenario(join(folder(), 'none.json')));
    assert.equal(error.message, `${join(folder(), 'none.json')}: there is no such file`);
    assert.equal(error.code, 'invalid_input');
  });

  it('tells all mistakes at once, ten at most', () => {
    const error = errorOf(() => load('{ "name": 1, "seed": 2.5, "steps": 0, "environment": 3 }'));
    assert.equal(mistakesOf(error).length, 4);
    assert.match(error.message, /^\S+a\.json: 4 mistakes\n {2}- \S+:1:3 \/name: /);
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`unknown${i}`, i]));
    const crowd = errorOf(() => load(JSON.stringify({ name: 'a', steps: 1, environment: { name: 'dodge' }, ...many })));
    assert.equal(crowd.message.split('\n').length, 12);
    assert.match(crowd.message, /\n {2}and 2 more$/);
  });

  it('reads YAML, with anchors, and names places in it', () => {
    const yaml = 'name: a # what it is called\nsteps: 2e3\nenvironment: &e\n  name: cartpole\n';
    assert.equal(load(yaml, 'a.yaml').steps, 2000);
    const wrong = errorOf(() => load(`${yaml}learner:\n  network:\n    - 1\n`, 'a.yml'));
    assert.match(
      wrong.message,
      /a\.yml:6:3 \/learner\/network: "network" has the wrong type; wanted an object, got \[1\]$/,
    );
    const alias = errorOf(() => load(`${yaml}evaluation: *e\n`, 'a.yaml'));
    assert.match(alias.message, /a\.yaml:4:3 \/evaluation\/name: unknown key "name"/);
    const nan = errorOf(() => load('name: a\nsteps: .nan\nenvironment: { name: dodge }', 'a.yaml'));
    assert.match(nan.message, /a\.yaml:2:1 \/steps: .* wanted an integer >= 1, got NaN$/);
    const broken = errorOf(() => load('name: a\nsteps: [1\n', 'a.yaml'));
    assert.match(broken.message, /a\.yaml:\d+:\d+: /);
    const tabs = errorOf(() => load('name: a\nenvironment:\n\tname: dodge\n', 'a.yaml'));
    assert.match(tabs.message, /Indent with spaces$/);
  });

  it('sets single values over the file, by dots or JSON pointer', () => {
    const set = ['learner.learningRate=0.001', '/learner/network/hidden=[8, 8]', 'name=b', 'environment.copies=3'];
    const { learner, name, environment } = load(`${head}${cartpole} }`, 'a.json', set);
    assert.ok(learner.name === 'ppo');
    assert.deepEqual(
      [learner.learningRate, learner.network.hidden, name, environment?.copies],
      [0.001, [8, 8], 'b', 3],
    );
  });

  it('blames the setting, not the file, for a mistake in it', () => {
    const blame = (...set: string[]) => errorOf(() => load(`${head}${cartpole} }`, 'a.json', set)).message;
    assert.equal(blame('sead=3'), '--set sead=3: unknown key "sead". Did you mean "seed"?');
    assert.equal(blame('seed=x'), '--set seed=x: "seed" has the wrong type; wanted an integer >= 0, got "x"');
    assert.equal(blame('learner={"clp":1}'), '--set learner={"clp":1}: unknown key "clp". Did you mean "clip"?');
    assert.equal(blame('name.first=1'), '--set name.first=1: "name" has no parts to set; got "a"');
    assert.match(blame('seed'), /^--set seed: a setting needs a key and a value; wanted key=value/);
    assert.match(blame('__proto__.polluted=1'), /unknown key "__proto__"/);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });

  it('leaves nothing to chance: defaults filled in, paths absolute, frozen', () => {
    put(folder(), 'mine.ts', 'export default () => ({})');
    const scenario = load(`${head}"environment": { "module": "./mine.ts" } }`);
    assert.ok(scenario.environment !== null && 'module' in scenario.environment);
    assert.equal(scenario.environment.module, join(folder(), 'mine.ts'));
    assert.equal(scenario.checkpoint.every, 1);
    assert.ok(Object.isFrozen(scenario) && Object.isFrozen(scenario.learner) && Object.isFrozen(scenario.evaluation));
  });

  it('reads back what it resolved as the same', () => {
    const scenario = load(`${head}${cartpole}, "learner": { "name": "scripted" } }`);
    assert.deepEqual(load(JSON.stringify(scenario), 'b.json'), scenario);
  });
});
