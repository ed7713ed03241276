import assert from 'node:assert/strict';
import { appendFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { LineTail } from '../../../reports/live/line-tail.ts';
import { temporaryFolder } from '../../scenarios/files.ts';

describe('following a file of lines', () => {
  const root = temporaryFolder();
  const file = () => join(root(), 'events.jsonl');

  it('hands each line over once, when it is whole', async () => {
    const tail = new LineTail(file());
    assert.deepEqual(await tail.read(), { restarted: false, lines: [] });
    appendFileSync(file(), 'one\ntwo\nthr');
    assert.deepEqual(await tail.read(), { restarted: false, lines: ['one', 'two'] });
    assert.deepEqual(await tail.read(), { restarted: false, lines: [] });
    appendFileSync(file(), 'ee\n');
    assert.deepEqual(await tail.read(), { restarted: false, lines: ['three'] });
  });

  it('gives the same lines however they were written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('\n', ' ')),
          { maxLength: 12 },
        ),
        fc.array(fc.nat(200), { maxLength: 8 }),
        async (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b);
          writeFileSync(file(), '');
          const tail = new LineTail(file());
          const read: string[] = [];
          let from = 0;
          for (const end of ends) {
            appendFileSync(file(), bytes.subarray(from, end)); // in the middle of characters, too
            from = end;
            read.push(...(await tail.read()).lines);
          }
          assert.deepEqual(read, lines);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('starts anew where the file was cut, replaced or taken away', async () => {
    const tail = new LineTail(file());
    writeFileSync(file(), 'one\ntwo\nthree\n');
    await tail.read();
    truncateSync(file(), 8);
    assert.deepEqual(await tail.read(), { restarted: true, lines: ['one', 'two'] });
    // Cut and written over between two looks, and longer than it was: only its content tells.
    writeFileSync(file(), 'one\nTWO\nthree\nfour\n');
    assert.deepEqual(await tail.read(), { restarted: true, lines: ['one', 'TWO', 'three', 'four'] });
    rmSync(file());
    assert.deepEqual(await tail.read(), { restarted: true, lines: [] });
    assert.deepEqual(await tail.read(), { restarted: false, lines: [] });
  });

  it('reads files of many chunks', async () => {
    const line = 'x'.repeat(300_000);
    writeFileSync(file(), `${line}\n`.repeat(9));
    const { lines } = await new LineTail(file()).read();
    assert.equal(lines.length, 9);
    assert.ok(lines.every((each) => each === line));
  });
});
