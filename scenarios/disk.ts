import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { LightbulbError } from '../core/index.ts';

/** Writes some of `bytes` from `offset` on and says how many, as `fs.writeSync`. Tests put a full disk here. */
export type Write = (file: number, bytes: Uint8Array, offset: number) => number;

export const write: Write = (file, bytes, offset) => writeSync(file, bytes, offset);

/** Does `work` on `path`; what the file system refuses becomes an error with code `disk`. */
export function onDisk<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof LightbulbError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new LightbulbError('disk', full ? 'the disk is full' : `cannot be written (${code ?? message})`, {
      where: path,
      cure: full ? 'Free some space and resume the run' : 'See to its folder and its permissions',
      cause,
    });
  }
}

/** Writes a file that survives a power cut; removes it again where that fails. Not atomic: see `replaceFile`. */
export function writeFile(path: string, bytes: Uint8Array, disk: Write): void {
  onDisk(path, () => {
    const file = openSync(path, 'w');
    try {
      writeAll(file, bytes, disk);
      fsyncSync(file);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
  });
}

/** Puts a file in place whole or not at all, whatever happens in between. */
export function replaceFile(path: string, text: string, disk: Write): void {
  const temporary = `${path}.tmp`;
  writeFile(temporary, new TextEncoder().encode(text), disk);
  onDisk(path, () => moveIntoPlace(temporary, path));
}

/** Renames a file or folder, and makes the new name survive a power cut. */
export function moveIntoPlace(from: string, to: string): void {
  renameSync(from, to);
  const parent = openSync(dirname(to), 'r');
  try {
    fsyncSync(parent);
  } finally {
    closeSync(parent);
  }
}

/** A file of JSON values, one a line, that grows. It never keeps half a line. */
export class JsonLines {
  private readonly file: number;
  private bytes: number;
  readonly path: string;
  private readonly disk: Write;

  /** Opens or makes the file and cuts it to its first `keep` bytes. */
  constructor(path: string, keep: number, disk: Write) {
    this.path = path;
    this.disk = disk;
    this.bytes = keep;
    this.file = onDisk(path, () => {
      const file = openSync(path, 'a');
      ftruncateSync(file, keep);
      return file;
    });
  }

  /** Bytes written so far. */
  get length(): number {
    return this.bytes;
  }

  append(value: unknown): void {
    const line = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
    onDisk(this.path, () => {
      try {
        writeAll(this.file, line, this.disk);
      } catch (error) {
        ftruncateSync(this.file, this.bytes);
        throw error;
      }
    });
    this.bytes += line.length;
  }

  /** After this, what was appended survives a power cut. */
  sync(): void {
    onDisk(this.path, () => fsyncSync(this.file));
  }

  close(): void {
    closeSync(this.file);
  }
}

/** The length of a file up to its last line feed: a killed process may leave half a line. */
export function wholeLines(file: string): number {
  return existsSync(file) ? readFileSync(file).lastIndexOf('\n') + 1 : 0;
}

function writeAll(file: number, bytes: Uint8Array, disk: Write): void {
  for (let offset = 0; offset < bytes.length; ) offset += disk(file, bytes, offset);
}
