import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The folders of CUDA's libraries that NVIDIA's Python packages installed: `<site-packages>/nvidia/<part>/lib`. */
export function cudaFolders(sitePackages: string): string[] {
  const nvidia = join(sitePackages, 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .map((part) => join(nvidia, part, 'lib'))
    .filter((folder) => existsSync(folder) && statSync(folder).isDirectory() && sharedLibraries(folder).length > 0)
    .sort();
}

/** The shared libraries of a folder, `libcudart.so.12` and the like, by path. */
export function sharedLibraries(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^lib.+\.so(\.\d+)*$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** What TensorFlow opens by name when it looks for a GPU (tsl/platform/default/dso_loader.cc). */
const OPENED = /^lib(cudart|cublas|cublasLt|cufft|curand|cusolver|cusparse|nvJitLink|cudnn|nccl|cupti)\.so\.\d+$/;

/** Of these folders, the libraries that TensorFlow opens while it runs. */
export function openedByTensorflow(folders: readonly string[]): string[] {
  return folders.flatMap(sharedLibraries).filter((path) => OPENED.test(basename(path)));
}

/** The site-packages folder that a path lies in or is; undefined where it is in none. */
export function sitePackagesOf(path: string): string | undefined {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (/^(site|dist)-packages$/.test(basename(folder))) return folder;
  }
  return undefined;
}

/** The line for a shell that makes every program find these libraries. */
export function libraryPathLine(folders: readonly string[]): string {
  return `export LD_LIBRARY_PATH=${folders.join(':')}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`;
}
