import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { LightbulbError } from '../../core/index.ts';
import { cudaFolders, sitePackagesOf } from './cuda-libraries.ts';

/** A TensorFlow library with its headers, somewhere on this machine. */
export interface TensorflowLibrary {
  /** The C archive's layout (lib/ and include/), or that of the Python package. */
  readonly layout: 'archive' | 'python';
  /** Folder of the libraries. */
  readonly folder: string;
  /** File names to link with: the library, and its framework where that is a file of its own. */
  readonly files: readonly string[];
  readonly include: string;
  /** `2.21.0`, where headers or file names say so. */
  readonly version: string | null;
  /** Folders of CUDA's libraries from NVIDIA's Python packages beside it. */
  readonly cuda: readonly string[];
}

const WANTED =
  'a folder with lib/ and include/ (the C archive or a conda environment), a Python package folder (.../site-packages/tensorflow), or site-packages';

/** Finds the library in or below `folder`. Errors: `invalid_input` where there is none, or its headers are missing. */
export function findTensorflowLibrary(folder: string): TensorflowLibrary {
  const root = resolve(folder);
  if (!existsSync(root)) throw wrong(root, 'there is no such folder');
  const places = [
    { layout: 'archive', at: join(root, 'lib'), include: join(root, 'include') },
    { layout: 'python', at: root, include: join(root, 'include') },
    { layout: 'python', at: join(root, 'tensorflow'), include: join(root, 'tensorflow', 'include') },
  ] as const;
  for (const { layout, at, include } of places) {
    const files = linkable(at);
    if (files.length === 0) continue;
    for (const header of ['c_api.h', 'eager/c_api.h']) {
      const path = join(include, 'tensorflow', 'c', header);
      if (!existsSync(path)) throw wrong(root, `${files[0]} without its headers: there is no ${path}`);
    }
    const sitePackages = layout === 'python' ? sitePackagesOf(at) : undefined;
    return {
      layout,
      folder: at,
      files,
      include,
      version: versionOf(include) ?? versionInName(at) ?? installedVersion(sitePackages),
      cuda: sitePackages === undefined ? [] : cudaFolders(sitePackages),
    };
  }
  throw wrong(root, 'no libtensorflow.so or libtensorflow_cc.so in it');
}

function wrong(folder: string, got: string): LightbulbError {
  return new LightbulbError('invalid_input', 'no TensorFlow library to build on', {
    where: `--library ${folder}`,
    wanted: WANTED,
    got,
  });
}

/** The library's file and the framework's, under the names that programs load them by (`.so.2`) where those exist. */
function linkable(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder);
  const best = (stem: string): string | undefined =>
    names
      .filter((name) => name === `${stem}.so` || new RegExp(`^${stem}\\.so\\.\\d+(\\.\\d+)*$`).test(name))
      .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))[0];
  const library = best('libtensorflow') ?? best('libtensorflow_cc');
  if (library === undefined) return [];
  const framework = best('libtensorflow_framework');
  return framework === undefined ? [library] : [library, framework];
}

/** One number after `.so` is the name to load by; none at all is for linkers; several are the file behind both. */
function rank(name: string): number {
  const numbers = name.slice(name.indexOf('.so') + '.so'.length).split('.').length - 1;
  return numbers === 1 ? 0 : numbers === 0 ? 1 : 2;
}

/** From the headers: `#define TF_MAJOR_VERSION 2` and so on. */
function versionOf(include: string): string | null {
  for (const name of ['release_version.h', 'version.h']) {
    const path = join(include, 'tensorflow', 'core', 'public', name);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`#define\\s+TF_${part}_VERSION\\s+(\\d+)`).exec(text)?.[1],
    );
    if (parts.every((part) => part !== undefined)) return parts.join('.');
  }
  return null;
}

/** From what pip remembers: `tensorflow-2.21.0.dist-info`, or that of a variant such as tensorflow_cpu. */
function installedVersion(sitePackages: string | undefined): string | null {
  if (sitePackages === undefined) return null;
  const named = readdirSync(sitePackages).map(
    (name) => /^tensorflow(?:_[a-z]+)?-(\d+\.\d+\.\d+).*\.dist-info$/.exec(name)?.[1],
  );
  return named.find((version) => version !== undefined) ?? null;
}

function versionInName(folder: string): string | null {
  const named = readdirSync(folder).map((name) => /^libtensorflow\.so\.(\d+\.\d+\.\d+)$/.exec(basename(name))?.[1]);
  return named.find((version) => version !== undefined) ?? null;
}
