import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Which process, for sure: numbers are given out again after a process ended, start times are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot and moment in it; null where the system does not tell, and the number alone has to do. */
  readonly started: string | null;
}

/** The process that has this number now; undefined where there is none, or only a dead one nobody has waited for. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (process.platform === 'linux') return fromProc(pid);
  if (!answers(pid)) return undefined;
  return { pid, started: process.platform === 'win32' ? null : fromPs(pid) };
}

/** Whether this very process still runs. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  const now = identityOf(pid);
  return now !== undefined && (started === null || now.started === null || now.started === started);
}

/** proc(5): after the name, which may hold anything, in brackets come state (field 3) and, 19 on, starttime (22). */
function fromProc(pid: number): ProcessIdentity | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, started: `${boot()}/${fields[19]}` };
}

/** Start times count from the boot, so they mean something only beside it. */
function boot(): string {
  return textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? 'boot';
}

function fromPs(pid: number): string | null {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // there, but somebody else's
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
