import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { judgeSequences } from '../../worlds/contract/declaration.ts';
import {
  box,
  checkEnvironment,
  dict,
  discrete,
  multiDiscrete,
  printReport,
  type Report,
  text,
  tuple,
} from '../../worlds/index.ts';
import couriers from './mutants/couriers.ts';
import type { Defect } from './mutants/defects.ts';
import twins from './mutants/twins.ts';

const PATH = fileURLToPath(new URL('./mutants/couriers.ts', import.meta.url));

/** Each defect, and the one check that must catch it. */
const CAUGHT_BY: Readonly<Record<Defect, string>> = {
  'agent twice': 'members',
  'illegal space': 'spaces',
  'utterance of no text': 'spaces',
  'utterance of nothing seen': 'spaces',
  'utterance without features': 'spaces',
  'utterance of narrow features': 'spaces',
  'team reward by a word': 'members',
  'feedback of nobody': 'members',
  'feedback about nobody': 'members',
  'feedback without meaning': 'members',
  'feedback without bounds': 'members',
  'feedback bounds crossed': 'members',
  'no kinds at all': 'members',
  'kinds not JSON': 'members',
  'kinds made anew': 'stable',
  'kinds changing': 'stable',
  'NaN team reward': 'team-reward',
  'team reward missing': 'team-reward',
  'team reward undeclared': 'team-reward',
  'feedback undeclared': 'feedback',
  'feedback of no kind': 'feedback',
  'score too high': 'feedback',
  'score too low': 'feedback',
  'NaN score': 'feedback',
  'score is a word': 'feedback',
  'team reward by instance': 'fresh-instance',
  'score differs after step 2': 'repeat',
  'keeps its feedback': 'returned-owned',
  'score names missing': 'members',
  'score name empty': 'members',
  'score name twice': 'members',
  'score names made anew': 'stable',
  'score names changing': 'stable',
  'scores undeclared': 'scores',
  'scores missing': 'scores',
  'scores too early': 'scores',
  'scores of who leaves': 'scores',
  'scores in a list': 'scores',
  'score left out': 'scores',
  'score of no name': 'scores',
  'NaN final score': 'scores',
  'score beyond float32': 'scores',
  'final score is a word': 'scores',
  'scores by instance': 'fresh-instance',
  'scores differ later': 'repeat',
  'keeps its scores': 'returned-owned',
  'reuses its scores': 'returned-kept',
  'task names missing': 'members',
  'task name empty': 'members',
  'task name twice': 'members',
  'task names made anew': 'stable',
  'task names changing': 'stable',
  'tasks undeclared': 'task-rewards',
  'task rewards missing': 'task-rewards',
  'task rewards at the end only': 'task-rewards',
  'task rewards in a list': 'task-rewards',
  'task reward left out': 'task-rewards',
  'task reward of no name': 'task-rewards',
  'NaN task reward': 'task-rewards',
  'task reward beyond float32': 'task-rewards',
  'task reward is a word': 'task-rewards',
  'task rewards by instance': 'fresh-instance',
  'task rewards differ later': 'repeat',
  'task rewards not saved': 'restore',
  'keeps its task rewards': 'returned-owned',
  'reuses its task rewards': 'returned-kept',
  'changing declaration': 'stable',
  throws: 'plays',
  'foreign agent in rewards': 'keys',
  'final observation missing': 'final-observation',
  revives: 'no-return',
  'wrong dtype': 'observation-type',
  'wrong length': 'observation-type',
  'NaN observation': 'observation-finite',
  'out of bounds': 'observation-bounds',
  'NaN reward': 'reward-finite',
  'infinite reward': 'reward-finite',
  'flag is 1': 'flag-boolean',
  'both flags': 'flag-exclusive',
  'mask without choice': 'mask-legal',
  'state out of space': 'state-space',
  'never ends': 'ends',
  'Math.random': 'pure',
  'Date.now': 'pure',
  'new Date': 'pure',
  'performance.now': 'pure',
  'differs after step 2': 'repeat',
  'differs at reset': 'repeat',
  'differs by instance': 'fresh-instance',
  'shared generator': 'interleaved',
  'differs by process': 'fresh-process',
  'ignores seed': 'seeds',
  'order of actions': 'action-order',
  'render draws': 'render',
  'writes to actions': 'actions-untouched',
  'keeps actions': 'actions-not-kept',
  'reuses buffer': 'returned-kept',
  'returns its own state': 'returned-owned',
  'snapshot incomplete': 'restore',
  'snapshot not JSON': 'snapshot',
  'snapshot shared': 'snapshot',
  'level written to': 'levels',
  'level by chance': 'levels',
  'level ignored': 'levels',
  'grid and box': 'level-space',
  'grid empty': 'level-space',
  'grid level twice': 'level-space',
  'grid level refused': 'level-space',
  'grid by instance': 'level-space',
  'generates off the grid': 'level-space',
  'mutates off the grid': 'level-space',
  'box empty': 'level-space',
  'box bounds crossed': 'level-space',
  'box without bounds': 'level-space',
  'box of another number': 'level-space',
  'box corner refused': 'level-space',
  'box by instance': 'level-space',
  'generates out of the box': 'level-space',
  'mutates out of the box': 'level-space',
  'builds in no action': 'level-building',
  'begins by chance': 'level-building',
  'builds by chance': 'level-building',
  'builds into the plan': 'level-building',
  'plan not JSON': 'level-building',
  'builder sees nothing': 'level-building',
  'finishes by chance': 'level-building',
  'builds out of the box': 'level-building',
  'steps before reset': 'refuses-before-reset',
  'steps after the end': 'refuses-after-end',
  'takes missing action': 'refuses-missing',
  'takes foreign agent': 'refuses-foreign-agent',
  'takes dead agent': 'refuses-dead-agent',
  'takes foreign action': 'refuses-foreign-action',
  'takes masked action': 'refuses-masked',
  leaks: 'memory',
  'close twice throws': 'close',
};

