import { mkdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allowsCpu, LightbulbError, visibleNvidiaGpus } from '../../core/index.ts';
import { openedByTensorflow } from './cuda-libraries.ts';
import type { NpmPackage } from './packages.ts';
import { runProcess, tellingLine } from './process.ts';
import type { TensorflowLibrary } from './tensorflow-library.ts';

/** The folder of the addon inside its package: that of the highest Node-API version that both know. */
export function addonFolder({ manifest }: Pick<NpmPackage, 'manifest'>, napi = Number(process.versions.napi)): string {
  const { napi_versions: known, module_path: template } = manifest.binary as {
    readonly napi_versions: readonly number[];
    readonly module_path: string;
  };
  const version = Math.max(...known.filter((each) => each <= napi));
  return normalize(template.replace('{napi_build_version}', String(version)));
}

export interface Compilation {
  readonly compiler: string;
  /** The package's folder: its sources, and `deps/lib` beside the addon. */
  readonly folder: string;
  readonly addon: string;
  readonly library: TensorflowLibrary;
  readonly nodeHeaders: string;
  /** More folders of CUDA's libraries than those beside the library. */
  readonly cuda: readonly string[];
  /** The libraries were copied into `deps/lib`: the addon shall not look at their old place. */
  readonly isCopied: boolean;
}

/** The compiler's arguments, after what the package's own binding.gyp says. */
export function compilerArguments({ folder, addon, library, nodeHeaders, cuda, isCopied }: Compilation): string[] {
  const napi = /napi-v(\d+)/.exec(addon)?.[1] ?? '8';
  const opened = openedByTensorflow(cuda);
  return [
    '-std=c++17',
    '-O2',
    '-shared',
    '-fPIC',
    `-DNAPI_VERSION=${napi}`,
    `-I${nodeHeaders}`,
    `-I${library.include}`,
    '-o',
    addon,
    join(folder, 'binding', 'tfjs_backend.cc'),
    join(folder, 'binding', 'tfjs_binding.cc'),
    `-L${library.folder}`,
    ...library.files.map((file) => `-l:${file}`),
    // TensorFlow opens CUDA's libraries by name while it runs, and its own search path may not hold them. What the
    // addon itself needs is loaded already when it asks.
    ...(opened.length === 0 ? [] : ['-Wl,--no-as-needed', ...opened]),
    // The library's true folder comes first: its own search path starts from where it was found.
    ...[...(isCopied ? [] : [library.folder]), '$ORIGIN/../../deps/lib', ...cuda].map((place) => `-Wl,-rpath,${place}`),
    // The path also counts for what those libraries need in turn; and a missing symbol shows when loading, not later.
    '-Wl,--disable-new-dtags',
    '-Wl,-z,now',
  ];
}

/** Error `unavailable` where the compiler does not start. */
export async function requireCompiler(compiler: string): Promise<void> {
  const { code, stderr } = await runProcess(compiler, ['--version'], { timeoutMs: 30_000 });
  if (code === 0) return;
  throw new LightbulbError('unavailable', 'there is no C++ compiler', {
    wanted: compiler,
    got: tellingLine(stderr),
    cure: "Install g++ 9 or newer (Debian's package g++), or name another with --compiler",
  });
}

/** Compiles the addon. Error `unavailable` with the compiler's complaint. */
export async function compileAddon(compilation: Compilation): Promise<void> {
  const { compiler, addon } = compilation;
  mkdirSync(dirname(addon), { recursive: true });
  const { code, stderr } = await runProcess(compiler, compilerArguments(compilation), { timeoutMs: 900_000 });
  if (code === 0) return;
  throw new LightbulbError('unavailable', 'the addon does not compile on this library', {
    got: tellingLine(stderr),
    cure: `The whole complaint:\n${stderr.trim().slice(0, 4000)}`,
  });
}

