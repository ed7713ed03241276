import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c, encodeScalars, encodeStart, encodeVersion, record } from '../../scenarios/tensorboard.ts';
import { collect, tickingClock } from './collect.ts';
import { fakeTraining } from './fake-training.ts';
import { scenarioWith, temporaryFolder } from './files.ts';

describe('event files for TensorBoard', () => {
  const root = temporaryFolder();
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

  it('are checked by CRC-32C', () => {
    // RFC 3720, B.4: 32 bytes of zeros, of ones, and counting up; and the usual check value.
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
    assert.equal(crc32c(new TextEncoder().encode('123456789')), 0xe3069283);
  });

  it('hold events as the protocol has them', () => {
    // Field 1: double 1.5; field 3: the text.
    assert.equal(hex(encodeVersion(1.5)), `09000000000000f83f1a0d${hex(Buffer.from('brain.Event:2'))}`);
    // Field 2: varint 300; field 7: a message whose field 1 is 1.
    assert.equal(hex(encodeStart(1.5, 300)), '09000000000000f83f10ac023a020801');
    // Field 5: a summary with one value (field 1): tag "a" (field 1) and the float 0.5 (field 2).
    assert.equal(hex(encodeScalars(1.5, 300, { a: 0.5 })), '09000000000000f83f10ac022a0a0a080a0161150000003f');
  });

  it('frame each event with its length and two checksums', () => {
    const framed = record(encodeStart(1.5, 300));
    assert.equal(framed.length, 16 + 16);
    assert.equal(hex(framed.subarray(0, 8)), '1000000000000000');
    assert.equal(hex(framed.subarray(12, 28)), hex(encodeStart(1.5, 300)));
  });

  it('are, byte for byte, what TensorBoard was seen to read', async () => {
    const stop = new AbortController();
    const createTraining = fakeTraining({ before: (step) => step === 64 && stop.abort() });
    const scenario = scenarioWith(root(), { tensorboard: true });
    const folder = join(root(), 'run');
    await collect(scenario, { folder, signal: stop.signal, createTraining, clock: tickingClock() });
    await collect(scenario, { folder, resume: true, clock: tickingClock() });
    const files = readdirSync(join(folder, 'tensorboard')).sort((a, b) => Number(a.at(-1)) - Number(b.at(-1)));
    assert.deepEqual(
      files.map((name) => name.replace(/\.\d+\.[^.]*.*\.(\d)$/, ' $1')),
      ['events.out.tfevents 0', 'events.out.tfevents 1'],
    );
    const sums = files.map((name) =>
      createHash('sha256')
        .update(readFileSync(join(folder, 'tensorboard', name)))
        .digest('hex'),
    );
    // TensorBoard 2.21's EventAccumulator read exactly the scalars of metrics.jsonl from these two, each step once.
    assert.deepEqual(sums, [
      '59bfc752a99362477b1a1052526501a25248a696076ac1decd5d7270d9dde8ac',
      'd28862249be1f7f1ea762c78f80bce341fa5bde0d9e36308cfc7c26e6441dc6b',
    ]);
  });
});
