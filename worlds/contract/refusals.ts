import type { Environment } from '../environment.ts';
import type { SpaceValue } from '../space.ts';
import { actionComponents, encodeAction } from '../spaces/index.ts';
import { forbiddenAction, foreignActions } from './actions.ts';
import { type Actions, Episode } from './episode.ts';
import { fail, pass, skip, type Verdict } from './report.ts';
import type { Settings } from './settings.ts';

/** Whether the environment throws at these actions, as it should. */
function refuses(environment: Environment, actions: Readonly<Record<string, unknown>>): boolean {
  try {
    environment.step(actions as Actions);
    return false;
  } catch {
    return true;
  }
}

/** Legal actions for the first step of a new episode, in an instance that waits for them; null where there are none. */
function firstStep({ make, seeds: [seed] }: Settings): { environment: Environment; actions: Actions } | null {
  const environment = make();
  const actions = new Episode(environment, seed).begin().choose();
  return actions === null ? null : { environment, actions };
}

const NO_FIRST_STEP = 'no legal actions at the first step';

export function judgeBeforeReset(settings: Settings): Verdict {
  const start = firstStep(settings);
  if (start === null) return skip(NO_FIRST_STEP);
  return refuses(settings.make(), start.actions) ? pass() : fail('a new instance took a step before its first reset');
}

export function judgeAfterEnd({ make, seeds, stepLimit }: Settings): Verdict {
  for (const seed of seeds) {
    const environment = make();
    let last: Actions = {};
    const episode = new Episode(environment, seed, {
      onStep: (_living, actions) => {
        last = actions;
      },
    });
    if (!episode.begin().play(stepLimit).isOver) continue;
    if (!refuses(environment, last)) return fail(`seed ${seed}: the last actions were taken again after the end`);
    if (!refuses(environment, {})) return fail(`seed ${seed}: a step without actions was taken after the end`);
    return pass();
  }
  return skip('no episode came to an end');
}

export function judgeMissingAction(settings: Settings): Verdict {
  const { agents } = settings.make();
  for (const agent of agents) {
    const start = firstStep(settings);
    if (start === null) return skip(NO_FIRST_STEP);
    const { [agent]: left, ...actions } = start.actions;
    if (left !== undefined && !refuses(start.environment, actions))
      return fail(`a step without an action for "${agent}", who is alive, was taken`);
  }
  return pass();
}

export function judgeForeignAgent(settings: Settings): Verdict {
  const start = firstStep(settings);
  if (start === null) return skip(NO_FIRST_STEP);
  const [some] = Object.values(start.actions);
  let name = 'nobody';
  while (start.environment.agents.includes(name)) name += '_';
  return refuses(start.environment, { ...start.actions, [name]: some })
    ? pass()
    : fail(`a step with an action for "${name}", who is not among the agents, was taken`);
}

/** An agent that ended while others go on is asked for nothing, and may give nothing. */
export function judgeDeadAgent({ make, seeds, repeatSteps }: Settings): Verdict {
  for (const seed of seeds) {
    const environment = make();
    let last: Actions = {};
    const episode = new Episode(environment, seed, {
      onStep: (_living, actions) => {
        last = { ...actions };
      },
    });
    episode.begin();
    while (episode.goesOn && episode.steps < repeatSteps) {
      episode.advance();
      const dead = Object.keys(last).find((agent) => episode.hasEnded(agent));
      if (dead === undefined || !episode.goesOn) continue;
      const actions = episode.choose();
      if (actions === null) break;
      return refuses(environment, { ...actions, [dead]: last[dead] })
        ? pass()
        : fail(`seed ${seed}, step ${episode.steps}: an action for "${dead}", who had ended, was taken`);
    }
  }
  return skip('nobody ended before the others');
}

export function judgeForeignAction(settings: Settings): Verdict {
  const { agents, spaces } = settings.make();
  for (const agent of agents)
    for (const [name, value] of foreignActions(spaces[agent]!.action)) {
      const start = firstStep(settings);
      if (start === null) return skip(NO_FIRST_STEP);
      if (!Object.hasOwn(start.actions, agent)) break;
      if (!refuses(start.environment, { ...start.actions, [agent]: value }))
        return fail(`"${agent}" got away with ${name} as its action`);
    }
  return pass();
}

export function judgeMaskedAction({ make, seeds, repeatSteps }: Settings): Verdict {
  for (const seed of seeds) {
    const environment = make();
    const episode = new Episode(environment, seed).begin();
    for (; episode.goesOn && episode.steps < Math.min(repeatSteps, 300); episode.advance()) {
      const actions = episode.living.some((agent) => episode.masks[agent] !== undefined) ? episode.choose() : null;
      if (actions === null) continue;
      const forbidden = firstForbidden(environment, episode, actions);
      if (forbidden === null) continue;
      const [agent, value] = forbidden;
      return refuses(environment, { ...actions, [agent]: value })
        ? pass()
        : fail(`seed ${seed}, step ${episode.steps}: "${agent}" got away with an action that its mask forbids`);
    }
  }
  return skip('no mask forbade anything');
}

function firstForbidden(environment: Environment, episode: Episode, actions: Actions): [string, SpaceValue] | null {
  for (const agent of episode.living) {
    const mask = episode.masks[agent];
    if (mask === undefined) continue;
    const { action } = environment.spaces[agent]!;
    const numbers = new Int32Array(actionComponents(action));
    encodeAction(action, actions[agent]!, numbers, 0);
    const forbidden = forbiddenAction(action, mask, [...numbers]);
    if (forbidden !== null) return [agent, forbidden];
  }
  return null;
}
