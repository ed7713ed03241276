import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { internal, LightbulbError } from '../core/index.ts';
import { onDisk } from './disk.ts';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts';

/** Who writes to a folder. */
export interface Holder extends ProcessIdentity {
  /** On whose behalf. Where that process is dead and this one is not, this one is a leftover and may be ended. */
  readonly owner: ProcessIdentity | null;
  /** Which folder, by device and inode: a copy of the folder is nobody's. */
  readonly folder: string;
}

const NAME = 'lock';

/**
 * One process at a time writes to a folder: the file `lock` in it says which. A lock whose process is dead counts for
 * nothing, so nobody has to clean up after a kill. Processes of other machines or containers are not seen: a folder
 * that several of them share is not guarded.
 */
export class FolderLock {
  private readonly path: string;
  private readonly text: string;

  private constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** `exists`, naming the process, where a living one writes to the folder; `conflict` where `owner` is dead already. */
  static take(folder: string, owner: ProcessIdentity | null = null): FolderLock {
    if (owner !== null && !isAlive(owner)) {
      throw new LightbulbError('conflict', 'the process that this run was started for is dead', { where: folder });
    }
    const path = join(folder, NAME);
    return onDisk(path, () => {
      const own: Holder = { ...identityOf(process.pid)!, owner, folder: inode(folder) };
      const text = `${JSON.stringify(own)}\n`;
      while (!puts(path, text)) {
        const holder = holderOf(folder);
        if (holder !== undefined) throw taken(folder, holder);
        bury(path);
      }
      return new FolderLock(path, text);
    });
  }

  /** Gives the folder back. May be called again. */
  release(): void {
    if (textOf(this.path) === this.text) rmSync(this.path, { force: true });
  }
}

/** The living process that writes to a folder, if there is one. */
export function holderOf(folder: string): Holder | undefined {
  const holder = read(join(folder, NAME));
  return holder !== undefined && counts(holder, folder) ? holder : undefined;
}

/** Whether a name in a folder is that of a lock, or of one in the making. */
export function isLock(name: string): boolean {
  return name === NAME || name.startsWith(`${NAME}.`);
}

/** Puts the whole text in place, or finds something there. A link, as no reader may see half of it. */
function puts(path: string, text: string): boolean {
  const whole = `${path}.${process.pid}`;
  try {
    writeFileSync(whole, text);
    linkSync(whole, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code === 'ENOENT' || code === 'ENOSPC' || code === 'EACCES' || code === 'EROFS') throw error;
    return putsWithoutLink(path, text);
  } finally {
    rmSync(whole, { force: true });
  }
}

/** For file systems that know no links. */
function putsWithoutLink(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a dead process's lock away; puts it back where another one was quicker and it is a living one's by now. */
function bury(path: string): void {
  const grave = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, grave);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // released meanwhile
    throw error;
  }
  const buried = read(grave);
  if (buried !== undefined && counts(buried, dirname(path)) && !puts(path, textOf(grave)!)) {
    throw internal(`two processes took ${path} at the same moment`);
  }
  rmSync(grave, { force: true });
}

function counts(holder: Holder, folder: string): boolean {
  return holder.folder === inode(folder) && isAlive(holder);
}

function inode(folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true });
  return `${dev}:${ino}`;
}

/** Undefined where there is no lock, or one that a power cut left torn. */
function read(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(textOf(path) ?? '') as Holder | null;
    return typeof holder?.pid === 'number' ? holder : undefined;
  } catch {
    return undefined;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function taken(folder: string, { pid }: Holder): LightbulbError {
  return new LightbulbError('exists', `process ${pid} writes to this folder`, {
    where: folder,
    cure: 'Wait for it, stop it, or name another folder',
  });
}
