import { type Json, LightbulbError, suggest } from '../core/index.ts';
import type { BatchedEnvironment, GroupActions, GroupOutput } from './batched.ts';
import type { AgentSpaces, Environment, First, LevelSpace, ResetOptions, Step } from './environment.ts';
import { createActions, createOutputs, type GroupSizes, groupSizes } from './outputs.ts';
import type { Space, SpaceValue } from './space.ts';
import { actionChoices, box, checkValue, encodeAction, unflatten } from './spaces/index.ts';

/**
 * The single form of a batched environment: one copy of it, agents by name (group by group), fresh arrays at every
 * step. Numbers are what the batched form holds: float32. Stricter than the batched form where that saves time: every
 * action must lie in its space and be legal under the mask, exactly the living agents must act, and after the end
 * comes `reset`.
 *
 * `reset({ seed, level })` plays the episode that copy 0 plays first after `setLevel(0, level)` and `reset(seed)`.
 */
export function unbatch(makeBatched: (copies: number) => BatchedEnvironment): Environment {
  const batched = makeBatched(1);
  if (batched.batchSize !== 1)
    throw new LightbulbError('contract', 'a batch of the wrong size was made', {
      wanted: '1 copy',
      got: `${batched.batchSize} copies`,
    });
  const copy = new SingleCopy(batched);
  // Optional parts are there only where the batched environment has them: callers ask `environment.state?.()`.
  return {
    agents: copy.agents,
    spaces: copy.spaces,
    ...(batched.maximumSteps === undefined ? {} : { maximumSteps: batched.maximumSteps }),
    ...(batched.levels === undefined ? {} : { levels: batched.levels satisfies LevelSpace }),
    reset: (options) => copy.reset(options),
    step: (actions) => copy.step(actions),
    ...(batched.state === undefined || batched.stateSize === 0
      ? {}
      : { stateSpace: box([batched.stateSize]), state: () => copy.state() }),
    ...(batched.teamReward === undefined ? {} : { hasTeamReward: true }),
    ...(batched.feedbackKinds === undefined ? {} : { feedbackKinds: batched.feedbackKinds }),
    ...(batched.scoreNames === undefined ? {} : { scoreNames: batched.scoreNames }),
    ...(batched.taskNames === undefined ? {} : { taskNames: batched.taskNames }),
    snapshot: () => copy.snapshot(),
    restore: (snapshot) => copy.restore(snapshot),
    ...(batched.render === undefined ? {} : { render: () => batched.render!(0) }),
    close: () => copy.close(),
  };
}

/** Where an agent sits, and the spaces that its numbers mean something in. */
interface Seat extends AgentSpaces {
  readonly agent: string;
  readonly group: number;
  readonly place: number;
  /** Choices per component where the agent comes with masks. */
  readonly choices: readonly number[] | null;
}

class SingleCopy {
  readonly agents: readonly string[];
  readonly spaces: Readonly<Record<string, AgentSpaces>>;
  private readonly seats: readonly Seat[];
  private readonly sizes: readonly GroupSizes[];
  private readonly output: readonly GroupOutput[];
  private readonly actions: readonly GroupActions[];
  private living = new Set<string>();
  private masks: Readonly<Record<string, readonly number[]>> = {};
  /** Whether the last episode has ended: its state is then the final one. */
  private over = false;
  private closed = false;

  constructor(private readonly batched: BatchedEnvironment) {
    const { groups } = batched;
    this.sizes = groups.map(groupSizes);
    this.seats = groups.flatMap(({ agents, observation, action, masked }, group) =>
      agents.map((agent, place) => ({
        agent,
        group,
        place,
        observation,
        action,
        choices: masked ? actionChoices(action) : null,
      })),
    );
    this.agents = this.seats.map(({ agent }) => agent);
    this.spaces = Object.fromEntries(
      this.seats.map(({ agent, observation, action }) => [agent, { observation, action }]),
    );
    this.output = createOutputs(groups, 1);
    this.actions = createActions(groups, 1);
  }

