import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LightbulbError } from '../../core/index.ts';

/**
 * Works in a new folder beside `target`, on the same file system, and removes it whatever happens. Folders that killed
 * processes left are removed first. Errors: `disk` where nothing can be written there.
 */
export async function inStaging<Result>(target: string, work: (staging: string) => Promise<Result>): Promise<Result> {
  const parent = dirname(target);
  const prefix = `.${basename(target)}-setup-`;
  try {
    for (const name of readdirSync(parent).filter((each) => each.startsWith(prefix))) {
      if (!isAlive(Number(name.slice(prefix.length)))) rmSync(join(parent, name), { recursive: true, force: true });
    }
    const staging = join(parent, `${prefix}${process.pid}`);
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging);
    try {
      return await work(staging);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS' && code !== 'ENOSPC') throw error;
    throw new LightbulbError('disk', 'the package cannot be changed', {
      where: parent,
      got: error instanceof Error ? error.message : String(error),
      cure: 'Run it as the user whom node_modules belongs to, with room on that disk',
      cause: error,
    });
  }
}

/**
 * Moves entries from `staging` into `target` by renaming, in place of what is there, then runs `check`. If anything
 * fails, what was there before is put back and the error goes on. Entries are paths inside both folders.
 */
export async function swapIn<Result>(
  staging: string,
  target: string,
  entries: readonly string[],
  check: () => Promise<Result>,
): Promise<Result> {
  const before = join(staging, '.before');
  const undo: (() => void)[] = [];
  const move = (from: string, to: string): void => {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
    undo.push(() => renameSync(to, from));
  };
  try {
    for (const entry of entries) {
      const place = join(target, entry);
      if (isThere(place)) move(place, join(before, entry));
      move(join(staging, entry), place);
    }
    return await check();
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

/** Also true for a link that points nowhere. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (existsSync(`/proc/${pid}`)) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
