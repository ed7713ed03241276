import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { LightbulbError } from '../../core/index.ts';

/** An npm package as it lies on the disk. */
export interface NpmPackage {
  readonly folder: string;
  readonly version: string;
  /** Its package.json. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Finds an installed npm package. Error `unavailable` where it is not installed. */
export function findPackage(name: string): NpmPackage {
  const require = createRequire(import.meta.url);
  let path: string;
  try {
    path = require.resolve(`${name}/package.json`);
  } catch (cause) {
    throw new LightbulbError('unavailable', `the package ${name} is not installed`, {
      cure: 'Run npm ci; optional packages are left out by --omit=optional',
      cause,
    });
  }
  return packageAt(dirname(path));
}

/** The package in a folder. */
export function packageAt(folder: string): NpmPackage {
  const path = `${folder}/package.json`;
  if (!existsSync(path)) throw new LightbulbError('unavailable', 'there is no npm package', { where: folder });
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  return { folder, version: String(manifest.version), manifest };
}
