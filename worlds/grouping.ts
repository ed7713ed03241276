import { LightbulbError, suggest } from '../core/index.ts';
import type { Group } from './batched.ts';
import type { AgentSpaces } from './environment.ts';
import { spaceKey } from './spaces/index.ts';

/** The part of an environment that groups are made from. */
interface Cast {
  readonly agents: readonly string[];
  readonly spaces: Readonly<Record<string, AgentSpaces>>;
}

/**
 * The groups of an environment's agents: by `roles` (name to agents) where given, else by equal spaces, in the order
 * of their first agents. Agents named `chaser_0`, `chaser_1` make a group `chaser`; a group whose agents have no such
 * name in common is called after its first agent.
 *
 * masked: the agents that come with masks. A group is masked where any of its agents is.
 * Throws `invalid_input` where the roles leave an agent out, name one twice or a foreign one, or mix spaces.
 */
export function groupAgents(
  cast: Cast,
  masked: ReadonlySet<string>,
  roles?: Readonly<Record<string, readonly string[]>>,
): Group[] {
  const named = roles === undefined ? groupBySpaces(cast) : checkRoles(cast, roles);
  return named.map(([name, agents]) => ({
    name,
    agents,
    ...cast.spaces[agents[0]!]!,
    masked: agents.some((agent) => masked.has(agent)),
  }));
}

type NamedAgents = readonly [name: string, agents: readonly string[]];

function groupBySpaces({ agents, spaces }: Cast): NamedAgents[] {
  const bySpaces = new Map<string, string[]>();
  for (const agent of agents) {
    const key = agentKey(spaces[agent]!);
    const members = bySpaces.get(key);
    if (members === undefined) bySpaces.set(key, [agent]);
    else members.push(agent);
  }
  const groups = [...bySpaces.values()];
  const stems = groups.map(commonStem);
  return groups.map((members, i) => {
    const stem = stems[i]!;
    const unique = stem !== undefined && stems.filter((other) => other === stem).length === 1;
    return [unique ? stem : members[0]!, members] as const;
  });
}

function agentKey({ observation, action }: AgentSpaces): string {
  return `${spaceKey(observation)} ${spaceKey(action)}`;
}

/** `chaser` of `chaser_0` and `chaser_1`. */
function commonStem(agents: readonly string[]): string | undefined {
  const stems = new Set(agents.map((agent) => agent.replace(/[_-]?\d+$/, '')));
  const [stem] = stems;
  return stems.size === 1 && stem !== '' ? stem : undefined;
}

function checkRoles({ agents, spaces }: Cast, roles: Readonly<Record<string, readonly string[]>>): NamedAgents[] {
  const roleOf = new Map<string, string>();
  for (const [role, members] of Object.entries(roles)) {
    const where = `role "${role}"`;
    if (members.length === 0) throw new LightbulbError('invalid_input', 'a role needs agents', { where, got: 'none' });
    for (const agent of members) {
      if (!agents.includes(agent))
        throw new LightbulbError('invalid_input', `there is no agent "${agent}"`, {
          where,
          cure: suggest(agent, agents),
        });
      if (roleOf.has(agent))
        throw new LightbulbError('invalid_input', `agent "${agent}" has two roles`, {
          where,
          wanted: 'one role for each agent',
          got: `${roleOf.get(agent)} and ${role}`,
        });
      roleOf.set(agent, role);
      if (agentKey(spaces[agent]!) !== agentKey(spaces[members[0]!]!))
        throw new LightbulbError('invalid_input', 'agents of one role have different spaces', {
          where,
          wanted: `the spaces of "${members[0]}"`,
          got: `other ones for "${agent}"`,
          cure: 'Give them roles of their own, or pad their observations to one shape',
        });
    }
  }
  const missing = agents.find((agent) => !roleOf.has(agent));
  if (missing !== undefined)
    throw new LightbulbError('invalid_input', `agent "${missing}" has no role`, { wanted: 'a role for each agent' });
  return Object.entries(roles);
}
