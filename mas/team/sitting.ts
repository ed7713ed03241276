import { LightbulbError } from '../../core/index.ts';
import type { Channel } from '../messages/index.ts';
import { sitting } from './team-message.ts';

const KEY = 'sitting';

/**
 * Counts the starts of a run, 1 at first, and returns the new count. What a former sitting left on the bus, tasks and
 * policies of the same numbers, is told apart by it: a resumed run makes its rounds since the last checkpoint anew.
 */
export async function nextSitting(channel: Channel): Promise<number> {
  const latest = await channel.latest(sitting);
  for (;;) {
    const last = await latest.get(KEY);
    const next = (last?.fields.sitting ?? 0) + 1;
    try {
      await latest.put(KEY, { fields: { sitting: next } }, last?.revision ?? 0);
      return next;
    } catch (error) {
      const isTaken = error instanceof LightbulbError && (error.code === 'conflict' || error.code === 'timeout');
      if (!isTaken) throw error;
    }
  }
}
