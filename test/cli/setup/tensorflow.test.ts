import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openedByTensorflow } from '../../../cli/setup/cuda-libraries.ts';
import { findNodeHeaders } from '../../../cli/setup/node-headers.ts';
import { packageAt } from '../../../cli/setup/packages.ts';
import { tellingLine } from '../../../cli/setup/process.ts';
import { inStaging, swapIn } from '../../../cli/setup/staging.ts';
import { planTensorflow, planTensorflowRemoval } from '../../../cli/setup/tensorflow.ts';
import {
  addonFolder,
  compileAddon,
  compilerArguments,
  missingCuda,
  tryAddon,
} from '../../../cli/setup/tensorflow-addon.ts';
import { findTensorflowLibrary } from '../../../cli/setup/tensorflow-library.ts';
import { LightbulbError } from '../../../core/index.ts';
import { temporaryFolder } from '../../scenarios/files.ts';

const root = temporaryFolder();

/** Writes files below the test's folder; returns its path. */
function put(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    const path = join(root(), name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return root();
}

const HEADERS = { 'c_api.h': '', 'eager/c_api.h': '' };
const below = (folder: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));

const pythonPackage = {
  'site-packages/tensorflow/libtensorflow_cc.so.2': '',
  'site-packages/tensorflow/libtensorflow_framework.so.2': '',
  ...below('site-packages/tensorflow/include/tensorflow/c', HEADERS),
};

/** A package like @tensorflow/tfjs-node-gpu whose install script and addon are ours. */
function fakePackage(install = 'process.exit(0)'): string {
  put({
    'node_modules/gpu/package.json': JSON.stringify({
      version: '4.22.0',
      main: 'index.js',
      binary: { module_path: './lib/napi-v{napi_build_version}', napi_versions: [3, 4, 5, 6, 7, 8] },
    }),
    'node_modules/gpu/index.js': "module.exports = require('./lib/napi-v8/addon.js');",
    'node_modules/gpu/scripts/install.js': install,
    'node_modules/@mapbox/node-pre-gyp/package.json': '{}',
  });
  return join(root(), 'node_modules/gpu');
}

/** What the checking process asks of an addon, as the fake's install script writes it. */
const addon = (product: string): string => `
  const fs = require('node:fs');
  fs.mkdirSync('deps/lib', { recursive: true });
  fs.mkdirSync('lib/napi-v8', { recursive: true });
  fs.writeFileSync('lib/napi-v8/addon.js', \`module.exports = {
    tidy: (body) => body(),
    tensor2d: () => null,
    matMul: () => ({ dataSync: () => ${product} }),
    backend: () => ({ binding: { TF_Version: '2.9.1' }, isUsingGpuDevice: false }),
  };\`);`;

const wrong = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof LightbulbError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, text);
  return true;
};

const silent = (): void => undefined;