/** Checks that a library has TensorFlow's C API for eager execution. Error `unavailable`; silent where nm is missing. */
export async function requireSymbols({ folder, files }: TensorflowLibrary): Promise<void> {
  const missing = new Set(['TF_Version', 'TF_NewTensor', 'TFE_NewContext', 'TFE_NewOp', 'TFE_Execute']);
  for (const file of files) {
    const { code, stdout } = await runProcess(
      'sh',
      // Hundreds of megabytes of names: only the few that count come back.
      ['-c', `nm -D --defined-only "$1" | grep -woE "${[...missing].join('|')}"`, 'sh', join(folder, file)],
      { timeoutMs: 120_000 },
    );
    if (code === null || code > 1) return;
    for (const name of stdout.split('\n')) missing.delete(name.trim());
    if (missing.size === 0) return;
  }
  const hasNm = (await runProcess('nm', ['--version'], { timeoutMs: 10_000 })).code === 0;
  if (!hasNm) return;
  throw new LightbulbError('unavailable', "the library has not TensorFlow's C API", {
    where: join(folder, files[0]!),
    wanted: `the symbols ${[...missing].join(', ')}`,
    cure: 'Take the C archive libtensorflow, or the Python package tensorflow 2.13 or newer',
  });
}

/** What an addon turned out to be. */
export interface AddonFacts {
  readonly version: string;
  readonly isUsingGpu: boolean;
}

/**
 * Loads the addon of the package in `folder` in a process of its own and multiplies two matrices. Errors `unavailable`:
 * it does not load, computes something else, or leaves a visible NVIDIA GPU unused (unless LIGHTBULB_ALLOW_CPU=1).
 */
export async function tryAddon(folder: string): Promise<AddonFacts> {
  const script = fileURLToPath(new URL('./try-addon.mjs', import.meta.url));
  const { stdout, stderr, code } = await runProcess(process.execPath, [script, folder, MARK], {
    // Level 0: TensorFlow says what it misses of CUDA.
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '0' },
    timeoutMs: 180_000,
  });
  const line = stdout.split('\n').find((text) => text.startsWith(MARK));
  if (line === undefined || code !== 0) {
    throw new LightbulbError('unavailable', 'the addon does not work here', {
      got: line === undefined ? tellingLine(stderr) : `it ended with ${code === null ? 'a crash' : `code ${code}`}`,
      cure: /GLIBCXX|GLIBC_/.test(stderr)
        ? 'The library is built for a newer system than this one: take an older version of it'
        : `What it printed:\n${stderr.trim().slice(-2000)}`,
    });
  }
  const { product, ...facts } = JSON.parse(line.slice(MARK.length)) as AddonFacts & { product: readonly number[] };
  // By hand: [1 2; 3 4] [1 -1; 2 -2].
  const wanted = [5, -5, 11, -11];
  if (!wanted.every((value, i) => Math.abs(product[i]! - value) < 1e-3)) {
    throw new LightbulbError('unavailable', 'the addon computes wrong numbers', {
      wanted: String(wanted),
      got: String(product),
    });
  }
  const [gpu] = visibleNvidiaGpus();
  if (!facts.isUsingGpu && gpu !== undefined && !allowsCpu()) {
    throw new LightbulbError('unavailable', 'TensorFlow loads, but would leave the GPU unused', {
      wanted: `TensorFlow on ${gpu}`,
      got: `TensorFlow ${facts.version} on the CPU${missingCuda(stderr)}`,
      cure: "Name the folder of CUDA's libraries with --cuda <site-packages>, or take a TensorFlow that is built for CUDA; to set up the CPU all the same, LIGHTBULB_ALLOW_CPU=1",
    });
  }
  return facts;
}

const MARK = 'lightbulb addon ';

/** What TensorFlow says of CUDA's libraries that it did not find. */
export function missingCuda(stderr: string): string {
  const lines = stderr
    .split('\n')
    .filter((line) => /could not load dynamic library|cannot dlopen|failed call to cuInit|no CUDA-capable/i.test(line))
    .map((line) => line.replace(/^.*\] /, '').trim());
  return lines.length === 0 ? '' : `: ${[...new Set(lines)].join('; ')}`;
}

/** Says what a setup did, beside what it installed. */
export const RECORD = 'deps/lightbulb-setup.json';