  reset({ seed, level }: ResetOptions): First {
    if (this.batched.setLevel !== undefined) this.batched.setLevel(0, level);
    else if (level !== undefined) throw new LightbulbError('unsupported', 'this environment has no levels');
    this.batched.reset(seed, this.output);
    this.over = false;
    return this.readPresent(new Set());
  }

  step(actions: Readonly<Record<string, SpaceValue>>): Step {
    this.requireActions(actions);
    for (const array of this.actions) array.fill(0);
    for (const { agent, group, place, action } of this.seats)
      if (this.living.has(agent))
        encodeAction(action, actions[agent]!, this.actions[group]!, place * this.sizes[group]!.action);
    this.batched.step(this.actions, this.output);

    const rewards: Record<string, number> = {};
    const terminated: Record<string, boolean> = {};
    const truncated: Record<string, boolean> = {};
    const observations: Record<string, SpaceValue> = {};
    const ended = new Set<string>();
    for (const { agent, group, place, observation } of this.seats) {
      if (!this.living.has(agent)) continue;
      const out = this.output[group]!;
      rewards[agent] = out.reward[place]!;
      terminated[agent] = out.terminated[place] === 1;
      truncated[agent] = out.truncated[place] === 1;
      if (!terminated[agent] && !truncated[agent]) continue;
      ended.add(agent);
      observations[agent] = unflatten(observation, out.finalObservation, place * this.sizes[group]!.observation);
    }
    // Where everyone has ended, what the batch shows as present is already the next episode, which is not ours.
    this.over = ended.size === this.living.size;
    const present = this.over ? this.endEpisode() : this.readPresent(ended);
    return {
      observations: { ...observations, ...present.observations },
      ...(present.actionMasks === undefined ? {} : { actionMasks: present.actionMasks }),
      rewards,
      terminated,
      truncated,
      ...this.readTeam(),
      ...(this.over ? this.readScores() : {}),
      ...this.readTasks(),
    };
  }

  state(): SpaceValue {
    const out = new Float32Array(this.batched.stateSize);
    if (!this.over) this.batched.state!(out);
    else if (this.batched.finalState !== undefined) this.batched.finalState(out);
    else
      throw new LightbulbError('unsupported', 'the state at the end of the episode is gone', {
        wanted: 'finalState(out) beside state(out)',
        got: 'a batched environment that shows only the state of its next episode',
      });
    return out;
  }

  snapshot(): Json {
    return {
      batch: this.batched.snapshot(),
      living: [...this.living],
      masks: structuredClone(this.masks),
      over: this.over,
    };
  }

  restore(snapshot: Json): void {
    const { batch, living, masks, over } = (snapshot ?? {}) as Partial<Saved>;
    if (batch === undefined || !Array.isArray(living) || typeof masks !== 'object')
      throw new LightbulbError('corrupt', 'this is no snapshot of an environment');
    this.batched.restore(batch);
    this.living = new Set(living);
    this.masks = structuredClone(masks);
    this.over = over === true;
  }

  close(): void {
    if (!this.closed) this.batched.close?.();
    this.closed = true;
  }

  /** What the last step said of the team: an entry for each score that was given. */
  private readTeam(): Pick<Step, 'teamReward' | 'feedback'> {
    const { batched } = this;
    const teamReward = new Float32Array(1);
    batched.teamReward?.(teamReward);
    const pay = batched.teamReward === undefined ? {} : { teamReward: teamReward[0]! };
    const kinds = batched.feedbackKinds?.length ?? 0;
    if (kinds === 0) return pay;
    const [score, said] = [new Float32Array(kinds), new Uint8Array(kinds)];
    batched.feedback!(score, said);
    const feedback: Record<number, number> = {};
    for (let k = 0; k < kinds; k++) if (said[k] === 1) feedback[k] = score[k]!;
    return { ...pay, feedback };
  }

