import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { planCuda, planCudaRemoval } from '../../../cli/setup/cuda.ts';
import { findCudaProvider, PROVIDER, SHARED } from '../../../cli/setup/cuda-provider.ts';
import { LightbulbError } from '../../../core/index.ts';
import { temporaryFolder } from '../../scenarios/files.ts';

const root = temporaryFolder();
const NATIVE = 'node_modules/ort/bin/napi-v6/linux/x64';

function put(names: readonly string[], text = ''): void {
  for (const name of names) {
    const path = join(root(), name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** A package like onnxruntime-node; `install`: its script. */
function fakePackage(install = ''): string {
  put(['node_modules/ort/package.json'], JSON.stringify({ version: '1.30.0' }));
  put(['node_modules/ort/script/install.js'], install);
  put([`${NATIVE}/onnxruntime_binding.node`]);
  return join(root(), 'node_modules/ort');
}

const provider = (folder: string): string[] => [PROVIDER, SHARED].map((name) => `${folder}/${name}`);
const native = (): string[] => readdirSync(join(root(), NATIVE)).sort();
const silent = (): void => undefined;
const has = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof LightbulbError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, text);
  return true;
};

(process.platform === 'linux' && process.arch === 'x64' ? describe : describe.skip)('setup cuda', () => {
  it('finds the provider in a Python environment, an archive and a NuGet package, with its version', () => {
    put([...provider('site-packages/onnxruntime/capi'), 'site-packages/onnxruntime_gpu-1.30.0.dist-info/METADATA']);
    put([...provider('archive/lib'), 'archive/lib/libonnxruntime.so.1.29.1']);
    put(provider('nuget/runtimes/linux-x64/native'));
    const version = (folder: string) => findCudaProvider(join(root(), folder)).version;
    assert.deepEqual(['site-packages', 'site-packages/onnxruntime', 'archive', 'nuget'].map(version), [
      '1.30.0',
      '1.30.0',
      '1.29.1',
      null,
    ]);
    put(['half/libonnxruntime_providers_cuda.so']);
    assert.throws(() => version('half'), has('invalid_input', /providers_shared/));
  });

  it("refuses another version's", () => {
    const packageFolder = fakePackage();
    put([...provider('archive/lib'), 'archive/lib/libonnxruntime.so.1.29.1']);
    const library = join(root(), 'archive');
    assert.throws(() => planCuda({ packageFolder, library }), has('mismatch', /wanted 1\.30\.0, got 1\.29\.1/));
  });

  it("links the provider and CUDA's libraries, and removes just those", async () => {
    const packageFolder = fakePackage();
    put([...provider('site-packages/onnxruntime/capi'), 'site-packages/onnxruntime_gpu-1.30.0.dist-info/METADATA']);
    put(['site-packages/nvidia/cudnn/lib/libcudnn.so.9', 'site-packages/nvidia/cublas/lib/libcublas.so.12']);
    const before = native();
    const library = join(root(), 'site-packages');
    const { checked, changed } = await planCuda({ packageFolder, library, isUnchecked: true }).run(silent);
    assert.equal(checked, null);
    assert.deepEqual(native(), [...before, ...changed.map((path) => path.slice(path.lastIndexOf('/') + 1))].sort());
    assert.ok(['libcublas.so.12', 'libcudnn.so.9', PROVIDER].every((name) => native().includes(name)));
    assert.ok(lstatSync(join(root(), NATIVE, PROVIDER)).isSymbolicLink());
    await planCudaRemoval({ packageFolder }).run(silent);
    assert.deepEqual(native(), before);
  });

  it('puts everything back where the GPU is not used', async function () {
    if (existsSync('/dev/nvidia0')) return this.skip();
    const packageFolder = fakePackage();
    put(provider('folder'));
    const before = native();
    const library = join(root(), 'folder');
    await assert.rejects(planCuda({ packageFolder, library }).run(silent), has('unavailable', /does not work here/));
    assert.deepEqual(native(), before);
    assert.deepEqual(readdirSync(join(root(), 'node_modules')), ['ort']);
  });

  it('tells why a download failed, and keeps nothing of it', async () => {
    const half = `require('fs').mkdirSync('bin/napi-v6/linux/x64', { recursive: true });
      require('fs').writeFileSync('bin/napi-v6/linux/x64/${PROVIDER}', 'half');`;
    fakePackage();
    const before = native();
    for (const script of [`${half} throw new Error('getaddrinfo ENOTFOUND api.nuget.org')`, half]) {
      const packageFolder = fakePackage(script);
      await assert.rejects(
        planCuda({ packageFolder }).run(silent),
        has('unavailable', /cannot be downloaded.*--library/),
      );
      assert.deepEqual(native(), before);
    }
  });
});
