import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stream } from '../../../core/index.ts';
import {
  builtin,
  createActions,
  createOutputs,
  groupSizes,
  type NewsroomOptions,
  newsroom,
  newsroomDesk,
  rouge,
  type SpaceValue,
  unflatten,
} from '../../../worlds/index.ts';

const [SUMMARISER, ANALYST, WRITER] = [0, 1, 2];

/** Eight articles: the first is played, the others make titles for the writer's words. */
const LINES = [
  {
    title: 'Great win for Norvale team',
    text: 'OSLO - The team of Norvale won the cup, a great win at last.',
    tone: 2,
  },
  ...Array.from({ length: 7 }, (_, i) => ({
    title: `Talks in Oslo, day ${i}`,
    text: `Talks go on, day ${i}.`,
    tone: 1,
  })),
];

describe('newsroom', () => {
  let folder: string;
  let articles: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'newsroom-'));
    articles = join(folder, 'articles.jsonl');
    writeFileSync(articles, LINES.map((line) => JSON.stringify(line)).join('\n'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** One copy at the first article, where words are played by their places: 1 is the first choice after stop. */
  const start = (given: NewsroomOptions = {}, level = 0) => {
    const options = { articles, split: 'all', words: 14, kept: 4, written: 5, ownWords: 3, ...given } as const;
    const environment = newsroom(1, options);
    const { groups } = environment;
    const output = createOutputs(groups, 1);
    const actions = createActions(groups, 1);
    environment.setLevel!(0, { article: level });
    environment.reset(1, output);
    const team = new Float32Array(1);
    const [score, said] = [new Float32Array(4), new Uint8Array(4)];
    return {
      environment,
      output,
      desk: newsroomDesk(options),
      first: 1 + newsroomDesk(options).ownWords.length,
      seen: (g: number) => unflatten(groups[g]!.observation, output[g]!.observation, 0) as Record<string, SpaceValue>,
      last: (g: number) =>
        unflatten(groups[g]!.observation, output[g]!.finalObservation, 0) as Record<string, SpaceValue>,
      /** How many choices are legal in each component of a group's mask. */
      legal: (g: number) => {
        const width = groupSizes(groups[g]!).mask / groupSizes(groups[g]!).action;
        const rows = Array.from({ length: groupSizes(groups[g]!).action }, (_, i) =>
          output[g]!.actionMask.slice(i * width, (i + 1) * width),
        );
        for (const row of rows) assert.deepEqual(row, row.slice().sort().reverse(), 'from choice 0 on');
        const counts = rows.map((row) => row.reduce((sum, flag) => sum + flag, 0));
        assert.equal(new Set(counts).size, 1);
        return counts[0];
      },
      act: (picks: readonly number[], tone: number, words: readonly number[]) => {
        for (const [g, own] of [picks, [tone], words].entries()) {
          actions[g]!.fill(0);
          actions[g]!.set(own);
        }
        environment.step(actions, output);
        environment.teamReward!(team);
        environment.feedback!(score, said);
        return {
          rewards: output.map(({ reward }) => reward[0]!),
          terminated: output.map(({ terminated }) => terminated[0]!),
          team: team[0]!,
          opinions: Array.from(score),
          said: Array.from(said),
        };
      },
    };
  };
  const near = (got: ArrayLike<number> & Iterable<number>, wanted: readonly number[]) => {
    assert.equal(got.length, wanted.length);
    for (const [i, value] of Array.from(got).entries())
      assert.ok(Math.abs(value - wanted[i]!) < 1e-6, `${i}: wanted ${wanted.join(', ')}, got ${Array.from(got)}`);
  };

  it('goes from an article by notes and a tone to a piece', () => {
    const { environment, desk, first, seen, last, legal, act } = start();
    const { ownWords } = desk;
    assert.deepEqual(
      environment.groups.map(({ name, agents, masked }) => [name, agents, masked]),
      ['summariser', 'analyst', 'writer'].map((name) => [name, [name], true]),
    );
    const text = 'OSLO - The team of Norvale won the cup, a great win at last.';
    assert.equal(seen(SUMMARISER).article, text);
    assert.deepEqual(Object.keys(seen(ANALYST)), ['article', 'outlook']);
    assert.equal(seen(ANALYST).article, text);
    assert.deepEqual([seen(WRITER).notes, seen(WRITER).tone], ['', 1]);
    assert.deepEqual([legal(SUMMARISER), legal(ANALYST), legal(WRITER)], [15, 3, 1]);

    // great, Norvale, Norvale again (nothing), stop, win (too late). The writer has no turn: what it does means nothing.
    const read = act([11, 6, 6, 0], 2, [1, 2]);
    // Two of two words are among the five of the title; half the length costs 5 %.
    near(read.rewards, [((2 * 2) / (2 + 5)) * (1 - (0.1 * 2) / 4), 1, 0]);
    assert.deepEqual([read.team, read.terminated, read.said], [0, [0, 0, 0], [0, 0, 0, 0]]);
    assert.deepEqual([seen(WRITER).notes, seen(WRITER).tone], ['great Norvale', 2]);
    assert.equal(seen(SUMMARISER).article, text);
    assert.deepEqual([legal(SUMMARISER), legal(ANALYST), legal(WRITER)], [1, 1, first + 2]);
    // The first word is one of one and of five, the second makes it two; each costs a part of the length.
    const one = (2 / 6) * (1 - 0.1 / 4);
    near(seen(SUMMARISER).paid as Float32Array, [one, 0, read.rewards[0]! - one, 0, 0, 0, 0, 0]);
    assert.ok((seen(WRITER).paid as Float32Array).every((paid) => paid === 0));
    assert.equal(environment.lastEpisode(0), null);
    assert.match(environment.render!(0), /Article: OSLO.*\nNotes: great Norvale\nTone: positive/);

    // The second note, a word of its own, a note that is not there, the second note again, its own word again.
    const written = act([1, 2], 0, [first + 1, 1, first + 2, first + 1, 1]);
    const piece = `Norvale ${ownWords[0]} ${ownWords[0]}`;
    const episode = environment.lastEpisode(0)!;
    assert.deepEqual([episode.notes, episode.told, episode.piece], ['great Norvale', 'positive', piece]);
    assert.deepEqual([episode.title, episode.seen, episode.tonality], [LINES[0]!.title, text, 'positive']);
    assert.equal(episode.rouge1, rouge(1, piece, LINES[0]!.title).f1);
    assert.equal(episode.rouge2, rouge(2, piece, LINES[0]!.title).f1);
    assert.equal(episode.rougeL, rouge('L', piece, LINES[0]!.title).f1);
    // The tone told is right, that of the piece is neutral.
    assert.equal(episode.tone, 0.75);
    near(written.rewards, [0, 0, (episode.rouge1 + episode.fluency) / 2]);
    near([written.team], [0.5 * episode.rouge1 + 0.2 * episode.rougeL + 0.15 * 0.75 + 0.15 * episode.fluency]);
    assert.deepEqual(written.terminated, [1, 1, 1]);
    // One of two notes; "great" is positive as told; one of three words is from the notes; a neutral piece.
    assert.deepEqual(written.said, [1, 1, 1, 1]);
    near(written.opinions, [1 / 2, 1, 1 / 3, 1 / 2]);
    assert.deepEqual([last(WRITER).notes, last(WRITER).tone, last(ANALYST).article], ['great Norvale', 2, text]);
    // What the writer's words added is what they were worth one after the other; the note has its word's part of it.
    const worth = [[], ['Norvale'], ['Norvale', ownWords[0]!], ['Norvale', ownWords[0]!, ownWords[0]!]].map((words) =>
      desk.score(0, '', 2, words.join(' ')),
    );
    const added = [1, 2, 2, 2, 3].flatMap((words, i) => {
      const before = [0, 1, 2, 2, 2][i]!;
      const own = (k: number): number => (worth[k]!.rouge1 + worth[k]!.fluency) / 2;
      return [own(words) - own(before), worth[words]!.team - worth[before]!.team];
    });
    near((last(WRITER).paid as Float32Array).subarray(0, 10), added);
    near(last(SUMMARISER).paid as Float32Array, [0, 0, 0, added[1]!, 0, 0, 0, 0]);
    for (const g of [SUMMARISER, WRITER]) assert.ok((seen(g).paid as Float32Array).every((paid) => paid === 0));
    assert.deepEqual([seen(WRITER).notes, seen(WRITER).tone], ['', 1]);
    assert.match(environment.render!(0), new RegExp(`Last piece: ${piece}`));

    const scores = new Float32Array(5);
    environment.scores!(scores);
    assert.deepEqual(environment.scoreNames, ['rouge1', 'rouge2', 'rougeL', 'tone', 'fluency']);
    near(Array.from(scores), [episode.rouge1, episode.rouge2, episode.rougeL, episode.tone, episode.fluency]);
    const { team } = desk.score(0, 'great Norvale', 2, piece);
    near([team], [written.team]);
  });

  it('pays nothing for silence but for the told tone', () => {
    const { act } = start();
    assert.deepEqual(act([0], 0, []).rewards, [0, 0, 0]);
    const { rewards, team, opinions } = act([], 0, []);
    assert.deepEqual([rewards, team, opinions], [[0, 0, 0], 0, [0, 0.5, 0, 0]]);
    act([0], 2, []);
    near([act([], 0, []).team], [0.15 / 2]);
  });

  it('weighs the objective as told', () => {
    const of = (options: NewsroomOptions) => {
      const { act, first, environment } = start(options);
      act([11, 6], 2, []);
      const { team } = act([], 0, [first, first + 1]);
      return [team, environment.lastEpisode(0)!] as const;
    };
    const none = { rouge1Weight: 0, rougeLWeight: 0, toneWeight: 0, fluencyWeight: 0 };
    const [rougeL, { rougeL: wantedL }] = of({ ...none, rougeLWeight: 7 });
    near([rougeL], [wantedL]);
    const [tone] = of({ ...none, toneWeight: 0.1 });
    near([tone], [1]);
    const [mixed, { rouge1, fluency }] = of({ ...none, rouge1Weight: 3, fluencyWeight: 1 });
    near([mixed], [0.75 * rouge1 + 0.25 * fluency]);
    assert.throws(() => newsroom(1, none), { code: 'invalid_input', message: /weights.* all 0/ });
    const free = start({ lengthCost: 0 });
    near([free.act([11, 6], 0, []).rewards[0]!], [4 / 7]);
  });

  it('leaves the writer alone with the first words', () => {
    const { seen, legal, act, first, environment } = start({ alone: true });
    near(act([11], 2, []).rewards, [((2 * 1) / (1 + 5)) * (1 - 0.1 / 4), 1, 0]);
    assert.deepEqual([seen(WRITER).notes, seen(WRITER).tone], ['OSLO - The team', 1]);
    assert.equal(legal(WRITER), first + 4);
    const { said, team } = act([], 0, [first + 3]);
    assert.deepEqual(said, [0, 0, 0, 0]);
    const { piece, told, tone, team: wanted } = environment.lastEpisode(0)!;
    assert.deepEqual([piece, told, tone], ['team', 'positive', 0.75]);
    near([team], [wanted]);
  });

  it('cuts articles at words, and notes never are longer', () => {
    const { seen, legal, act } = start({ maxLength: 11, words: 9 });
    assert.equal(seen(SUMMARISER).article, 'OSLO - The');
    assert.equal(legal(SUMMARISER), 4);
    act([3, 2, 1, 9], 1, []);
    assert.equal(seen(WRITER).notes, 'The - OSLO');
    assert.equal(start({ words: 2 }).seen(SUMMARISER).article, 'OSLO -');
  });

  it('takes the same words and scores under each split', () => {
    const desks = (['train', 'test', 'all'] as const).map((split) => newsroomDesk({ split }));
    for (const desk of desks) {
      assert.deepEqual(desk.ownWords, desks[0]!.ownWords);
      assert.equal(
        desk.score(5, '', 1, 'City Council cuts jobs').team,
        desks[0]!.score(5, '', 1, 'City Council cuts jobs').team,
      );
    }
    const spaces = (split: 'train' | 'test') => newsroom(1, { split }).groups;
    assert.deepEqual(spaces('train'), spaces('test'));
    assert.throws(() => desks[0]!.score(6000, '', 1, 'x'), { code: 'invalid_input', message: /0 to 5999/ });
    assert.throws(() => desks[0]!.score(1, '', 3, 'x'), { code: 'invalid_input', message: /no such tone/ });
  });

  it('draws from its split alone, and refuses levels without such an article', () => {
    const environment = newsroom(64, { split: 'test', ownWords: 0 });
    const output = createOutputs(environment.groups, 64);
    const actions = createActions(environment.groups, 64);
    const { split, articles: all } = newsroomDesk({ split: 'test' });
    assert.ok(split.every((index) => all[index]!.isHeldOut));
    environment.reset(3, output);
    for (let i = 0; i < 8; i++) environment.step(actions, output);
    for (let b = 0; b < 64; b++) assert.ok(split.includes(environment.lastEpisode(b)!.article));
    for (const article of [6000, -1, 0.5, 'first'])
      assert.throws(() => environment.setLevel!(0, { article }), { code: 'invalid_input', message: /0 to 5999/ });
    assert.throws(() => environment.setLevel!(0, { artcle: 1 }), { code: 'unknown_key', message: /"article"/ });
    const generated = environment.levels!.generate(4) as { article: number };
    assert.ok(split.includes(generated.article));
  });

  it('keeps a part of the training split apart while settings are chosen', () => {
    const { split: train } = newsroomDesk();
    const tuning = (split: 'train' | 'validation' | 'test') => newsroomDesk({ split, tuning: true });
    const [rest, kept, test] = [tuning('train'), tuning('validation'), tuning('test')];
    assert.deepEqual(
      [...rest.split, ...kept.split].sort((a, b) => a - b),
      train,
    );
    assert.deepEqual(test.split, newsroomDesk({ split: 'test' }).split);
    assert.ok(Math.abs(kept.split.length / train.length - 0.2) < 0.02);
    assert.ok(kept.split.every((index) => kept.articles[index]!.isValidation));
    // What is kept apart teaches nothing: not which words are frequent, how titles read, or which words they take.
    assert.notDeepEqual(rest.library.statistics, newsroomDesk().library.statistics);
    assert.notEqual(rest.library.fluency.salad, newsroomDesk().library.fluency.salad);
    assert.throws(() => newsroomDesk({ split: 'validation' }), { code: 'invalid_input', message: /"tuning": true/ });
  });

  it('refuses snapshots of other articles and choices that do not exist', () => {
    const { environment, output } = start();
    const other = newsroom(1);
    other.reset(1, createOutputs(other.groups, 1));
    assert.throws(() => environment.restore(other.snapshot()), { code: 'mismatch', message: /other articles/ });
    const saved = environment.snapshot() as { arrays: Record<string, number[]> };
    for (const [name, value] of Object.entries({ article: 8, phase: 2, noteCount: 5, notes: -1, lastPiece: 1e6 })) {
      const damaged = { ...saved, arrays: { ...saved.arrays, [name]: saved.arrays[name]!.map(() => value) } };
      assert.throws(() => environment.restore(damaged), {
        code: 'corrupt',
        message: new RegExp(`"${name}" holds ${value}`),
      });
    }
    assert.deepEqual(environment.snapshot(), saved);
    const wrong = createActions(environment.groups, 1);
    wrong[WRITER]![3] = 99;
    assert.throws(() => environment.step(wrong, output), { code: 'contract', message: /"writer", component 3/ });
    wrong[WRITER]![3] = -1;
    assert.throws(() => environment.step(wrong, output), { code: 'contract' });
    const [, ...two] = createActions(environment.groups, 1);
    assert.throws(() => environment.step([new Float32Array(4), ...two], output), {
      code: 'contract',
      message: /Float32Array/,
    });
  });

  it('has a controller that copies the first words', () => {
    const { environment, output, seen } = start({ written: 3 });
    const options = { articles, split: 'all', words: 14, kept: 4, written: 3, ownWords: 3 };
    const policy = builtin('newsroom').scripted(options);
    assert.equal(policy.writesActions, true);
    const actions = createActions(environment.groups, 1);
    const play = () => {
      for (const [g, { observation }] of output.entries()) actions[g]![0] = policy(observation, 0, g, 0, actions[g], 0);
      environment.step(actions, output);
    };
    play();
    assert.equal(seen(WRITER).notes, 'OSLO - The team');
    assert.equal(seen(WRITER).tone, 2, 'won, great and win');
    play();
    assert.equal(environment.lastEpisode(0)!.piece, 'OSLO - The');
  });

  it('is worth to lead words on real articles what was measured', function () {
    const real = fileURLToPath(new URL('../../../../shared/data/ag_news/articles.csv', import.meta.url));
    if (!existsSync(real)) {
      console.log(`      not here: ${real}`);
      return this.skip();
    }
    const desk = newsroomDesk({ articles: real, split: 'test' });
    assert.ok(desk.split.length > 900 && desk.split.length < 1100);
    const mean = (of: (article: number) => number) =>
      desk.split.reduce((sum, article) => sum + of(article), 0) / desk.split.length;
    const lead = (article: number) => desk.seen(article).split(' ').slice(0, 10).join(' ');
    const rouge1 = mean((article) => desk.score(article, '', 1, lead(article)).rouge1);
    assert.ok(rouge1 > 0.17 && rouge1 < 0.21, `${rouge1}`);
    const fluency = mean((article) => desk.score(article, '', 1, desk.articles[article]!.title).fluency);
    assert.ok(fluency > 0.65 && fluency < 0.75, `titles that the model did not see: ${fluency}`);
    for (const tone of [0, 1, 2]) {
      const share = mean((article) => (desk.articles[article]!.tone === tone ? 1 : 0));
      assert.ok(share > 0.28 && share < 0.39, `${tone}: ${share}`);
    }
  });

  it('scores in all copies as the desk does', () => {
    const copies = 16;
    const environment = newsroom(copies);
    const desk = newsroomDesk();
    const output = createOutputs(environment.groups, copies);
    const actions = createActions(environment.groups, copies);
    const random = stream(5, 'play');
    const team = new Float32Array(copies);
    environment.reset(2, output);
    for (let t = 0; t < 20; t++) {
      for (const [g, own] of actions.entries()) {
        const most = g === ANALYST ? 3 : g === WRITER ? 75 : 41;
        for (let i = 0; i < own.length; i++) own[i] = random.integer(5) === 0 ? 0 : random.integer(most);
      }
      environment.step(actions, output);
      environment.teamReward!(team);
      for (const { reward } of output) for (const value of reward) assert.ok(value >= 0 && value <= 1);
      for (let b = 0; b < copies && t % 2 === 1; b++) {
        const { article, notes, piece, told, team: wanted } = environment.lastEpisode(b)!;
        near([team[b]!], [wanted]);
        near([desk.score(article, notes, ['negative', 'neutral', 'positive'].indexOf(told), piece).team], [wanted]);
        assert.ok(wanted >= 0 && wanted <= 1);
        for (const word of notes.split(' ').filter((each) => each !== ''))
          assert.ok(desk.seen(article).split(' ').includes(word));
      }
    }
  });

  it('passes the contract', () => {
    // In a process of its own: among all other tests the clock was once seen to be read by something else meanwhile.
    const launcher = fileURLToPath(new URL('../../../cli/lightbulb.mjs', import.meta.url));
    const options = { articles, split: 'all', words: 8, maxLength: 60, kept: 3, written: 4, ownWords: 4 };
    const words = [launcher, 'check', 'newsroom', '--options', JSON.stringify(options)];
    const { status, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /\d\d passed, 0 failed/);
  });
});
