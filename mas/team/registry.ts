import { map, type Observable } from 'rxjs';
import type { Static } from 'typebox';
import { LightbulbError, plainSchema as Type } from '../../core/index.ts';
import type { Bus } from '../bus/bus.ts';
import { Channel, defineMessage, type LatestValues, token } from '../messages/index.ts';

/** Not the name of a run: people's own begin with letters or digits. */
const PLACE = '.runs';

const name = Type.String({ minLength: 1, maxLength: 200 });

/** A latest value of all runs of a bus, by the name of the run: what somebody has to know who wants to play a role. */
export const runEntry = defineMessage({
  kind: 'run',
  schema: Type.Object(
    {
      run: name,
      scenario: name,
      /** What agents draw by. */
      seed: Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
      roles: Type.Array(name, { maxItems: 1000 }),
      /**
       * How often it was started, the first time included. What a former sitting left on the bus or in an agent's memory,
       * tasks and policies of the same numbers, is told apart by it: a resumed run makes its rounds since the last
       * checkpoint anew.
       */
      sitting: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
      /** `paused`: it was stopped, and may be resumed. */
      state: Type.Enum(['running', 'paused', 'over']),
    },
    { additionalProperties: false },
  ),
});

export type RunEntry = Static<typeof runEntry.schema>;

/** Which runs there are on a bus. */
export class Registry {
  private readonly channel: Channel;

  constructor(bus: Bus) {
    this.channel = new Channel(bus, { run: PLACE });
  }

  /** A run is started, or resumed: it gets the next sitting. */
  async begin(run: Omit<RunEntry, 'sitting' | 'state'>): Promise<RunEntry> {
    const values = await this.values();
    for (;;) {
      const last = await values.get(token(run.run));
      const entry = { ...run, sitting: (last?.fields.sitting ?? 0) + 1, state: 'running' } as const;
      try {
        await values.put(token(run.run), { fields: entry }, last?.revision ?? 0);
        return entry;
      } catch (error) {
        // Somebody else began at the same time; or nobody knows whether we did.
        if (!(error instanceof LightbulbError) || !['conflict', 'timeout'].includes(error.code)) throw error;
      }
    }
  }

  /** The sitting is over; nothing where another one began meanwhile. */
  async end(entry: RunEntry, state: 'paused' | 'over'): Promise<void> {
    const values = await this.values();
    const last = await values.get(token(entry.run));
    if (last?.fields.sitting === entry.sitting) await values.put(token(entry.run), { fields: { ...entry, state } });
  }

  /** All that are there, oldest change first, then each change. */
  async watch(): Promise<Observable<RunEntry>> {
    return (await this.values()).watch('>').pipe(map(({ fields }) => fields));
  }

  async close(): Promise<void> {
    await this.channel.close();
  }

  private values(): Promise<LatestValues<typeof runEntry>> {
    return this.channel.latest(runEntry);
  }
}
