import assert from 'node:assert/strict';
import { levelExam } from '../../scenarios/level-exam.ts';
import { levelSet } from '../../scenarios/level-sets.ts';
import { cartpole, HELD_OUT_MAZES, maze, rooms } from '../../worlds/index.ts';
import { errorOf, put, temporaryFolder } from './files.ts';

describe('sets of levels', () => {
  const root = temporaryFolder();
  const small = maze(1, { size: 4, walls: 6, maximumSteps: 12 }).levels!;
  const set = (words: string, space = small, above: number | undefined = 0) =>
    levelSet(space, words, above, '--levels');

  it('are the held-out mazes by their names', () => {
    const { name, levels } = set('held-out', maze(1, {}).levels);
    assert.equal(name, 'held-out');
    assert.deepEqual(Object.fromEntries(levels.map((each) => [each.name, each.level])), HELD_OUT_MAZES);
    assert.match(errorOf(() => set('held-out')).message, /no held-out levels.*--environment/);
  });

  it('are drawn, the same ones each time, the shorter set the beginning of the longer', () => {
    const { name, levels } = set('random:30');
    assert.deepEqual([name, levels.length, set('random').levels.length], ['random-30', 30, 100]);
    assert.deepEqual(set('random:200').levels.slice(0, 30), levels);
    assert.ok(levels.some(({ level }) => small.optimum!(level) === 0));
  });

  it('are those that can be solved, in the time there is', () => {
    const { name, levels } = set('solvable:50');
    assert.deepEqual([name, levels.length], ['solvable-50', 50]);
    assert.ok(levels.every(({ level }) => small.optimum!(level) > 0));
    const all = { ...small, optimum: () => 0 };
    assert.match(errorOf(() => set('solvable:1', all)).message, /too few.*1 of 1000.*got 0/);
    assert.equal(errorOf(() => set('solvable', cartpole(1).levels!)).code, 'unsupported');
    assert.match(errorOf(() => set('solvable:1', small, 2)).message, /too few/);
  });

  it('are all there are, where they are a grid', () => {
    const space = rooms(1).levels!;
    assert.deepEqual(
      set('grid', space).levels.map(({ level }) => level),
      space.grid,
    );
    assert.equal(errorOf(() => set('grid')).code, 'unsupported');
  });

  it('are read from a file: an array, or an object by name', () => {
    const level = ['>.G.', '....', '....', '....'];
    assert.deepEqual(set(put(root(), 'my levels.json', [level])), {
      name: 'file-my-levels',
      levels: [{ name: '1', level }],
    });
    assert.deepEqual(set(put(root(), 'named.json', { easy: level })).levels, [{ name: 'easy', level }]);
    for (const broken of ['[]', '{}', '3', '{'])
      assert.equal(errorOf(() => set(put(root(), 'broken.json', broken))).code, 'invalid_input', broken);
    assert.match(errorOf(() => set('nowhere.json')).message, /--levels: nowhere\.json.*cannot be read/);
  });

  it('are none of others', () => {
    assert.match(errorOf(() => set('randon:5')).message, /no such set of levels.*Did you mean "random"/);
    for (const words of ['random:0', 'random:-1', 'random:x', 'held-out:3', '', 'grid:2'])
      assert.equal(errorOf(() => set(words)).code, 'invalid_input', words);
  });

  describe('that are to be played', () => {
    const make = (copies: number) => maze(copies, { size: 4, walls: 6, maximumSteps: 12 });
    const exam = (words: string, episodes = 2, makes = make) => levelExam(makes, { words, episodes }, '--levels');

    it('know what is solved and what is best where the space does', () => {
      const { solvedAbove, optimum, set: chosen } = exam('random:5');
      assert.equal(solvedAbove, 0);
      assert.deepEqual(
        optimum,
        chosen.levels.map(({ level }) => small.optimum!(level)),
      );
      const other = levelExam((copies) => cartpole(copies), { words: 'random:5', episodes: 2 }, '--levels');
      assert.deepEqual([other.solvedAbove, other.optimum], [undefined, undefined]);
    });

    it('are of the right size, and are played twice at least', () => {
      const file = put(root(), 'large.json', { large: HELD_OUT_MAZES.FourRooms });
      assert.match(errorOf(() => exam(file)).message, /does not take level "large"/);
      assert.match(errorOf(() => exam('random', 1)).message, /at least 2 episodes of each level.*got 1/);
    });

    it('are of environments that have levels', () => {
      const without = (copies: number) => Object.assign(make(copies), { levels: undefined });
      assert.match(errorOf(() => exam('random', 2, without)).message, /this environment has no levels/);
    });
  });
});
