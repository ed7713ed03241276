import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import { cudaFolders, libraryPathLine } from './cuda-libraries.ts';
import { findNodeHeaders } from './node-headers.ts';
import type { Outcome, Plan } from './outcome.ts';
import { findPackage, type NpmPackage, packageAt } from './packages.ts';
import { runProcess, tellingLine } from './process.ts';
import { inStaging, isThere, swapIn } from './staging.ts';
import {
  addonFolder,
  type Compilation,
  compileAddon,
  RECORD,
  requireCompiler,
  requireSymbols,
  tryAddon,
} from './tensorflow-addon.ts';
import { findTensorflowLibrary, type TensorflowLibrary } from './tensorflow-library.ts';

export interface TensorflowOptions {
  /** Folder of a TensorFlow library to build the addon on; otherwise the package's own parts are downloaded. */
  readonly library?: string;
  /** site-packages with NVIDIA's CUDA packages, where they are not beside the library. */
  readonly cuda?: string;
  readonly nodeHeaders?: string;
  /** The C++ compiler; default CXX, otherwise g++. */
  readonly compiler?: string;
  /** Copies the libraries into the package (under a gigabyte) instead of linking to where they are. */
  readonly isCopied?: boolean;
  /** Leaves the check out: for building images on machines unlike those they run on. */
  readonly isUnchecked?: boolean;
  /** The package's folder; tests put another here. */
  readonly packageFolder?: string;
}

const NAME = '@tensorflow/tfjs-node-gpu';
/** What a setup brings into the package. */
const PARTS = ['deps', 'lib'] as const;

const packageOf = (folder: string | undefined): NpmPackage =>
  folder === undefined ? findPackage(NAME) : packageAt(folder);

/** How native TensorFlow will be set up. Nothing is changed before `run`. */
export function planTensorflow(options: TensorflowOptions = {}): Plan {
  const found = packageOf(options.packageFolder);
  return options.library === undefined ? planDownload(found, options) : planBuild(found, options.library, options);
}

function planBuild(found: NpmPackage, folder: string, options: TensorflowOptions): Plan {
  requireLinux('building the addon');
  const library = findTensorflowLibrary(folder);
  const nodeHeaders = findNodeHeaders(options.nodeHeaders);
  const compiler = options.compiler ?? process.env.CXX ?? 'g++';
  const cuda = options.cuda === undefined ? library.cuda : givenCuda(options.cuda);
  const { isCopied = false } = options;
  const version = library.version === null ? 'TensorFlow' : `TensorFlow ${library.version}`;
  return {
    steps: [
      `Look for TensorFlow's C API in ${join(library.folder, library.files[0]!)} (${version})`,
      `${isCopied ? 'Copy' : 'Link'} ${library.files.join(' and ')} into a copy of ${found.folder}`,
      `Compile the addon of ${NAME} ${found.version} with ${compiler} (half a minute), against ${library.include} and Node's headers in ${nodeHeaders}`,
      ...(cuda.length === 0 ? [] : [`Let it find CUDA's libraries in ${cuda.length} folders (${cuda[0]}, ...)`]),
      ...checkSteps(options),
      `Put ${addonFolder(found)}/tfjs_binding.node and deps/ into ${found.folder}`,
    ],
    remarks: [
      ...(isCopied
        ? []
        : [`The libraries stay in ${library.folder}: without them the addon does not load. --copy takes them along.`]),
      ...(cuda.length === 0
        ? [
            "No CUDA libraries of NVIDIA's Python packages lie beside it: a GPU needs CUDA on the system, or --cuda <site-packages>.",
          ]
        : [`Should another program need the same CUDA libraries: ${libraryPathLine(cuda)}`]),
    ],
    run: (say) =>
      inPackage(
        found,
        options,
        async (staging) => {
          await requireCompiler(compiler);
          await requireSymbols(library);
          placeLibraries(library, join(staging, 'deps', 'lib'), isCopied);
          const addon = join(staging, addonFolder(found), 'tfjs_binding.node');
          const compilation: Compilation = { compiler, folder: staging, addon, library, nodeHeaders, cuda, isCopied };
          say(`compiling with ${compiler} ...`);
          await compileAddon(compilation);
          const { folder: place, files, version } = library;
          writeRecord(staging, { library: place, files, version, cuda, isCopied });
        },
        say,
      ),
  };
}

function planDownload(found: NpmPackage, options: TensorflowOptions): Plan {
  return {
    steps: [
      `In a copy of ${found.folder}, run the package's own script (scripts/install.js gpu download): it fetches libtensorflow 2.9.1 with CUDA (about 0.4 GB) and the addon built for it`,
      ...checkSteps(options),
      `Put both into ${found.folder}, as deps/ and lib/`,
    ],
    remarks: [
      'libtensorflow 2.9.1 needs CUDA 11.2 and cuDNN 8.1 on the library path, and knows GPUs up to compute capability 8.6; newer ones: --library with a newer TensorFlow.',
      'Mirrors: TFJS_NODE_CDN_STORAGE (ends in /) or TFJS_NODE_BASE_URI for the library, npm_config_tfjs_binding_binary_host_mirror for the addon. Proxy: HTTPS_PROXY.',
    ],
    run: (say) =>
      inPackage(
        found,
        options,
        async (staging) => {
          say('downloading ...');
          await download(staging);
          writeRecord(staging, { library: 'downloaded', version: '2.9.1' });
        },
        say,
      ),
  };
}