function failures(report: Report): readonly string[] {
  return report.checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);
}

describe('the contract of environments', () => {
  it('holds for a good environment, whole: nothing fails and only the symmetry that it does not declare is skipped', async () => {
    const report = await checkEnvironment(() => couriers(), { module: { path: PATH } });
    assert.deepEqual(failures(report), [], printReport(report));
    assert.equal(report.passed, true);
    const skipped = report.checks.filter(({ outcome }) => outcome === 'skip').map(({ name }) => name);
    assert.deepEqual(skipped, ['symmetric']);
    assert.ok(report.stepsPerSecond! > 1000);
  });

  for (const [defect, name] of Object.entries(CAUGHT_BY) as [Defect, string][])
    it(`catches "${defect}" by ${name} alone`, async () => {
      // Another process, and collecting garbage, take long: only where they are what must find the defect.
      const module = name === 'fresh-process' ? { module: { path: PATH, options: { defect } } } : {};
      const endurance = name === 'memory' ? {} : { enduranceSteps: 0 };
      const report = await checkEnvironment(() => couriers({ defect }), { ...module, ...endurance });
      assert.deepEqual(failures(report), [name], printReport(report));
    });

  it('has a defect for every check that couriers can break', async () => {
    const report = await checkEnvironment(() => couriers(), { enduranceSteps: 0 });
    const untested = report.checks.map(({ name }) => name).filter((name) => !Object.values(CAUGHT_BY).includes(name));
    // Those have tests of their own below, or are about the factory itself.
    assert.deepEqual(untested, ['made', 'symmetric', 'speed']);
  });

  it('lets an utterance point at the words of a text, with numbers about each', () => {
    const observation = dict({ article: text(40), places: box([3, 2]) });
    const action = multiDiscrete([5, 5], { first: 2, to: 'article', features: 'places' });
    assert.equal(judgeSequences(action, observation), null);
    assert.equal(judgeSequences(tuple([discrete(2), dict({ words: action })]), observation), null);
    assert.match(judgeSequences(action, text(40))!, /wanted a dict as observation, got Text/);
    assert.match(judgeSequences(action, dict({ note: text(40) }))!, /got "article" \(no such part\)/);
  });

  it('catches a factory that throws or makes something else', async () => {
    const broken = await checkEnvironment(() => {
      throw new Error('no licence');
    });
    assert.deepEqual(failures(broken), ['made']);
    assert.match(broken.checks[0]!.reason, /no licence/);
    assert.deepEqual(failures(await checkEnvironment(() => ({}) as ReturnType<typeof couriers>)), ['made']);
  });

  it('catches an environment that is slower than asked for', async () => {
    const report = await checkEnvironment(() => couriers(), { minimumStepsPerSecond: 1e12 });
    assert.deepEqual(failures(report), ['speed'], printReport(report));
  });

  it('lets an environment without chance play all seeds alike where it says so', async () => {
    const report = await checkEnvironment(() => couriers({ defect: 'ignores seed' }), {
      seedless: true,
      enduranceSteps: 0,
    });
    assert.deepEqual(failures(report), [], printReport(report));
  });

  it('believes a symmetric environment, and finds the one that favours an agent', async () => {
    const fair = await checkEnvironment(() => twins({ favour: 0 }), { enduranceSteps: 0 });
    assert.deepEqual(failures(fair), [], printReport(fair));
    assert.equal(fair.checks.find(({ name }) => name === 'symmetric')?.outcome, 'pass');
    const unfair = await checkEnvironment(() => twins({ favour: 1 }), { enduranceSteps: 0 });
    assert.deepEqual(failures(unfair), ['symmetric'], printReport(unfair));
  });

  it('leaves clock and chance as they were', async () => {
    const before = [Math.random, Date, performance.now, process.hrtime];
    await checkEnvironment(() => couriers({ defect: 'Math.random' }), { enduranceSteps: 0 });
    assert.deepEqual([Math.random, Date, performance.now, process.hrtime], before);
  });
});
