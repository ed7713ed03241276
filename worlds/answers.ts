import { LightbulbError } from '../core/index.ts';
import type { AgentSpaces, Environment, First, Step } from './environment.ts';
import { requireScores } from './scores.ts';
import { actionChoices, checkValue, maskSize } from './spaces/index.ts';
import { requireTaskRewards } from './tasks.ts';
import { requireTeam } from './team.ts';

/**
 * What holds for every answer of an environment and is cheap to see: the right agents, members of the spaces, finite
 * rewards, booleans, legal masks, team rewards, feedback, scores and rewards of tasks as declared. `where` says which copy
 * and step; the errors add the agent. All throw `contract`, or `not_finite` for a NaN or infinity.
 */
export function requireFirst(
  where: string,
  first: First,
  spaces: Readonly<Record<string, AgentSpaces>>,
): readonly string[] {
  requireRecord(where, 'observations', first?.observations);
  const living = Object.keys(first.observations);
  if (living.length === 0) throw broken(where, 'an episode starts with nobody alive', 'at least one agent', 'none');
  const foreign = living.find((agent) => spaces[agent] === undefined);
  if (foreign !== undefined)
    throw broken(where, 'observations name an agent that is not declared', Object.keys(spaces).join(', '), foreign);
  for (const agent of living) {
    requireObservation(where, agent, spaces[agent]!, first.observations[agent]);
    requireMask(where, agent, spaces[agent]!, first);
  }
  return living;
}

/** `living`: the agents that were alive before the step, of whom all must be answered, and nobody else. */
export function requireStep(where: string, step: Step, living: readonly string[], environment: Environment): void {
  const { spaces } = environment;
  for (const part of ['observations', 'rewards', 'terminated', 'truncated'] as const) {
    const record = requireRecord(where, part, step?.[part]);
    let found = 0;
    for (const agent in record) {
      if (!living.includes(agent))
        throw broken(where, `${part} name an agent that was not alive`, living.join(', '), agent);
      found++;
    }
    if (found !== living.length) {
      const missing = living.find((agent) => !Object.hasOwn(record, agent));
      throw broken(where, `${part} leave out a living agent`, `"${missing}" too`, Object.keys(record).join(', '));
    }
  }
  for (const agent of living) {
    requireObservation(where, agent, spaces[agent]!, step.observations[agent]);
    const reward = step.rewards[agent] as unknown;
    if (typeof reward !== 'number' || !Number.isFinite(Math.fround(reward)))
      throw new LightbulbError(typeof reward === 'number' ? 'not_finite' : 'contract', 'a reward is not usable', {
        where: `${where}, agent "${agent}"`,
        wanted: 'a finite number',
        got: String(reward),
      });
    const terminated = step.terminated[agent] as unknown;
    const truncated = step.truncated[agent] as unknown;
    if (typeof terminated !== 'boolean' || typeof truncated !== 'boolean')
      throw broken(
        `${where}, agent "${agent}"`,
        'a flag is not a boolean',
        'true or false',
        `terminated ${String(terminated)}, truncated ${String(truncated)}`,
      );
    if (terminated && truncated)
      throw broken(
        `${where}, agent "${agent}"`,
        'an agent is both terminated and truncated',
        'one of them: terminated where its future is worth nothing, truncated where it was merely stopped',
        'both',
      );
    if (!terminated && !truncated) requireMask(where, agent, spaces[agent]!, step);
  }
  requireTeam(where, step, environment);
  requireScores(where, step, living, environment);
  requireTaskRewards(where, step, environment);
}

function requireObservation(where: string, agent: string, spaces: AgentSpaces, value: unknown): void {
  const fault = checkValue(spaces.observation, value);
  if (fault === null) return;
  throw new LightbulbError(
    fault.kind === 'not_finite' ? 'not_finite' : 'contract',
    'an observation is not in its space',
    { where: `${where}, agent "${agent}", observation${fault.path}`, wanted: fault.wanted, got: fault.got },
  );
}

/** Why a mask for `action` is not legal, or null where it is: right length, zeros and ones, a choice per component. */
export function checkMask(choices: readonly number[], mask: ArrayLike<unknown>): string | null {
  const size = choices.reduce((sum, n) => sum + n, 0);
  if (mask.length !== size) return `${size} entries wanted, got ${mask.length}`;
  let at = 0;
  for (let component = 0; component < choices.length; component++) {
    let legal = 0;
    for (let i = 0; i < choices[component]!; i++, at++) {
      if (mask[at] === 1) legal++;
      else if (mask[at] !== 0) return `entry ${at} must be 0 or 1, got ${String(mask[at])}`;
    }
    if (legal === 0) return `component ${component} has no legal choice`;
  }
  return null;
}

function requireMask(where: string, agent: string, spaces: AgentSpaces, first: First): void {
  const mask = first.actionMasks?.[agent];
  if (mask === undefined) return;
  const choices = choicesOf(spaces);
  const problem = choices === null ? 'the action space has no choices to mask' : checkMask(choices, mask);
  if (problem !== null) throw broken(`${where}, agent "${agent}"`, 'a mask is not legal', 'a legal mask', problem);
}

const knownChoices = new WeakMap<AgentSpaces, readonly number[] | null>();

function choicesOf(spaces: AgentSpaces): readonly number[] | null {
  let choices = knownChoices.get(spaces);
  if (choices === undefined) {
    choices = maskSize(spaces.action) === 0 ? null : actionChoices(spaces.action);
    knownChoices.set(spaces, choices);
  }
  return choices;
}

function requireRecord(where: string, part: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null)
    throw broken(where, `${part} are missing`, 'an object with an entry per agent', String(value));
  return value as Record<string, unknown>;
}

function broken(where: string, problem: string, wanted: string, got: string): LightbulbError {
  return new LightbulbError('contract', problem, {
    where,
    wanted,
    got,
    cure: '`lightbulb check` tests the whole contract',
  });
}
