import assert from 'node:assert/strict';
import { NO_WORD, readWords, SHAPES } from '../../../mas/value/words.ts';
import { flatten, text } from '../../../worlds/index.ts';

/** Rows and shapes of the words of a text, in a table of a thousand. */
function read(written: string, count = 8, maxLength = 64): { ids: number[]; shapes: number[]; words: number } {
  const units = new Float32Array(maxLength + 3);
  flatten(text(maxLength), written, units, 3);
  const [ids, shapes] = [new Int32Array(count), new Int32Array(count)];
  const words = readWords(units, 3, maxLength, 1000, ids, shapes, 0, count);
  return { ids: [...ids], shapes: [...shapes], words };
}

describe('words of flattened texts', () => {
  it('are those between single spaces, as split(" ") has them', () => {
    for (const written of ['one', 'one two', 'a  b', 'four words and more', ' led']) {
      const { words, ids } = read(written);
      assert.equal(words, written.split(' ').length, written);
      assert.ok(ids.slice(words).every((id) => id === NO_WORD));
    }
    assert.equal(read('').words, 0);
    assert.equal(read('as long as it may get', 8, 21).words, 6);
    assert.equal(read('more words than are read', 3).words, 3);
  });

  it('share a row however they are written, and have it told by their shape', () => {
    const { ids, shapes } = read('Stocks stocks STOCKS "stocks, stocks.');
    assert.equal(new Set(ids.slice(0, 5)).size, 1);
    assert.equal(new Set(shapes.slice(0, 3)).size, 3);
    assert.equal(new Set([shapes[1], shapes[3], shapes[4]]).size, 3);
    assert.ok(shapes.every((shape) => shape >= 0 && shape < SHAPES));
  });

  it('that differ seldom share one: of 500 made-up words in a thousand rows, as many as chance has it', () => {
    const found = new Set<number>();
    for (let i = 0; i < 500; i++) found.add(read(`word${i * 7919}x`).ids[0]!);
    // 1000 (1 - (1 - 1/1000)^500) = 393.6 rows are expected, with a deviation below 10.
    assert.ok(found.size > 350, `${found.size}`);
  });

  it('tell umlauts and other alphabets from each other, and lower their case', () => {
    const { ids } = read('Ärger ärger Москва москва urger - --');
    assert.equal(ids[0], ids[1]);
    assert.equal(ids[2], ids[3]);
    assert.notEqual(ids[0], ids[4]);
    assert.notEqual(ids[5], ids[6]);
  });
});
