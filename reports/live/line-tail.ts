import { type FileHandle, open } from 'node:fs/promises';

/** What came since the last look. */
export interface Fresh {
  /** The file is not the one that was read so far: it was cut, replaced or taken away. All lines count anew. */
  readonly restarted: boolean;
  readonly lines: readonly string[];
}

const CHUNK = 1 << 20;
/** Bytes before the place of reading that must still be the same. */
const PRINT = 64;
const LINE_FEED = 10;

/** Follows a file that grows by lines. Half a line is kept until its end comes. A missing file is an empty one. */
export class LineTail {
  private readonly file: string;
  /** Up to where whole lines were handed over. */
  private offset = 0;
  private print: Buffer = Buffer.alloc(0);

  constructor(file: string) {
    this.file = file;
  }

  async read(): Promise<Fresh> {
    let handle: FileHandle;
    try {
      handle = await open(this.file, 'r');
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return { restarted: this.forget(), lines: [] };
    }
    try {
      const { size } = await handle.stat();
      const restarted = (size < this.offset || !(await this.isSame(handle))) && this.forget();
      return { restarted, lines: size > this.offset ? await this.linesTo(handle, size) : [] };
    } finally {
      await handle.close();
    }
  }

  /** Back to the beginning. True where anything had been read. */
  private forget(): boolean {
    const had = this.offset > 0;
    this.offset = 0;
    this.print = Buffer.alloc(0);
    return had;
  }

  /** A run that goes on cuts its file and writes over the rest, perhaps beyond where we were. */
  private async isSame(handle: FileHandle): Promise<boolean> {
    const now = Buffer.alloc(this.print.length);
    await handle.read(now, 0, now.length, this.offset - now.length);
    return now.equals(this.print);
  }

  private async linesTo(handle: FileHandle, size: number): Promise<string[]> {
    const lines: string[] = [];
    let rest: Buffer = Buffer.alloc(0);
    for (let place = this.offset; place < size; ) {
      const chunk = Buffer.alloc(Math.min(CHUNK, size - place));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, place);
      if (bytesRead === 0) break;
      place += bytesRead;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(LINE_FEED) + 1;
      if (end > 0) {
        lines.push(...bytes.toString('utf8', 0, end - 1).split('\n'));
        this.offset += end;
        this.print = Buffer.from(bytes.subarray(Math.max(0, end - PRINT), end));
      }
      rest = bytes.subarray(end);
    }
    return lines;
  }
}
