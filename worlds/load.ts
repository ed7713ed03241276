import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Json, LightbulbError, suggest } from '../core/index.ts';
import { batch } from './batch.ts';
import type { BatchedEnvironment } from './batched.ts';
import type { Environment } from './environment.ts';

/** A user's environment, in whichever form it was written. */
export interface LoadedEnvironment {
  /** `copies` environments that step together. */
  make(copies: number): BatchedEnvironment;
  /** One environment; there only where the module's default export makes single environments. */
  readonly single?: () => Environment;
  /** The module's `export const seedless = true`: chance plays no part in it, so all seeds may play alike. */
  readonly seedless: boolean;
}

/**
 * Loads an environment from a module. It exports one of, or both of:
 * - `export default (options) => Environment`, a factory of single environments;
 * - `export const batched = (copies, options) => BatchedEnvironment` (also as a member of a default-exported object).
 *
 * `path` is relative to the working directory. TypeScript works where the process runs under tsx, as the command does.
 * Errors: `missing_module` where there is no such file or it does not load, `contract` where it makes something else.
 */
export async function loadEnvironment(path: string, options: Json = {}): Promise<LoadedEnvironment> {
  const exports = await importModule(path);
  const main = exports.default;
  const batched = exports.batched ?? (isRecord(main) ? main.batched : undefined);
  const seedless = exports.seedless === true;
  if (batched !== undefined && typeof batched !== 'function')
    throw wrongShape(path, 'export "batched"', 'a function (copies, options) => BatchedEnvironment', typeof batched);
  if (typeof main !== 'function' && batched === undefined)
    throw wrongShape(
      path,
      'default export',
      'a function (options) => Environment',
      main === undefined ? 'no default export' : Array.isArray(main) ? 'a list' : typeof main,
      'Write: export default (options) => ({ agents, spaces, reset, step })',
    );

  const single =
    typeof main === 'function'
      ? () =>
          requireEnvironment(
            path,
            call(path, 'default export', () => main(options)),
          )
      : undefined;
  const make =
    batched === undefined
      ? (copies: number) => batch(single!, copies)
      : (copies: number) =>
          requireBatched(
            path,
            copies,
            call(path, 'export "batched"', () => batched(copies, options)),
          );
  // Made once here, so that a module that cannot work is refused where it is named and not in the middle of a run.
  if (single !== undefined) single().close?.();
  if (batched !== undefined) make(1).close?.();
  return single === undefined ? { make, seedless } : { make, single, seedless };
}

async function importModule(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  if (!existsSync(file) || !statSync(file).isFile())
    throw new LightbulbError('missing_module', 'there is no such file', { where: path, cure: nearby(file) });
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const unknownKind = (cause as { code?: unknown } | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION';
    throw new LightbulbError('missing_module', `the module does not load: ${message}`, {
      where: path,
      cure: unknownKind
        ? 'Run TypeScript modules with `node --import tsx`'
        : 'Import it by itself to see the whole error',
      cause,
    });
  }
}

function nearby(file: string): string {
  const folder = dirname(file);
  if (!existsSync(folder)) return `There is no folder ${folder} either`;
  const modules = readdirSync(folder).filter((name) => /\.[cm]?[jt]s$/.test(name));
  return modules.length === 0 ? `No modules in ${folder}` : suggest(basename(file), modules);
}

function call(path: string, what: string, make: () => unknown): unknown {
  try {
    return make();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new LightbulbError('contract', `the ${what} threw: ${message}`, {
      where: path,
      cure: 'Check the options of the environment',
      cause,
    });
  }
}

function requireEnvironment(path: string, made: unknown): Environment {
  requireMembers(path, 'Environment', made, {
    agents: Array.isArray,
    spaces: isRecord,
    reset: isFunction,
    step: isFunction,
  });
  return made as Environment;
}

function requireBatched(path: string, copies: number, made: unknown): BatchedEnvironment {
  requireMembers(path, 'BatchedEnvironment', made, {
    batchSize: (value) => value === copies,
    groups: Array.isArray,
    stateSize: (value) => typeof value === 'number',
    reset: isFunction,
    step: isFunction,
    snapshot: isFunction,
    restore: isFunction,
  });
  return made as BatchedEnvironment;
}

function requireMembers(
  path: string,
  type: string,
  made: unknown,
  members: Readonly<Record<string, (value: unknown) => boolean>>,
): void {
  if (made instanceof Promise)
    throw wrongShape(path, 'factory', type, 'a promise', 'Load what takes time with a top-level await in the module');
  if (!isRecord(made)) throw wrongShape(path, 'factory', type, made === null ? 'null' : typeof made);
  for (const [name, good] of Object.entries(members))
    if (!good(made[name]))
      throw wrongShape(
        path,
        'factory',
        `${type} with a good "${name}"`,
        made[name] === undefined ? 'none' : typeof made[name],
      );
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongShape(path: string, what: string, wanted: string, got: string, cure?: string): LightbulbError {
  return new LightbulbError('contract', `the module's ${what} is not usable`, {
    where: path,
    wanted,
    got,
    ...(cure === undefined ? {} : { cure }),
  });
}