  /** Of the episode that just ended. */
  private readScores(): Pick<Step, 'scores'> {
    const { scoreNames } = this.batched;
    if (scoreNames === undefined) return {};
    const out = new Float32Array(scoreNames.length);
    this.batched.scores!(out);
    return { scores: Object.fromEntries(scoreNames.map((name, i) => [name, out[i]!])) };
  }

  /** What the last step would be paid under each task. */
  private readTasks(): Pick<Step, 'taskRewards'> {
    const { taskNames } = this.batched;
    if (taskNames === undefined) return {};
    const out = new Float32Array(taskNames.length);
    this.batched.taskRewards!(out);
    return { taskRewards: Object.fromEntries(taskNames.map((name, i) => [name, out[i]!])) };
  }

  private endEpisode(): First {
    this.living = new Set();
    this.masks = {};
    return { observations: {} };
  }

  /** What the living see. `ended` just acted for the last time, so their seats show nothing of theirs. */
  private readPresent(ended: ReadonlySet<string>): First {
    const observations: Record<string, SpaceValue> = {};
    const masks: Record<string, readonly number[]> = {};
    const living = new Set<string>();
    for (const { agent, group, place, observation, choices } of this.seats) {
      const out = this.output[group]!;
      if (ended.has(agent) || out.alive[place] !== 1) continue;
      const size = this.sizes[group]!;
      living.add(agent);
      observations[agent] = unflatten(observation, out.observation, place * size.observation);
      if (choices !== null)
        masks[agent] = Array.from(out.actionMask.subarray(place * size.mask, (place + 1) * size.mask));
    }
    this.living = living;
    this.masks = structuredClone(masks);
    return Object.keys(masks).length === 0 ? { observations } : { observations, actionMasks: masks };
  }

  private requireActions(actions: Readonly<Record<string, SpaceValue>>): void {
    if (this.living.size === 0)
      throw new LightbulbError('contract', this.over ? 'the episode is over' : 'step came before reset', {
        cure: 'Call reset({ seed }) first',
      });
    for (const agent of Object.keys(actions))
      if (!this.living.has(agent))
        throw new LightbulbError('contract', `an action for "${agent}", who is not alive`, {
          cure: suggest(agent, [...this.living]),
        });
    for (const { agent, action, choices } of this.seats) {
      if (!this.living.has(agent)) continue;
      const where = `agent "${agent}"`;
      if (!Object.hasOwn(actions, agent))
        throw new LightbulbError('contract', 'a living agent has no action', {
          where,
          wanted: [...this.living].join(', '),
          got: Object.keys(actions).join(', '),
        });
      const fault = checkValue(action, actions[agent]);
      if (fault !== null)
        throw new LightbulbError('contract', 'this action does not exist', {
          where: `${where}, action${fault.path}`,
          wanted: fault.wanted,
          got: fault.got,
        });
      if (choices !== null) requireLegal(where, action, actions[agent]!, choices, this.masks[agent]!);
    }
  }
}

function requireLegal(
  where: string,
  space: Space,
  action: SpaceValue,
  choices: readonly number[],
  mask: readonly number[],
): void {
  const chosen = new Int32Array(choices.length);
  encodeAction(space, action, chosen, 0);
  let at = 0;
  for (let component = 0; component < choices.length; component++) {
    if (mask[at + chosen[component]!] !== 1)
      throw new LightbulbError('contract', 'this action is not legal now', {
        where,
        wanted: 'an action that the mask allows',
        got: choices.length === 1 ? String(chosen[0]) : `${chosen[component]} in component ${component}`,
      });
    at += choices[component]!;
  }
}

interface Saved {
  readonly batch: Json;
  readonly living: readonly string[];
  readonly masks: Readonly<Record<string, readonly number[]>>;
  readonly over: boolean;
}
