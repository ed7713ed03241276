import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import { tryApart } from '../../nn/index.ts';
import { cudaFolders, sharedLibraries, sitePackagesOf } from './cuda-libraries.ts';
import { findCudaProvider, PROVIDER, requireVersion, SHARED } from './cuda-provider.ts';
import type { Outcome, Plan } from './outcome.ts';
import { findPackage, type NpmPackage, packageAt } from './packages.ts';
import { runProcess, tellingLine } from './process.ts';
import { inStaging, isThere, swapIn } from './staging.ts';
import { givenCuda } from './tensorflow.ts';

export interface CudaOptions {
  /** Folder with the provider's libraries; otherwise onnxruntime-node's own script downloads them. */
  readonly library?: string;
  /** site-packages with NVIDIA's CUDA packages, where they are not beside the library. */
  readonly cuda?: string;
  /** Copies the provider instead of linking to it. */
  readonly isCopied?: boolean;
  /** Leaves the check out: for building images on machines unlike those they run on. */
  readonly isUnchecked?: boolean;
  /** The package's folder; tests put another here. */
  readonly packageFolder?: string;
}

const NAME = 'onnxruntime-node';
/** Where the package keeps its native parts, and a setup its record. */
const NATIVE = 'bin/napi-v6/linux/x64';
const RECORD = 'lightbulb-setup.json';

const packageOf = (folder: string | undefined): NpmPackage =>
  folder === undefined ? findPackage(NAME) : packageAt(folder);

/** How ONNX Runtime's CUDA provider will be set up. Nothing is changed before `run`. */
export function planCuda(options: CudaOptions = {}): Plan {
  requireLinuxX64();
  const found = packageOf(options.packageFolder);
  const folder = realpathSync(found.folder);
  const { isCopied = false, isUnchecked = false } = options;
  const provider = options.library === undefined ? null : findCudaProvider(options.library);
  if (provider !== null) requireVersion(provider, found.version);
  const sitePackages = provider === null ? undefined : sitePackagesOf(provider.folder);
  const besides = sitePackages === undefined ? [] : cudaFolders(sitePackages);
  const cuda = options.cuda === undefined ? besides : givenCuda(options.cuda);
  return {
    steps: [
      provider === null
        ? `In a copy of ${folder}, run the package's own script (script/install.js --onnxruntime-node-install=cuda12): it fetches the NuGet package Microsoft.ML.OnnxRuntime.Gpu.Linux ${found.version} (a few hundred MB) and unpacks ${PROVIDER} and ${SHARED}`
        : `${isCopied ? 'Copy' : 'Link'} ${PROVIDER} and ${SHARED} of ${provider.folder}`,
      ...(cuda.length === 0
        ? []
        : [
            `Link CUDA's libraries of ${cuda.length} folders (${cuda[0]}, ...) beside them, where the provider looks first`,
          ]),
      `Put them into ${join(folder, NATIVE)}`,
      ...(isUnchecked
        ? []
        : [
            'Check it in a process of its own: a program whose every operator must run on the GPU; if it does not, everything is put back',
          ]),
    ],
    remarks: [
      'It needs an NVIDIA driver (525 or newer), and on the library path CUDA 12 (cudart, cublas, cublasLt, cufft, curand) and cuDNN 9.',
      ...(provider === null ? ['Proxy: GLOBAL_AGENT_HTTPS_PROXY. Without the network: --library <folder>.'] : []),
      ...(provider?.version === null
        ? [`Nothing says which version ${provider.folder} is; it must be ${found.version}.`]
        : []),
    ],
    run: (say) =>
      inStaging(folder, async (staging) => {
        const native = join(staging, NATIVE);
        if (provider === null) {
          say('downloading ...');
          await download(folder, staging);
        } else {
          mkdirSync(native, { recursive: true });
          for (const name of [PROVIDER, SHARED]) {
            const [from, to] = [realpathSync(join(provider.folder, name)), join(native, name)];
            if (isCopied) copyFileSync(from, to);
            else symlinkSync(from, to);
          }
        }
        const linked = linkCuda(cuda, native);
        const entries = [PROVIDER, SHARED, ...linked, RECORD];
        writeFileSync(join(native, RECORD), `${JSON.stringify({ version: found.version, files: entries }, null, 2)}\n`);
        return install(staging, folder, entries, isUnchecked, say);
      }),
  };
}

