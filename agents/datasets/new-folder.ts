import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LightbulbError } from '../../core/index.ts';

/**
 * A folder that appears with all that is in it, or not at all: it is filled under another name beside it, and renamed.
 * What killed processes left half-filled there is removed by the next one.
 */
export class NewFolder {
  private readonly place: string;
  private readonly unfinished: string;

  /** Error `exists` where something is at `path` already, `disk` where nothing can be written there. */
  constructor(readonly path: string) {
    this.place = resolve(path);
    this.unfinished = `${this.place}.unfinished-${process.pid}`;
    if (existsSync(this.place)) throw this.alreadyThere();
    this.onDisk(() => {
      mkdirSync(dirname(this.place), { recursive: true });
      removeLeftovers(this.place);
      mkdirSync(this.unfinished);
    });
  }

  /** Writes a file of this name; it survives a power cut. */
  write(name: string, bytes: Uint8Array): void {
    this.onDisk(() => {
      const file = openSync(join(this.unfinished, name), 'wx');
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    });
  }

  /** Puts the folder in place. */
  finish(): void {
    if (existsSync(this.place)) throw this.alreadyThere();
    this.onDisk(() => {
      renameSync(this.unfinished, this.place);
      const parent = openSync(dirname(this.place), 'r');
      try {
        fsyncSync(parent);
      } finally {
        closeSync(parent);
      }
    });
  }

  /** Removes what was written so far. */
  abandon(): void {
    rmSync(this.unfinished, { recursive: true, force: true });
  }

  private onDisk(work: () => void): void {
    try {
      work();
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const full = code === 'ENOSPC' || code === 'EDQUOT';
      throw new LightbulbError('disk', full ? 'the disk is full' : `cannot be written (${code ?? message})`, {
        where: this.path,
        cure: full ? 'Free some space and begin again' : 'See to its folder and its permissions',
        cause,
      });
    }
  }

  private alreadyThere(): LightbulbError {
    return new LightbulbError('exists', 'there is something at this place already', {
      where: this.path,
      cure: 'Name another folder, or remove this one',
    });
  }
}

/** Removes the unfinished folders beside `place` whose process has ended. */
function removeLeftovers(place: string): void {
  const prefix = `${basename(place)}.unfinished-`;
  for (const name of readdirSync(dirname(place))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length));
    if (pid === process.pid || !isRunning(pid)) rmSync(join(dirname(place), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
