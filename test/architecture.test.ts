import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Which rooms each room may import: the arrows of docs/architecture.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  nn: ['core'],
  worlds: ['core', 'nn'],
  agents: ['core', 'nn', 'worlds'],
  curricula: ['core', 'nn', 'worlds', 'agents'],
  mas: ['core', 'nn', 'worlds', 'agents', 'curricula'],
  scenarios: ['core', 'nn', 'worlds', 'agents', 'curricula', 'mas'],
  batch: ['core', 'nn', 'worlds', 'agents', 'curricula', 'mas', 'scenarios'],
  reports: ['core', 'nn', 'worlds', 'agents', 'curricula', 'mas', 'scenarios', 'batch'],
  cli: ['core', 'nn', 'worlds', 'agents', 'curricula', 'mas', 'scenarios', 'batch', 'reports'],
};

/**
 * Doors besides each room's own. World models need the engine; who makes and checks environments shall not load it. The game
 * is a learner: who asks for levels alone shall not load it.
 */
const FURTHER_DOORS = [join('worlds', 'models', 'index.ts'), join('curricula', 'game', 'index.ts')];

/** A file longer than this holds more than one concept. */
const MOST_LINES = 420;

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesOf(path) : /\.(ts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((match) =>
    resolve(dirname(file), match[1]!),
  );
}

const roomOf = (file: string): string => relative(root, file).split(sep)[0]!;

describe('architecture', () => {
  const rooms = Object.keys(MAY_IMPORT);
  const sources = rooms.flatMap((room) => filesOf(join(root, room)));

  it('has the rooms that the project promises', () => {
    for (const room of ['agents', 'worlds', 'mas', 'curricula', 'scenarios', 'test']) {
      assert.ok(statSync(join(root, room)).isDirectory(), room);
    }
    assert.ok(sources.length > 50, `only ${sources.length} source files were found`);
  });

  it('lets imports run one way, through doors only', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file).flatMap((target) => {
        const [from, to] = [roomOf(file), roomOf(target)];
        if (from === to) return [];
        const isAllowed = MAY_IMPORT[from]!.includes(to);
        const isDoor = target === join(root, to, 'index.ts') || FURTHER_DOORS.includes(relative(root, target));
        return isAllowed && isDoor ? [] : [`${relative(root, file)} -> ${relative(root, target)}`];
      }),
    );
    assert.deepEqual(wrong, []);
  });

  it('imports only files that exist', () => {
    const missing = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => !existsSync(target))
        .map((target) => `${relative(root, file)} -> ${relative(root, target)}`),
    );
    assert.deepEqual(missing, []);
  });

  it('has no room for odds and ends', () => {
    assert.deepEqual(
      sources
        .filter((file) => /(^|[/\\])(utils?|helpers?|common|misc)([/\\.]|$)/.test(relative(root, file)))
        .map((file) => relative(root, file)),
      [],
    );
  });

  it('keeps each file to one concept', () => {
    const long = sources
      .map((file) => ({ file: relative(root, file), lines: readFileSync(file, 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > MOST_LINES);
    assert.deepEqual(long, []);
  });

  it('uses no unseeded randomness and no clock where anything learns', () => {
    // The checker of environments names both in order to catch them.
    const learning = sources.filter(
      (file) =>
        ['core', 'nn', 'worlds', 'agents', 'curricula'].includes(roomOf(file)) &&
        !relative(root, file).startsWith(join('worlds', 'contract')) &&
        // So does what measures how fast executors are.
        !relative(root, file).startsWith(join('nn', 'engine', 'diagnose')),
    );
    const wrong = learning.filter((file) =>
      /Math\.random\(|Date\.now\(|performance\.now\(|tf\.(randomNormal|randomUniform|dropout)\(/.test(
        readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''),
      ),
    );
    assert.deepEqual(
      wrong.map((file) => relative(root, file)),
      [],
    );
  });
});
