import { readFileSync } from 'node:fs';

/** What has ended counts as dead, whether or not anybody took notice. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