const checkSteps = ({ isUnchecked }: TensorflowOptions): string[] =>
  isUnchecked
    ? []
    : ['Check it in a process of its own: it loads, multiplies right, and uses the GPU where there is one'];

/** Makes a copy of the package, has it filled, tries it, and only then changes the package itself. */
async function inPackage(
  found: NpmPackage,
  { isUnchecked = false }: TensorflowOptions,
  fill: (staging: string) => Promise<void>,
  say: (line: string) => void,
): Promise<Outcome> {
  const folder = realpathSync(found.folder);
  return inStaging(folder, async (staging) => {
    copyPackage(folder, staging);
    await fill(staging);
    const changed = PARTS.map((part) => join(folder, part));
    if (isUnchecked) {
      await swapIn(staging, folder, PARTS, async () => undefined);
      return { changed, checked: null };
    }
    say('checking ...');
    await tryAddon(staging);
    const { version, isUsingGpu } = await swapIn(staging, folder, PARTS, () => tryAddon(folder));
    return { changed, checked: `TensorFlow ${version} on the ${isUsingGpu ? 'GPU' : 'CPU'}` };
  });
}

/** All but what a setup brings. What the package depends on is found from beside it as from itself. */
function copyPackage(folder: string, staging: string): void {
  const left = new Set([...PARTS, 'node_modules'].map((part) => join(folder, part)));
  cpSync(folder, staging, { recursive: true, filter: (source) => !left.has(source) });
  if (existsSync(join(folder, 'node_modules')))
    symlinkSync(join(folder, 'node_modules'), join(staging, 'node_modules'));
}

/** The libraries under every name that linkers, loaders and the package's script ask for. */
function placeLibraries({ folder, files }: TensorflowLibrary, place: string, isCopied: boolean): void {
  mkdirSync(place, { recursive: true });
  for (const file of files) {
    const target = join(place, file);
    if (isCopied) copyFileSync(join(folder, file), target);
    else symlinkSync(join(folder, file), target);
    const stem = file.slice(0, file.indexOf('.so')).replace(/_cc$/, '');
    for (const name of [`${stem}.so`, `${stem}.so.2`]) {
      if (!isThere(join(place, name))) symlinkSync(file, join(place, name));
    }
  }
}

function writeRecord(staging: string, record: object): void {
  mkdirSync(join(staging, dirname(RECORD)), { recursive: true });
  writeFileSync(join(staging, RECORD), `${JSON.stringify(record, null, 2)}\n`);
}

async function download(staging: string): Promise<void> {
  const require = createRequire(join(staging, 'package.json'));
  // The script calls node-pre-gyp by name.
  const bin = join(dirname(require.resolve('@mapbox/node-pre-gyp/package.json')), 'bin');
  const { code, stdout, stderr } = await runProcess(process.execPath, ['scripts/install.js', 'gpu', 'download'], {
    cwd: staging,
    env: {
      ...process.env,
      PATH: `${bin}${delimiter}${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    },
    timeoutMs: 3_600_000,
  });
  if (code === 0) return;
  const source = stdout.split('\n').find((line) => line.startsWith('http'));
  throw new LightbulbError('unavailable', "TensorFlow's native parts cannot be downloaded", {
    ...(source === undefined ? {} : { where: source }),
    got: tellingLine(`${stderr}\n${stdout}`),
    cure: 'Name a mirror (TFJS_NODE_CDN_STORAGE) or a proxy (HTTPS_PROXY), or build on a TensorFlow that is here: lightbulb setup tensorflow --library <folder>',
  });
}

/** How the setup of TensorFlow will be undone. */
export function planTensorflowRemoval({ packageFolder }: Pick<TensorflowOptions, 'packageFolder'> = {}): Plan {
  const { folder } = packageOf(packageFolder);
  const parts = PARTS.map((part) => join(folder, part)).filter(isThere);
  return {
    steps: parts.length === 0 ? [`Nothing: ${folder} has no native parts`] : parts.map((part) => `Remove ${part}`),
    remarks: [],
    run: async () => {
      for (const part of parts) rmSync(part, { recursive: true });
      return { changed: parts, checked: null };
    },
  };
}

/** Folders of CUDA's libraries in what the person named: site-packages, or the libraries' own folder. */
export function givenCuda(folder: string): string[] {
  const root = resolve(folder);
  const folders = cudaFolders(basename(root) === 'nvidia' ? dirname(root) : root);
  if (folders.length > 0) return folders;
  throw new LightbulbError('invalid_input', 'no CUDA libraries of Python packages there', {
    where: `--cuda ${folder}`,
    wanted: 'a site-packages folder with nvidia/<part>/lib in it',
  });
}

export function requireLinux(what: string): void {
  if (process.platform === 'linux') return;
  throw new LightbulbError('unsupported', `${what} is for Linux alone`, { got: process.platform });
}
