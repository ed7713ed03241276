import type { Environment } from '../environment.ts';
import { checkSpace, printFault } from '../spaces/index.ts';
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
  return null;
}

/** What is wrong with the declared spaces, or null. */
export function judgeSpaces({ agents, spaces, stateSpace }: Environment): string | null {
  for (const agent of agents)
    for (const kind of ['observation', 'action'] as const) {
      const fault = checkSpace(spaces[agent]![kind]);
      if (fault !== null) return `${kind} of "${agent}": ${printFault(fault)}`;
    }
  const fault = stateSpace === undefined ? null : checkSpace(stateSpace);
  return fault === null ? null : `stateSpace: ${printFault(fault)}`;
}

/** What must stay the same for the life of an environment, as a fingerprint. */
export function declarationPrint({ agents, spaces, maximumSteps, stateSpace, symmetric }: Environment): string {
  return fingerprint({ agents, spaces, maximumSteps, stateSpace, symmetric });
}
