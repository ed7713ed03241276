import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageCodes, loadImageCodes, saveImageCodes } from '../../../agents/image-codes/index.ts';
import { Autoencoder } from '../../../agents/image-codes/network.ts';
import type { ImageCodesOptions } from '../../../agents/image-codes/options.ts';
import { stream } from '../../../core/index.ts';
import { float32, leaves, readSafetensors, type Value, writeSafetensors } from '../../../nn/index.ts';

const OPTIONS: ImageCodesOptions = { shape: [8, 4, 3], down: 2, codes: 16, features: 4, width: 6, blocks: 1 };

function example(): ImageCodes {
  const source = stream(3, 'folder');
  const vectors = float32(
    [16, 4],
    Float32Array.from({ length: 64 }, () => 0.2 * source.normal()),
  );
  return new ImageCodes(OPTIONS, { ...new Autoencoder(OPTIONS).init(source), codebook: { vectors } });
}

describe('a folder of image codes', () => {
  let folder: string;
  let codes: ImageCodes;
  const [config, weights] = [() => join(folder, 'config.json'), () => join(folder, 'model.safetensors')];

  // Not while files are loaded: whoever traces first registers the tracing backend for all.
  before(() => {
    codes = example();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'image-codes-'));
    saveImageCodes(folder, codes);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  after(() => codes.dispose());

  /** Changes the tensors of the folder. */
  const edit = (change: (tensors: Record<string, Value>) => void): void => {
    const tensors = { ...readSafetensors(readFileSync(weights())).tensors };
    change(tensors);
    writeFileSync(weights(), writeSafetensors(tensors));
  };
  const refused = (code: string, ...words: string[]): void => {
    assert.throws(
      () => loadImageCodes(folder),
      (error: Error & { code?: string; isInput?: boolean }) => {
        assert.equal(error.code, code, error.message);
        assert.ok(error.isInput);
        for (const word of words) assert.ok(error.message.includes(word), `${word} in: ${error.message}`);
        return true;
      },
    );
  };

  it('gives back the same weights, bit for bit, and the same codes', () => {
    assert.deepEqual(readdirSync(folder).sort(), ['config.json', 'model.safetensors']);
    const loaded = loadImageCodes(folder);
    assert.deepEqual(loaded.options, OPTIONS);
    const bits = ({ weights: tree }: ImageCodes) =>
      leaves<Value>(tree).map(([name, { shape, data }]) => [name, shape, [...(data as Float32Array)]]);
    assert.deepEqual(bits(loaded), bits(codes));

    const source = stream(4, 'picture');
    const picture = Float32Array.from({ length: 96 }, () => source.integer(256));
    const [a, b] = [new Int32Array(8), new Int32Array(8)];
    codes.encode(picture, 0, a);
    loaded.encode(picture, 0, b);
    assert.deepEqual(a, b);
    assert.ok(new Set(a).size > 1, 'one code for everything would be equal anyway');
    assert.deepEqual(loaded.decode(a), codes.decode(a));

    const again = join(folder, 'again');
    saveImageCodes(again, loaded);
    assert.deepEqual(readFileSync(join(again, 'model.safetensors')), readFileSync(weights()));
    loaded.dispose();
  });

  it('takes no tensors that are misshaped, missing, unknown or not finite', () => {
    edit((tensors) => {
      tensors['encoder/output/bias'] = float32([5]);
    });
    refused('mismatch', weights(), 'encoder/output/bias', 'wanted float32[4], got float32[5]');
    edit((tensors) => {
      delete tensors['encoder/output/bias'];
    });
    refused('mismatch', weights(), 'lacks a tensor', 'encoder/output/bias');
    edit((tensors) => {
      tensors['encoder/output/bias'] = float32([4]);
      tensors['encoder/output/gain'] = float32([4]);
    });
    refused('mismatch', weights(), 'encoder/output/gain');
    edit((tensors) => {
      delete tensors['encoder/output/gain'];
      tensors['encoder/output/bias'] = float32([4], [0, 0, Number.NaN, 0]);
    });
    refused('mismatch', weights(), 'encoder/output/bias', 'NaN at 2');
  });

  it('takes no configuration that is another, or none', () => {
    const written = JSON.parse(readFileSync(config(), 'utf8'));
    const change = (fields: object): void => writeFileSync(config(), JSON.stringify({ ...written, ...fields }));
    change({ codes: 17 });
    refused('mismatch', 'codebook/vectors', 'wanted float32[17,4]');
    change({ down: 3 });
    refused('invalid_input', config(), '/down', 'a power of 2');
    change({ depth: 3 });
    refused('unknown_key', config(), '/depth');
    change({ version: 2 });
    refused('unsupported', config(), '/version', 'wanted 1, got 2');
    change({ format: 'gpt2' });
    refused('invalid_input', config(), '/format');
    writeFileSync(config(), '{');
    refused('invalid_input', config(), 'JSON');
    rmSync(config());
    refused('invalid_input', config(), 'ENOENT');
  });

  it('takes no file of weights that is torn', () => {
    writeFileSync(weights(), readFileSync(weights()).subarray(0, 900));
    refused('mismatch', weights());
    rmSync(weights());
    refused('invalid_input', weights(), 'ENOENT');
  });

  it('is not written where it cannot be', () => {
    const blocked = join(folder, 'blocked');
    writeFileSync(blocked, '');
    assert.throws(() => saveImageCodes(blocked, codes), { code: 'disk' });
    assert.ok(existsSync(blocked));
  });
});
