import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gatoDefaults, reinforcementDefaults } from '../../agents/index.ts';
import { LightbulbError } from '../../core/index.ts';
import {
  checkScenario,
  type Event,
  evaluate,
  loadScenario,
  playsTasks,
  type RunOptions,
  run,
  type Scenario,
  scenarioOf,
} from '../../scenarios/index.ts';
import { outline } from './collect.ts';
import { errorOf, put, temporaryFolder } from './files.ts';

const learner = {
  name: 'gato',
  backbone: { width: 16, layers: 1, heads: 2 },
  tokens: { textTokens: 12 },
  length: 24,
  batch: 2,
  context: 3,
  warmup: 1,
  updatesPerIteration: 2,
};
const swing = {
  environment: { name: 'pendulum', options: { maximumSteps: 12 } },
  expert: { learner: { name: 'scripted' } },
  episodes: 2,
  evaluation: { episodes: 2 },
};
const balance = {
  environment: { name: 'cartpole', options: { maximumSteps: 30 } },
  expert: { learner: { name: 'ppo', rollout: 16, network: { hidden: [8] } }, steps: 128, copies: 2 },
  episodes: 3,
  noise: 0.2,
};

describe('a scenario with tasks', () => {
  const root = temporaryFolder();
  const folder = () => join(root(), 'run');
  const written = (changes: object = {}) => ({
    name: 'small',
    tasks: { swing, balance },
    learner,
    steps: 8,
    evaluation: { episodes: 2 },
    checkpoint: { every: 4 },
    ...changes,
  });
  const load = (changes: object = {}): Scenario => loadScenario(put(root(), 'small.json', written(changes)));
  const message = (changes: object) => errorOf(() => load(changes)).message;

  describe('as a file', () => {
    it('is filled in, with paths from its folder', () => {
      put(root(), 'manifest.json', {});
      const {
        environment,
        tasks,
        learner: filled,
      } = load({
        tasks: {
          swing: { ...swing, environment: { name: 'pendulum' } },
          news: {
            environment: { name: 'news_topics', options: { articles: 'a/b.csv', orGenerated: true } },
            expert: { learner: { name: 'scripted' } },
            evaluation: { options: { articles: 'c.csv' } },
          },
          corpus: { dataset: '.', weight: 0.5 },
        },
        learner: { name: 'gato', backbone: { width: 64 }, reinforcement: { task: 'swing', after: 3, copies: 2 } },
      });
      assert.equal(environment, null);
      const common = { episodes: 100, noise: 0, weight: 1, evaluation: { options: {}, episodes: null } };
      const expert = { learner: { name: 'scripted' }, steps: null, copies: 8, drawn: false };
      const options = { articles: join(root(), 'a/b.csv'), orGenerated: true };
      assert.deepEqual(tasks, {
        swing: {
          ...common,
          environment: { name: 'pendulum', options: {} },
          expert,
          dataset: null,
          episodes: 2,
          evaluation: { options: {}, episodes: 2 },
        },
        news: {
          ...common,
          environment: { name: 'news_topics', options },
          expert,
          dataset: null,
          evaluation: { options: { articles: join(root(), 'c.csv') }, episodes: null },
        },
        corpus: { ...common, environment: null, expert: null, dataset: root(), weight: 0.5 },
      });
      assert.deepEqual(filled, {
        ...gatoDefaults,
        backbone: { ...gatoDefaults.backbone, width: 64 },
        reinforcement: { ...reinforcementDefaults, task: 'swing', after: 3, copies: 2 },
      });
    });

    it('is read back from a run as it was written there', () => {
      const scenario = load();
      assert.deepEqual(loadScenario(put(root(), 'again.json', scenario)), scenario);
    });

    const refusals: [what: string, changes: object, message: RegExp][] = [
      ['both an environment and tasks', { environment: { name: 'dodge' } }, /\/tasks: .* an environment or tasks, not/],
      ['neither', { tasks: null, learner: {} }, /"environment" is missing; wanted an environment, or tasks/],
      [
        'tasks for another learner',
        { learner: {} },
        /\/learner\/name: tasks are learned by the learner "gato"; got "ppo"/,
      ],
      ['gato without tasks', { tasks: null, environment: { name: 'dodge' } }, /\/learner\/name: "gato" learns tasks/],
      ['no task', { tasks: {} }, /\/tasks: "tasks" must NOT have fewer than 1 properties/],
      ['a name that is no folder', { tasks: { 'a/b': swing } }, /\/tasks\/a~1b: "a\/b" cannot be a name here; wanted/],
      ['a task without an expert', { tasks: { a: { environment: swing.environment } } }, /\/tasks\/a: "expert" is mis/],
      ['an expert and a dataset', { tasks: { a: { ...swing, dataset: '.' } } }, /\/tasks\/a\/dataset: .*, not both/],
      [
        'an expert without a place',
        { tasks: { a: { expert: swing.expert } } },
        /"environment" is missing; wanted what/,
      ],
      [
        'a dataset that is none',
        { tasks: { a: { dataset: 'b' } } },
        /\/tasks\/a\/dataset: this is not the folder of a/,
      ],
      [
        'an expert that learns for no time',
        { tasks: { a: { ...swing, expert: { learner: { name: 'ppo' } } } } },
        /\/tasks\/a\/expert: "steps" is missing; wanted how many environment steps "ppo" learns for/,
      ],
      [
        'an unknown environment',
        { tasks: { a: { ...swing, environment: { name: 'pendulm' } } } },
        /\/tasks\/a\/environment\/name: there is no built-in environment "pendulm"\. Did you mean "pendulum"\?/,
      ],
      [
        'an expert that is a generalist',
        { tasks: { a: { ...swing, expert: { learner: { name: 'gato' } } } } },
        /\/tasks\/a\/expert\/learner\/name: "name" is none of the known values/,
      ],
      [
        'reinforcement on no task',
        { learner: { ...learner, reinforcement: { task: 'swin', after: 2 } } },
        /\/learner\/reinforcement\/task: no task "swin" is played\. Did you mean "swing"\?/,
      ],
      [
        'reinforcement after the end',
        { learner: { ...learner, reinforcement: { task: 'swing', after: 8 } } },
        /\/learner\/reinforcement\/after: no update is left/,
      ],
      [
        'a tokenizer that is not there',
        { learner: { ...learner, tokens: { text: { file: 'tokenizer.json' } } } },
        /\/learner\/tokens\/text\/file: there is no such file/,
      ],
      [
        'two kinds of tokenizers',
        { learner: { ...learner, tokens: { text: { file: 'a', learn: 300 } } } },
        /\/learner\/tokens\/text/,
      ],
    ];
    for (const [what, changes, expected] of refusals) {
      it(`refuses ${what}, with its place`, () => assert.match(message(changes), expected));
    }
  });

  describe('before anything is written', () => {
    const refusals: [what: string, changes: object, message: RegExp][] = [
      [
        'an option that an environment has not',
        { tasks: { a: { ...swing, environment: { name: 'pendulum', options: { maxSteps: 3 } } } } },
        /\/tasks\/a\/environment\/options: there is no option "maxSteps"/,
      ],
      [
        'an option of the evaluation that it has not',
        { tasks: { a: { ...swing, evaluation: { options: { maxSteps: 3 } } } } },
        /\/tasks\/a\/evaluation\/options: there is no option "maxSteps"/,
      ],
      [
        'what the learner of an expert cannot do',
        { tasks: { a: { ...balance, expert: { ...balance.expert, learner: { name: 'ppo', minibatches: 7 } } } } },
        /\/tasks\/a\/expert\/learner\/minibatches: /,
      ],
      ['rows that are too short', { learner: { ...learner, length: 3 } }, /\/learner\/length: /],
      ['heads that do not fit', { learner: { ...learner, backbone: { width: 16, heads: 3 } } }, /\/learner\/backbone/],
    ];
    for (const [what, changes, expected] of refusals) {
      it(`refuses ${what}`, async () => {
        const { events, error } = await drive(load(changes));
        assert.ok(error instanceof LightbulbError && error.isInput, String(error));
        assert.match(error.message, expected);
        assert.deepEqual(events, []);
        assert.equal(existsSync(folder()), false);
        await assert.rejects(checkScenario(load(changes)), expected);
      });
    }

    it('lets a good one through, and writes nothing', async () => {
      await checkScenario(load());
      assert.deepEqual(readdirSync(root()), ['small.json']);
    });
  });

  async function drive(scenario: Scenario, options: Partial<RunOptions> = {}, see: (event: Event) => void = () => {}) {
    const events: Event[] = [];
    let error: unknown;
    await run(scenario, { folder: folder(), ...options })
      .forEach((event) => {
        events.push(event);
        see(event);
      })
      .catch((reason: unknown) => {
        error = reason;
      });
    return { events, error };
  }

  describe('as a run', () => {
    const read = (...names: string[]) => readFileSync(join(root(), ...names), 'utf8');
    const summaryOf = (name = 'run') => JSON.parse(read(name, 'summary.json'));

    it('prepares its tasks, then learns them, and leaves a folder that says everything', async () => {
      const { events, error } = await drive(load());
      assert.equal(error, undefined);
      assert.deepEqual(
        outline(events).filter((line) => !line.startsWith('warning')),
        [
          'preparing 0',
          'prepared 0',
          'expert 0',
          'expert 0',
          'expert 0',
          'expert 0',
          'prepared 0',
          'started 0',
          'iteration 2',
          'iteration 4',
          'checkpoint 4',
          'iteration 6',
          'iteration 8',
          'checkpoint 8',
          'evaluation 8',
          'finished 8',
        ],
      );
      assert.deepEqual(
        events.flatMap((event) => (event.kind === 'expert' ? [[event.task, event.learned, event.toLearn]] : [])),
        [32, 64, 96, 128].map((learned) => ['balance', learned, 128]),
      );
      assert.deepEqual(readdirSync(join(folder(), 'datasets')).sort(), [
        'balance',
        'balance.json',
        'swing',
        'swing.json',
      ]);
      const manifest = JSON.parse(read('run', 'datasets', 'swing', 'manifest.json'));
      assert.deepEqual([manifest.episodes, manifest.steps], [2, 24]);
      assert.deepEqual(JSON.parse(read('run', 'datasets', 'swing.json')).manifest, manifest);
      assert.deepEqual(scenarioOf(folder()), load());
      const summary = summaryOf();
      assert.deepEqual(
        summary.prepared.map(({ task, episodes }: { task: string; episodes: number }) => [task, episodes]),
        [
          ['swing', 2],
          ['balance', 3],
        ],
      );
      const { random, expert, score, return: of } = summary.evaluation.tasks.swing;
      assert.equal(random, summary.prepared[0].random);
      assert.equal(expert, summary.prepared[0].expert);
      assert.ok(Math.abs(score - (of.mean - random) / (expert - random)) < 1e-12);
      const last = JSON.parse(read('run', 'metrics.jsonl').trimEnd().split('\n').at(-1)!);
      assert.equal(last['evaluation/swing/score'], score);
      assert.equal(last['evaluation/swing/return'], of.mean);
      assert.equal(last['evaluation/return/mean'], summary.evaluation.return.mean);
    });

    const interruptions: [when: string, is: (event: Event) => boolean, ending: RegExp][] = [
      ['while an expert learns', ({ kind }) => kind === 'expert', /^interrupted 0$/],
      ['between two tasks', ({ kind }) => kind === 'prepared', /^interrupted 0$/],
      ['while it learns', ({ kind }) => kind === 'iteration', /^interrupted 2$/],
    ];
    for (const [when, is, ending] of interruptions) {
      it(`is interrupted ${when}, and goes on as if it had not been`, async () => {
        await drive(load(), { folder: join(root(), 'whole') });
        const stop = new AbortController();
        const first = await drive(load(), { signal: stop.signal }, (event) => is(event) && stop.abort());
        assert.equal(first.error, undefined);
        assert.match(outline(first.events).at(-1)!, ending);
        assert.equal(summaryOf().state, 'interrupted');
        assert.equal(existsSync(join(folder(), 'lock')), false);
        const kept = summaryOf().prepared.map(({ task }: { task: string }) => task);
        const second = await drive(scenarioOf(folder()), { resume: true });
        assert.equal(second.error, undefined);
        const preparing = second.events.find((event) => event.kind === 'preparing');
        assert.deepEqual([...kept, ...(preparing?.kind === 'preparing' ? preparing.tasks : [])], ['swing', 'balance']);
        assert.equal(read('run', 'metrics.jsonl'), read('whole', 'metrics.jsonl'));
        assert.deepEqual(summaryOf().evaluation, summaryOf('whole').evaluation);
      });
    }

    it('makes what a kill left half-done anew', async () => {
      await drive(load(), { folder: join(root(), 'whole') });
      const stop = new AbortController();
      await drive(load(), { signal: stop.signal }, ({ kind }) => kind === 'prepared' && stop.abort());
      // As after a kill: a dataset that nobody vouches for, and a summary that was never written.
      mkdirSync(join(folder(), 'datasets', 'balance'));
      put(join(folder(), 'datasets', 'balance'), 'half.safetensors', 'x');
      rmSync(join(folder(), 'summary.json'));
      await drive(scenarioOf(folder()), { resume: true });
      assert.equal(read('run', 'metrics.jsonl'), read('whole', 'metrics.jsonl'));
      assert.equal(existsSync(join(folder(), 'datasets', 'balance', 'half.safetensors')), false);
    });

    it('is evaluated without its datasets, and records them anew when it goes on', async () => {
      await drive(load());
      const before = read('run', 'datasets', 'swing', 'manifest.json');
      const { evaluation } = summaryOf();
      for (const task of ['swing', 'balance']) rmSync(join(folder(), 'datasets', task), { recursive: true });
      assert.deepEqual((await evaluate(folder())).evaluation, evaluation);
      assert.equal((await evaluate(folder(), { episodes: 3 })).evaluation.tasks?.swing?.episodes, 3);
      const longer = scenarioOf(folder(), [{ path: ['steps'], value: 10, from: '--steps 10' }]);
      const { events, error } = await drive(longer, { resume: true });
      assert.equal(error, undefined);
      assert.deepEqual(outline(events).slice(0, 2), ['preparing 8', 'prepared 8']);
      assert.equal(outline(events).at(-1), 'finished 10');
      assert.equal(read('run', 'datasets', 'swing', 'manifest.json'), before);
    });

    it('learns from a dataset that is there already, played or not', async () => {
      await drive(load(), { folder: join(root(), 'whole') });
      const dataset = join(root(), 'whole', 'datasets', 'swing');
      const scenario = load({
        tasks: { played: { environment: swing.environment, dataset }, unplayed: { dataset, weight: 0.5 } },
      });
      assert.ok(playsTasks(scenario));
      const { error } = await drive(scenario);
      assert.equal(error, undefined);
      const { prepared, evaluation } = summaryOf();
      assert.equal(prepared[0].expert, JSON.parse(read('whole', 'datasets', 'swing.json')).manifest.return.mean);
      assert.deepEqual([prepared[1].random, prepared[1].expert], [null, null]);
      assert.deepEqual(Object.keys(evaluation.tasks), ['played']);
      assert.equal(existsSync(join(folder(), 'datasets', 'played')), false);
    });

    it('refuses an expert that is chance itself', async () => {
      const expert = { learner: { name: 'random' } };
      const still = { environment: { name: 'counting' }, expert };
      const { error } = await drive(load({ tasks: { still } }));
      assert.match(String(error), /task "still": the expert plays exactly as well as chance/);
    });
  });
});
