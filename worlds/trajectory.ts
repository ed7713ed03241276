import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type Json, LightbulbError } from '../core/index.ts';
import type { SpaceValue } from './space.ts';

type PerAgent<Value> = Readonly<Record<string, Value>>;

/** One recorded episode, whichever form it was written in. `T` steps. */
export interface RecordedEpisode {
  readonly seed: number;
  /** The full initial state. */
  readonly level: Json;
  /** [T + 1] */
  readonly observations: readonly PerAgent<readonly number[]>[];
  /** [T], as all that follow. */
  readonly actions: readonly PerAgent<SpaceValue>[];
  readonly rewards: readonly PerAgent<number>[];
  readonly terminated: readonly PerAgent<boolean>[];
  readonly truncated: readonly PerAgent<boolean>[];
}

/**
 * Reads a recording. Two forms: a list of episodes of one nameless agent
 * (`{ state, actions, observations, rewards, terminated, truncated }`, `state` becomes the level `{ state }`), or
 * `{ environment, episodes }` with everything per agent and step (`{ seed, initial, observations, actions, ... }`).
 * Throws `invalid_input` that names file and place.
 */
export function readTrajectories(data: unknown, agents: readonly string[], name: string): readonly RecordedEpisode[] {
  const nameless = Array.isArray(data);
  const validate = (nameless ? namelessCheck : namedCheck)();
  if (!validate(data)) throw malformed(name, validate.errors?.[0]);
  const prefix = nameless ? '' : '/episodes';
  if (nameless && agents.length !== 1)
    throw new LightbulbError('invalid_input', 'a recording without agent names needs an environment of one agent', {
      where: name,
      wanted: '1 agent',
      got: agents.join(', '),
    });
  const episodes = nameless
    ? (data as unknown as NamelessEpisode[]).map((episode) => nameEpisode(episode, agents[0]!))
    : (data as unknown as { episodes: NamedEpisode[] }).episodes.map(({ initial, ...rest }) => ({
        ...rest,
        level: initial,
      }));
  episodes.forEach((episode, index) => {
    requireLengths(episode, `${name}${prefix}/${index}`);
    requireAgents(episode, agents, `${name}${prefix}/${index}`);
  });
  return episodes;
}

interface NamelessEpisode {
  readonly state: readonly number[];
  readonly actions: readonly SpaceValue[];
  readonly observations: readonly (readonly number[])[];
  readonly rewards: readonly number[];
  readonly terminated: readonly boolean[];
  readonly truncated: readonly boolean[];
}

type NamedEpisode = Omit<RecordedEpisode, 'level'> & { readonly initial: Json };

function nameEpisode(episode: NamelessEpisode, agent: string): RecordedEpisode {
  const named = <Value>(values: readonly Value[]) => values.map((value) => ({ [agent]: value }));
  return {
    seed: 0,
    level: { state: episode.state },
    observations: named(episode.observations),
    actions: named(episode.actions),
    rewards: named(episode.rewards),
    terminated: named(episode.terminated),
    truncated: named(episode.truncated),
  };
}

function requireLengths(episode: RecordedEpisode, where: string): void {
  const steps = episode.actions.length;
  for (const part of ['observations', 'rewards', 'terminated', 'truncated'] as const) {
    const wanted = part === 'observations' ? steps + 1 : steps;
    if (episode[part].length !== wanted)
      throw new LightbulbError('invalid_input', 'a recording is incomplete', {
        where: `${where}/${part}`,
        wanted: `${wanted} entries (there are ${steps} actions)`,
        got: String(episode[part].length),
      });
  }
}

/** Everybody in the recording is in the environment, and the other way round. */
function requireAgents(episode: RecordedEpisode, agents: readonly string[], where: string): void {
  const recorded = Object.keys(episode.observations[0]!);
  if (recorded.length === agents.length && agents.every((agent) => recorded.includes(agent))) return;
  throw new LightbulbError('invalid_input', 'the recording has other agents than the environment', {
    where: `${where}/observations/0`,
    wanted: agents.join(', '),
    got: recorded.join(', '),
    cure: 'Record the same environment, or make this one with as many agents',
  });
}

function malformed(name: string, error: ErrorObject | undefined): LightbulbError {
  return new LightbulbError('invalid_input', 'not a recording', {
    where: `${name}${error?.instancePath ?? ''}`,
    wanted: error?.message ?? 'a list of episodes, or { environment, episodes }',
    cure: 'A list of { state, actions, observations, rewards, terminated, truncated }, or { environment, episodes: [{ seed, initial, ... }] }',
  });
}

const numbers = { type: 'array', items: { type: 'number' } };
const action = { anyOf: [{ type: 'number' }, numbers] };
const listOf = (items: object) => ({ type: 'array', items });
const perAgent = (value: object) => ({ type: 'object', additionalProperties: value, minProperties: 1 });

const episodeOf = (initial: object, each: (value: object) => object): object => ({
  type: 'object',
  required: [...Object.keys(initial), 'actions', 'observations', 'rewards', 'terminated', 'truncated'],
  properties: {
    ...initial,
    actions: listOf(each(action)),
    observations: { ...listOf(each(numbers)), minItems: 1 },
    rewards: listOf(each({ type: 'number' })),
    terminated: listOf(each({ type: 'boolean' })),
    truncated: listOf(each({ type: 'boolean' })),
  },
});

/** Compiled at its first use: few who load environments read recordings. */
function compiled(schema: object): () => ValidateFunction {
  let check: ValidateFunction | undefined;
  return () => {
    check ??= new Ajv({ allowUnionTypes: true }).compile(schema);
    return check;
  };
}

const namelessCheck = compiled({ ...listOf(episodeOf({ state: numbers }, (value) => value)), minItems: 1 });
const namedCheck = compiled({
  type: 'object',
  required: ['episodes'],
  properties: {
    episodes: {
      ...listOf(episodeOf({ seed: { type: 'number' }, initial: { type: 'object' } }, perAgent)),
      minItems: 1,
    },
  },
});
