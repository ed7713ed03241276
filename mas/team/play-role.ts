import { takeWhile } from 'rxjs';
import { LightbulbError } from '../../core/index.ts';
import type { Group } from '../../worlds/index.ts';
import type { Bus } from '../bus/bus.ts';
import type { JointPolicy } from '../value/index.ts';
import { insist } from './insist.ts';
import { Registry, type RunEntry } from './registry.ts';
import { type RoleAgent, serveRole } from './role-agent.ts';

/** What a process of its own plays. */
export interface PlayRoleSpec {
  readonly bus: Bus;
  /** The name of the scenario: which run is meant, unless `run` says it. */
  readonly scenario: string;
  readonly run?: string | undefined;
  /** The environment's group that this role is, and where it stands among the groups. */
  readonly group: Group;
  readonly index: number;
  readonly policy: JointPolicy;
  /** Of this process; differs where several play one role. */
  readonly name: string;
  /** Ends it: requests under way are answered. */
  readonly signal: AbortSignal;
  readonly tell?: (news: RoleNews) => void;
}

export type RoleNews =
  | { readonly kind: 'looking'; readonly what: string }
  | { readonly kind: 'playing'; readonly run: string; readonly role: string }
  /** A request could not be answered; whoever asked will ask again. */
  | { readonly kind: 'trouble'; readonly message: string }
  | { readonly kind: 'ended'; readonly run: string; readonly role: string; readonly why: 'over' | 'stopped' };

/**
 * Plays a role of a run, of the newest of this scenario where none is named, until that says it is over or `signal` does.
 * Waits where there is none. Interruptions of the run and of the server are nothing to it.
 */
export async function playRole(spec: PlayRoleSpec): Promise<'over' | 'stopped'> {
  const { bus, scenario, run, group, signal, tell = () => undefined } = spec;
  const registry = new Registry(bus);
  let playing: { readonly entry: RunEntry; readonly agent: RoleAgent } | undefined;
  tell({ kind: 'looking', what: run ?? scenario });
  const leave = async (why: 'over' | 'stopped'): Promise<void> => {
    if (playing === undefined) return;
    const { entry, agent } = playing;
    playing = undefined;
    await agent.close();
    tell({ kind: 'ended', run: entry.run, role: group.name, why });
  };
  const take = (entry: RunEntry): void => {
    const { bus, group, index, policy, name } = spec;
    const { run, seed, sitting } = entry;
    const failed = (error: unknown): void => {
      // A new sitting may ask before the news of it are here; it asks again.
      if (error instanceof LightbulbError && error.code === 'conflict') return;
      tell({ kind: 'trouble', message: error instanceof Error ? error.message : String(error) });
    };
    const agent = serveRole({ bus, run, seed, sitting, group, index, policy, name, failed });
    playing = { entry, agent };
    tell({ kind: 'playing', run: entry.run, role: group.name });
  };
  const isMeant = (entry: RunEntry): boolean =>
    playing === undefined
      ? entry.state !== 'over' && (run === undefined ? entry.scenario === scenario : entry.run === run)
      : entry.run === playing.entry.run;
  try {
    const entries = await insist(() => registry.watch(), { signal });
    return await new Promise<'over' | 'stopped'>((resolve, reject) => {
      let last: Promise<unknown> = Promise.resolve();
      const heard = entries.pipe(takeWhile(() => !signal.aborted)).subscribe({
        next(entry) {
          last = last.then(async () => {
            if (!isMeant(entry) || signal.aborted) return;
            if (entry.state === 'over') {
              await leave('over');
              end('over');
            } else if (playing === undefined) take(entry);
            else if (entry.sitting !== playing.entry.sitting) {
              await playing.agent.close();
              take(entry);
            }
          });
          last.catch(reject);
        },
        error: reject,
        complete: () => end('stopped'),
      });
      const stop = (): void => end('stopped');
      const end = (why: 'over' | 'stopped'): void => {
        heard?.unsubscribe();
        signal.removeEventListener('abort', stop);
        void last.finally(() => resolve(why));
      };
      signal.addEventListener('abort', stop);
    });
  } catch (error) {
    if (signal.aborted) return 'stopped';
    throw error;
  } finally {
    await leave('stopped');
    await registry.close();
  }
}
