import { setTimeout as wait } from 'node:timers/promises';
import { holderOf, isAlive } from '../scenarios/index.ts';

/** How long a child whose parent died may take to notice it by itself. */
const PATIENCE_MS = 2000;
const GLANCE_MS = 20;

/**
 * Comes back when no child of a dead parent writes to a run's folder any more: such a child ends by itself as soon as
 * it is between two steps, and is killed where that takes too long. Nobody else is ever touched.
 */
export async function endLeftover(folder: string, patienceMs = PATIENCE_MS): Promise<void> {
  for (let waited = 0; ; waited += GLANCE_MS) {
    const holder = holderOf(folder);
    if (holder?.owner == null || isAlive(holder.owner)) return;
    if (waited >= patienceMs) process.kill(holder.pid, 'SIGKILL');
    await wait(GLANCE_MS);
  }
}