describe('setup tensorflow finds a library', () => {
  it("in the C archive's layout, under the name it is loaded by", () => {
    const folder = put({
      'archive/lib/libtensorflow.so': '',
      'archive/lib/libtensorflow.so.2': '',
      'archive/lib/libtensorflow.so.2.18.1': '',
      'archive/lib/libtensorflow_framework.so.2.18.1': '',
      'archive/lib/libtensorflow_framework.so.2': '',
      ...below('archive/include/tensorflow/c', HEADERS),
    });
    const found = findTensorflowLibrary(join(folder, 'archive'));
    assert.deepEqual(found, {
      layout: 'archive',
      folder: join(folder, 'archive/lib'),
      files: ['libtensorflow.so.2', 'libtensorflow_framework.so.2'],
      include: join(folder, 'archive/include'),
      version: '2.18.1',
      cuda: [],
    });
  });

  it("in the Python package or its site-packages, with CUDA's packages beside it", () => {
    const folder = put({
      ...pythonPackage,
      'site-packages/tensorflow-2.21.0.dist-info/METADATA': '',
      'site-packages/nvidia/cuda_runtime/lib/libcudart.so.12': '',
      'site-packages/nvidia/cudnn/lib/libcudnn.so.9': '',
      'site-packages/nvidia/cudnn/lib/libcudnn_graph.so.9': '',
      'site-packages/nvidia/cuda_nvcc/bin/ptxas': '',
    });
    const [whole, part] = ['site-packages', 'site-packages/tensorflow'].map((place) =>
      findTensorflowLibrary(join(folder, place)),
    );
    assert.deepEqual(whole, part);
    assert.equal(whole!.version, '2.21.0');
    assert.deepEqual(whole!.files, ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
    const nvidia = join(folder, 'site-packages/nvidia');
    assert.deepEqual(whole!.cuda, [join(nvidia, 'cuda_runtime/lib'), join(nvidia, 'cudnn/lib')]);
    // Those that TensorFlow opens by name; cuDNN opens its own parts itself.
    assert.deepEqual(openedByTensorflow(whole!.cuda), [
      join(nvidia, 'cuda_runtime/lib/libcudart.so.12'),
      join(nvidia, 'cudnn/lib/libcudnn.so.9'),
    ]);
  });

  it('and says what is wrong with a folder that has none', () => {
    put({ 'empty/readme': '', 'bare/libtensorflow_cc.so.2': '' });
    assert.throws(() => findTensorflowLibrary(join(root(), 'nowhere')), wrong('invalid_input', /no such folder/));
    assert.throws(() => findTensorflowLibrary(join(root(), 'empty')), wrong('invalid_input', /site-packages.*no lib/));
    assert.throws(() => findTensorflowLibrary(join(root(), 'bare')), wrong('invalid_input', /without its headers/));
  });

  it("finds Node's headers where they are, and says where it looked", () => {
    const folder = put({ 'node/include/node/node_api.h': '', 'cache/node_api.h': '' });
    assert.equal(findNodeHeaders(join(folder, 'node')), join(folder, 'node/include/node'));
    assert.equal(findNodeHeaders(undefined, [join(folder, 'no'), join(folder, 'cache')]), join(folder, 'cache'));
    assert.throws(() => findNodeHeaders(undefined, [folder]), wrong('unavailable', /node_api\.h in/));
    assert.throws(() => findNodeHeaders(folder), wrong('invalid_input', /--node-headers/));
  });
});

describe('setup tensorflow compiles', () => {
  const compilation = {
    compiler: 'g++',
    folder: '/package',
    addon: '/package/lib/napi-v8/tfjs_binding.node',
    library: {
      layout: 'python',
      folder: '/python/tensorflow',
      files: ['libtensorflow_cc.so.2'],
      include: '/python/tensorflow/include',
      version: null,
      cuda: [],
    },
    nodeHeaders: '/node',
    cuda: [],
    isCopied: false,
  } as const;
  const searched = (words: readonly string[]): string[] =>
    words.filter((word) => word.startsWith('-Wl,-rpath,')).map((word) => word.slice('-Wl,-rpath,'.length));

  it('for the Node-API that Node and the package both know', () => {
    const manifest = { binary: { module_path: './lib/napi-v{napi_build_version}', napi_versions: [3, 8] } };
    assert.equal(addonFolder({ manifest }, 9), 'lib/napi-v8');
    assert.equal(addonFolder({ manifest }, 6), 'lib/napi-v3');
    assert.ok(compilerArguments(compilation).includes('-DNAPI_VERSION=8'));
  });

  it('so that the library is found where it truly lies, or in the package where it was copied', () => {
    assert.deepEqual(searched(compilerArguments(compilation)), ['/python/tensorflow', '$ORIGIN/../../deps/lib']);
    assert.deepEqual(searched(compilerArguments({ ...compilation, isCopied: true })), ['$ORIGIN/../../deps/lib']);
  });

  it("so that CUDA's libraries are loaded before TensorFlow asks for them", () => {
    const folder = put({ 'cudart/libcudart.so.12': '' });
    const words = compilerArguments({ ...compilation, cuda: [join(folder, 'cudart')] });
    assert.ok(words.indexOf(join(folder, 'cudart/libcudart.so.12')) > words.indexOf('-Wl,--no-as-needed'));
    assert.ok(searched(words).includes(join(folder, 'cudart')));
  });

  it('tells the error of a compiler, a loader and TensorFlow from the rest', () => {
    assert.equal(
      tellingLine('In file a.cc:\na.cc:3:1: fatal error: no such header\nnote: x'),
      'a.cc:3:1: fatal error: no such header',
    );
    const thrown =
      "node:events:497\n      throw er; // Unhandled 'error' event\n      ^\n\nError: getaddrinfo ENOTFOUND host\n    at x";
    assert.equal(tellingLine(thrown), 'Error: getaddrinfo ENOTFOUND host');
    const cuda = "2026-01-01 W tsl/dso_loader.cc:64] Could not load dynamic library 'libcudart.so.11.0'; dlerror: no";
    assert.match(
      missingCuda(`${cuda}\n${cuda}\nelse`),
      /^: Could not load dynamic library 'libcudart.so.11.0'[^;]*; dlerror: no$/,
    );
    assert.equal(missingCuda('nothing of the kind'), '');
  });
});

describe('setup tensorflow changes the package all at once or not at all', () => {
  it('downloads with the script of the package, checks and installs, again over itself, and removes', async () => {
    const packageFolder = fakePackage(addon('[5, -5, 11, -11]'));
    for (let time = 0; time < 2; time++) {
      process.env.LIGHTBULB_ALLOW_CPU = '1';
      const { checked } = await planTensorflow({ packageFolder }).run(silent);
      delete process.env.LIGHTBULB_ALLOW_CPU;
      assert.equal(checked, 'TensorFlow 2.9.1 on the CPU');
    }
    assert.ok(existsSync(join(packageFolder, 'lib/napi-v8/addon.js')));
    assert.equal(JSON.parse(readFileSync(join(packageFolder, 'deps/lightbulb-setup.json'), 'utf8')).version, '2.9.1');
    assert.deepEqual(readdirSync(join(root(), 'node_modules')).sort(), ['@mapbox', 'gpu']);
    await planTensorflowRemoval({ packageFolder }).run(silent);
    assert.deepEqual(readdirSync(packageFolder).sort(), ['index.js', 'package.json', 'scripts']);
    assert.match(planTensorflowRemoval({ packageFolder }).steps[0]!, /^Nothing/);
  });

  it('leaves what was there where the download fails, or the addon is wrong or crashes', async () => {
    const scripts: [string, RegExp][] = [
      [
        "console.log('http://host/x.tar.gz'); throw new Error('getaddrinfo ENOTFOUND host');",
        /http:\/\/host.*ENOTFOUND host.*TFJS_NODE_CDN_STORAGE/,
      ],
      [addon('[1, 2, 3, 4]'), /wrong numbers/],
      [addon('process.abort()'), /does not work here/],
    ];
    for (const [script, message] of scripts) {
      const packageFolder = fakePackage(script);
      put({ 'node_modules/gpu/deps/old': 'kept', 'node_modules/gpu/lib/old': 'kept' });
      await assert.rejects(planTensorflow({ packageFolder }).run(silent), wrong('unavailable', message));
      for (const part of ['deps', 'lib']) assert.deepEqual(readdirSync(join(packageFolder, part)), ['old']);
      assert.deepEqual(readdirSync(join(root(), 'node_modules')).sort(), ['@mapbox', 'gpu']);
    }
  });

  it('says that there is no compiler, or no C API in the library, and leaves nothing behind', async () => {
    const packageFolder = fakePackage();
    const folder = put({ ...pythonPackage, 'node/node_api.h': '' });
    const options = { packageFolder, library: join(folder, 'site-packages'), nodeHeaders: join(folder, 'node') };
    const built = (compiler: string) => planTensorflow({ ...options, compiler }).run(silent);
    await assert.rejects(built('no-such-compiler'), wrong('unavailable', /no C\+\+ compiler.*--compiler/));
    // Without nm the compiler, here one that makes nothing, and the check have the word.
    await assert.rejects(built('true'), wrong('unavailable', /C API|does not work here/));
    assert.equal(existsSync(join(packageFolder, 'deps')), false);
    assert.deepEqual(readdirSync(join(root(), 'node_modules')).sort(), ['@mapbox', 'gpu']);
  });

  it('tells what the compiler complains about', async () => {
    const folder = put({ 'cc.sh': '#!/bin/sh\necho "a.cc:1:2: error: not so" >&2; exit 1\n' });
    chmodSync(join(folder, 'cc.sh'), 0o755);
    const library = findTensorflowLibrary(join(put(pythonPackage), 'site-packages'));
    const addon = join(folder, 'lib/napi-v8/tfjs_binding.node');
    const compilation = { folder, addon, library, nodeHeaders: folder, cuda: [], isCopied: false };
    await assert.rejects(
      compileAddon({ ...compilation, compiler: join(folder, 'cc.sh') }),
      wrong('unavailable', /got a\.cc:1:2: error: not so/),
    );
  });

  it('puts back every entry when a later one cannot be moved', async () => {
    const target = join(put({ 'package/a': 'old', 'package/b': 'old' }), 'package');
    await assert.rejects(
      inStaging(target, async (staging) => {
        writeFileSync(join(staging, 'a'), 'new');
        await swapIn(staging, target, ['a', 'b'], async () => undefined);
      }),
      /ENOENT/,
    );
    for (const name of ['a', 'b']) assert.equal(readFileSync(join(target, name), 'utf8'), 'old');
    assert.deepEqual(readdirSync(dirname(target)), ['package']);
  });

  it('clears away what a killed setup left, and not what another still works in', async () => {
    const folder = put({ 'package/a': '', '.package-setup-999999999/x': '', [`.package-setup-${process.ppid}/x`]: '' });
    await inStaging(join(folder, 'package'), async (staging) => assert.ok(lstatSync(staging).isDirectory()));
    assert.deepEqual(readdirSync(folder).sort(), [`.package-setup-${process.ppid}`, 'package']);
  });
});

describe('setup tensorflow on a real library', () => {
  it('builds an addon that computes', async function () {
    const library = process.env.LIGHTBULB_LIBTENSORFLOW;
    if (library === undefined) {
      console.log('      skipped: LIGHTBULB_LIBTENSORFLOW names no folder of a TensorFlow library');
      return this.skip();
    }
    this.timeout(600_000);
    // A copy of the package beside the real one, so that what it depends on is found; the real one stays as it is.
    const { cpSync, rmSync } = await import('node:fs');
    const { findPackage } = await import('../../../cli/setup/packages.ts');
    const real = findPackage('@tensorflow/tfjs-node-gpu').folder;
    const copy = join(dirname(real), `.tfjs-node-gpu-test-${process.pid}`);
    cpSync(real, copy, { recursive: true, filter: (source) => !/tfjs-node-gpu\/(deps|lib)$/.test(source) });
    try {
      const { checked } = await planTensorflow({ packageFolder: packageAt(copy).folder, library }).run(silent);
      assert.match(checked!, /^TensorFlow \d+\.\d+\.\d+ on the [CG]PU$/);
      assert.match((await tryAddon(copy)).version, /^\d+\.\d+/);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
