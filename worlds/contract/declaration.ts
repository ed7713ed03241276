import type { Environment } from '../environment.ts';
import { checkNames } from '../names.ts';
import type { MultiDiscrete, Space } from '../space.ts';
import { checkSpace, printFault, printSpace } from '../spaces/index.ts';
import { checkFeedbackKinds } from '../team.ts';
import { fingerprint } from './fingerprint.ts';

/** What is wrong with the members of an environment, spaces aside, or null. */
export function judgeMembers(environment: Environment): string | null {
  const { agents, spaces, maximumSteps } = environment;
  if (!Array.isArray(agents) || agents.length === 0) return 'agents: wanted at least one name';
  const odd = agents.find((agent) => typeof agent !== 'string' || agent === '');
  if (odd !== undefined) return `agents: wanted names, got ${String(odd)}`;
  const twice = agents.find((agent, i) => agents.indexOf(agent) !== i);
  if (twice !== undefined) return `agents: "${twice}" is there twice`;
  const missing = agents.find(
    (agent) => spaces[agent]?.observation === undefined || spaces[agent].action === undefined,
  );
  if (missing !== undefined) return `spaces: "${missing}" has no observation and action space`;
  const foreign = Object.keys(spaces).find((agent) => !agents.includes(agent));
  if (foreign !== undefined) return `spaces: "${foreign}" is not among the agents`;
  if (maximumSteps !== undefined && !(Number.isSafeInteger(maximumSteps) && maximumSteps >= 1))
    return `maximumSteps: wanted an integer >= 1, got ${String(maximumSteps)}`;
  for (const [one, other] of [
    ['stateSpace', 'state'],
    ['snapshot', 'restore'],
  ] as const)
    if ((environment[one] === undefined) !== (environment[other] === undefined))
      return `${one} and ${other}: wanted both or neither`;
  const { hasTeamReward } = environment as { hasTeamReward?: unknown };
  if (hasTeamReward !== undefined && typeof hasTeamReward !== 'boolean')
    return `hasTeamReward: wanted true or false, got ${String(hasTeamReward)}`;
  return judgeFeedbackKinds(environment.feedbackKinds, agents) ?? judgeNames(environment);
}

/** What is wrong with the declared kinds of feedback, or null. */
export function judgeFeedbackKinds(kinds: unknown, agents: readonly string[]): string | null {
  const fault = checkFeedbackKinds(kinds, agents);
  if (fault !== null) return `feedbackKinds: ${printFault(fault)}`;
  const read: unknown = JSON.parse(JSON.stringify(kinds) ?? 'null');
  if (kinds === undefined || fingerprint(read) === fingerprint(kinds)) return null;
  return 'feedbackKinds: not plain data: writing it as JSON and reading it changes it';
}

/** What is wrong with the declared names of scores and of tasks, or null. */
export function judgeNames({ scoreNames, taskNames }: Pick<Environment, 'scoreNames' | 'taskNames'>): string | null {
  for (const [member, names] of Object.entries({ scoreNames, taskNames })) {
    const fault = checkNames(names);
    if (fault !== null) return `${member}: ${printFault(fault)}`;
  }
  return null;
}

/** What is wrong with the declared spaces, or null. */
export function judgeSpaces({ agents, spaces, stateSpace }: Environment): string | null {
  for (const agent of agents)
    for (const kind of ['observation', 'action'] as const) {
      const fault = checkSpace(spaces[agent]![kind]);
      if (fault !== null) return `${kind} of "${agent}": ${printFault(fault)}`;
    }
  for (const agent of agents) {
    const astray = judgeSequences(spaces[agent]!.action, spaces[agent]!.observation);
    if (astray !== null) return `action of "${agent}": ${astray}`;
  }
  const fault = stateSpace === undefined ? null : checkSpace(stateSpace);
  return fault === null ? null : `stateSpace: ${printFault(fault)}`;
}

/** What is wrong with where the utterances in `action` point, or null: at parts of the dict `observation`. */
export function judgeSequences(action: Space, observation: Space): string | null {
  if (utterancesIn(action).length > 0 && observation.type !== 'dict')
    return `sequence points at words: wanted a dict as observation, got ${printSpace(observation)}`;
  const parts: Readonly<Record<string, Space>> = observation.type === 'dict' ? observation.spaces : {};
  const named = (name: string) => (Object.hasOwn(parts, name) ? parts[name] : undefined);
  const found = (name: string) => (named(name) === undefined ? 'no such part' : printSpace(named(name)!));
  for (const { n, sequence } of utterancesIn(action)) {
    const { first, to, features } = sequence!;
    if (named(to)?.type !== 'text') return `sequence/to: wanted the name of a text, got "${to}" (${found(to)})`;
    if (features === undefined) continue;
    const box = named(features);
    const words = n[0]! - first;
    if (box?.type !== 'box' || box.shape.length !== 2 || box.shape[0] !== words)
      return `sequence/features: wanted the name of a box of shape [${words}, F], got "${features}" (${found(features)})`;
  }
  return null;
}

function utterancesIn(space: Space): readonly MultiDiscrete[] {
  if (space.type === 'multiDiscrete') return space.sequence === undefined ? [] : [space];
  if (space.type !== 'dict' && space.type !== 'tuple') return [];
  return Object.values(space.spaces).flatMap((part) => utterancesIn(part as Space));
}

/** What must stay the same for the life of an environment, as a fingerprint. */
export function declarationPrint(environment: Environment): string {
  const { agents, spaces, maximumSteps, stateSpace, symmetric, hasTeamReward } = environment;
  const { feedbackKinds, scoreNames, taskNames } = environment;
  return fingerprint({
    agents,
    spaces,
    maximumSteps,
    stateSpace,
    symmetric,
    hasTeamReward,
    feedbackKinds,
    scoreNames,
    taskNames,
  });
}