async function install(
  staging: string,
  folder: string,
  entries: readonly string[],
  isUnchecked: boolean,
  say: (line: string) => void,
): Promise<Outcome> {
  const paths = entries.map((entry) => join(NATIVE, entry));
  const changed = paths.map((path) => join(folder, path));
  const checked = await swapIn(staging, folder, paths, async () => {
    if (isUnchecked) return null;
    say('checking ...');
    const { works, reason, cure } = await tryApart({ executor: 'onnx', device: 'cuda' });
    if (works) return 'a program whose every operator ran on the GPU';
    throw new LightbulbError('unavailable', 'the CUDA provider does not work here', {
      ...(reason === undefined ? {} : { got: reason }),
      cure: `${cure ?? 'CUDA 12 and cuDNN 9 must be on the library path'}. Nothing was changed; to set it up for another machine: --no-check`,
    });
  });
  return { changed, checked };
}

/** Links every library of these folders into `native`, first come first served. Returns the names. */
function linkCuda(folders: readonly string[], native: string): string[] {
  const names: string[] = [];
  for (const library of folders.flatMap(sharedLibraries)) {
    const place = join(native, basename(library));
    if (isThere(place)) continue;
    symlinkSync(library, place);
    names.push(basename(library));
  }
  return names;
}

async function download(folder: string, staging: string): Promise<void> {
  for (const part of ['package.json', 'script']) cpSync(join(folder, part), join(staging, part), { recursive: true });
  if (existsSync(join(folder, 'node_modules')))
    symlinkSync(join(folder, 'node_modules'), join(staging, 'node_modules'));
  const words = ['script/install.js', '--onnxruntime-node-install=cuda12'];
  // The script prefers what npm or the environment say about it to its own flag.
  const { ONNXRUNTIME_NODE_INSTALL: _, npm_config_onnxruntime_node_install: __, ...env } = process.env;
  const { code, stdout, stderr } = await runProcess(process.execPath, words, {
    cwd: staging,
    env,
    timeoutMs: 3_600_000,
  });
  const isDone = [PROVIDER, SHARED].every((name) => existsSync(join(staging, NATIVE, name)));
  if (code === 0 && isDone) return;
  throw new LightbulbError('unavailable', 'the CUDA provider cannot be downloaded', {
    where: 'https://api.nuget.org/v3/index.json',
    got: tellingLine(`${stderr}\n${stdout}`),
    cure: 'Name a proxy (GLOBAL_AGENT_HTTPS_PROXY), or link what is here already: lightbulb setup cuda --library <folder>, with the Python package onnxruntime-gpu of the same version or the archive of the GitHub release',
  });
}

/** How the setup of the CUDA provider will be undone. */
export function planCudaRemoval({ packageFolder }: Pick<CudaOptions, 'packageFolder'> = {}): Plan {
  const native = join(packageOf(packageFolder).folder, NATIVE);
  const record = join(native, RECORD);
  const names = existsSync(record)
    ? (JSON.parse(readFileSync(record, 'utf8')) as { files: readonly string[] }).files
    : [PROVIDER, SHARED, 'libonnxruntime_providers_tensorrt.so'];
  // The record names files of this folder; whatever else it may have come to say is left alone.
  const files = names.map((name) => join(native, basename(name))).filter(isThere);
  return {
    steps: files.length === 0 ? [`Nothing: ${native} has no CUDA provider`] : files.map((file) => `Remove ${file}`),
    remarks: [],
    run: async () => {
      for (const file of files) rmSync(file);
      return { changed: files, checked: null };
    },
  };
}

function requireLinuxX64(): void {
  if (process.platform === 'linux' && process.arch === 'x64') return;
  throw new LightbulbError('unsupported', 'onnxruntime-node has CUDA on Linux x64 alone', {
    got: `${process.platform} ${process.arch}`,
    cure: 'Use the device webgpu',
  });
}
