import { setTimeout as sleep } from 'node:timers/promises';
import { LightbulbError, suggest } from '../../core/index.ts';
import type { Group } from '../../worlds/index.ts';
import type { JointPolicy } from '../value/index.ts';
import { Registry, type RunEntry } from './registry.ts';
import { type RoleAgent, serveRole } from './role-agent.ts';
import { type Supervision, superviseRoles } from './supervise.ts';
import type { TeamSpec } from './team-spec.ts';

/** Milliseconds for the last word to a server that may be away. */
const LAST_WORD = 2000;

/** Who plays the roles of a run: agents of this process, its child processes, and whoever else hears of the run. */
export class Cast {
  readonly roles: readonly string[];

  private constructor(
    private readonly registry: Registry,
    private readonly entry: RunEntry,
    private readonly agents: readonly RoleAgent[],
    private readonly processes: Supervision | undefined,
  ) {
    this.roles = entry.roles;
  }

  /** Starts everybody that is to be started, and tells the others. `failed` where a process cannot do what it is to. */
  static async begin(
    spec: TeamSpec,
    groups: readonly Group[],
    policy: JointPolicy,
    failed: (error: LightbulbError) => void,
  ): Promise<Cast> {
    const { bus, run, scenario = run, seed, processes, tell } = spec;
    const roles = groups.map(({ name }) => name);
    const inProcesses = processes?.roles ?? [];
    const { local = roles.filter((role) => !inProcesses.includes(role)) } = spec;
    for (const role of [...inProcesses, ...(local === 'all' ? [] : local)]) mustBeOneOf(roles, role);
    const registry = new Registry(bus);
    const entry = await registry.begin({ run, scenario, seed, roles: [...roles] });
    const agents = groups.flatMap((group, index) => {
      if (local !== 'all' && !local.includes(group.name)) return [];
      const name = `${group.name} in ${process.pid}`;
      return [serveRole({ bus, run, seed, sitting: entry.sitting, group, index, policy, name })];
    });
    const supervised =
      processes === undefined
        ? undefined
        : superviseRoles({ ...processes, failed, ...(tell === undefined ? {} : { tell }) });
    return new Cast(registry, entry, agents, supervised);
  }

  get sitting(): number {
    return this.entry.sitting;
  }

  /** Tells everybody that it is over, or that the run may be resumed. */
  async close(state: 'paused' | 'over'): Promise<void> {
    const said = this.registry.end(this.entry, state).catch(() => undefined);
    const patience = new AbortController();
    await Promise.race([said, sleep(LAST_WORD, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    await Promise.all([this.processes?.close(), ...this.agents.map((agent) => agent.close())]);
    await this.registry.close();
  }
}

function mustBeOneOf(roles: readonly string[], role: string): void {
  if (roles.includes(role)) return;
  throw new LightbulbError('invalid_input', `there is no role "${role}"`, {
    where: `/mas/roles/${role}`,
    wanted: `roles of the environment: ${roles.join(', ')}`,
    cure: suggest(role, roles),
  });
}
