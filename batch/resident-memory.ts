import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Resident memory of a process in MiB; undefined where it is gone or the system does not tell. */
export async function residentMemory(pid: number): Promise<number | undefined> {
  try {
    return (await kibibytes(pid)) / 1024;
  } catch {
    return undefined;
  }
}

async function kibibytes(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
    return Number(found![1]);
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number.parseInt(stdout, 10);
}
