import { checkPpo, hasMemory } from '../../agents/index.ts';
import { LightbulbError } from '../../core/index.ts';
import { type BatchedEnvironment, hasText, printSpace } from '../../worlds/index.ts';
import { castOf, type GameOptions } from './options.ts';

/**
 * Throws where the options of the game make no sense, together or for this environment, saying where in a scenario file:
 * `invalid_input` for numbers, `unsupported` for combinations.
 */
export function checkGame(options: GameOptions, environment: BatchedEnvironment, copies: number): void {
  checkNumbers(options);
  checkPlayers(options, environment);
  const { protagonist, prefill, length, batch, replay, selection, dreams, adversary, rewards } = options;
  const { levels, setLevel } = environment;
  const { needsModel, needsError } = castOf(options);
  if (dreams === 0 && !options.learnsInReality)
    throw wrong('dreams', 'dreams, where nothing is learned in reality', dreams);
  if (needsModel) {
    const rows = Math.max(length, protagonist.rollout) + 1;
    if (replay < copies * rows) throw wrong('replay', `at least ${copies * rows}: a sequence of each copy`, replay);
    if (prefill < copies * (length + 1))
      throw wrong('prefill', `at least ${copies * (length + 1)}: dreams begin in what was seen`, prefill);
    if (options.ratio * prefill < batch * length)
      throw wrong('ratio', 'at least one gradient step for the first real steps', options.ratio);
  }
  if (needsError && options.ensemble === null)
    throw new LightbulbError('invalid_input', "the model's error is estimated by an ensemble, and there is none", {
      where: '/learner/ensemble',
      wanted: 'its sizes, or {}',
      got: 'null',
    });
  if (selection.against === 'optimum' && levels?.optimum === undefined)
    throw unsupported('selection/against', 'the optimum of this environment is not known', 'Use "antagonist"');
  if (selection.collect === 'selected') {
    if (levels === undefined || setLevel === undefined)
      throw unsupported('selection/collect', 'this environment has no levels to choose from', 'Use "uniform"');
    const isRanked = selection.against === 'optimum' || (dreams > 0 && selection.by !== 'none');
    if (!isRanked)
      throw unsupported('selection/collect', 'nothing ranks levels here', 'Say what by: selection.by, and dreams');
  }
  if (rewards === 'error') {
    if (options.learnsInReality)
      throw unsupported('learnsInReality', 'the error that is learned from is imagined', 'Set it to false');
    if (adversary.objective === 'regret' || adversary.objective === 'value')
      throw unsupported('adversary/objective', 'without rewards there is neither regret nor value', 'Use "error"');
    if (selection.by === 'regret' || selection.by === 'value' || selection.against === 'optimum')
      throw unsupported('selection/by', 'without rewards there is neither regret nor value', 'Use "error"');
  }
}

/** Errors about how the players learn name their place among the protagonist's options. */
export function checkArena(options: GameOptions, arena: BatchedEnvironment): void {
  try {
    checkPpo(options.protagonist, arena, arena.batchSize);
  } catch (error) {
    if (!(error instanceof LightbulbError) || !error.parts.where?.startsWith('/learner')) throw error;
    const { where, ...parts } = error.parts;
    const problem = error.message.startsWith(where) ? error.message.slice(where.length + 2) : error.message;
    throw new LightbulbError(error.code, problem, {
      ...parts,
      where: where.replace('/learner', '/learner/protagonist'),
      cause: error,
    });
  }
}

function checkPlayers(options: GameOptions, { groups }: BatchedEnvironment): void {
  const [group, ...others] = groups;
  if (group === undefined || others.length > 0 || group.agents.length > 1 || group.masked)
    throw new LightbulbError('unsupported', 'the game is for one agent whose actions are all legal', {
      where: '/learner/name',
      got: groups.map(({ agents, masked }) => `${agents.join(', ')}${masked ? ' (masked)' : ''}`).join('; '),
    });
  if (hasText(group.observation) || group.action.type === 'text')
    throw new LightbulbError('unsupported', 'the game is for numbers, and this environment has text', {
      where: '/learner/name',
      got: printSpace(group.observation),
    });
  if (options.dreams > 0 && options.sees === 'observation' && group.observation.type !== 'box')
    throw unsupported('sees', 'only boxes can be seen in dreams as they were', 'Use "features"');
  const { critic, sharing, teamReward, network } = options.protagonist;
  if (critic !== 'independent' || sharing !== 'role' || teamReward)
    throw unsupported(
      'protagonist',
      'players of a game share neither critics, networks nor rewards',
      'Use "critic": "independent", "sharing": "role", "teamReward": false',
    );
  if (hasMemory(network) && !options.learnsInReality)
    throw unsupported(
      'protagonist/network',
      'who learns in dreams alone remembers nothing of reality',
      'Learn in reality too, or see features',
    );
}

const COUNTS = ['horizon', 'starts', 'replay', 'batch'] as const;
const POSITIVE = ['ratio', 'learningRate', 'adamEpsilon', 'maximumGradientNorm'] as const;

function checkNumbers(options: GameOptions): void {
  const { adversary, selection } = options;
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  for (const name of COUNTS) if (!isCount(options[name])) throw wrong(name, 'a whole number above 0', options[name]);
  for (const name of POSITIVE) if (!(options[name] > 0)) throw wrong(name, 'a number above 0', options[name]);
  for (const name of ['dreams', 'prefill'] as const)
    if (!(Number.isSafeInteger(options[name]) && options[name] >= 0))
      throw wrong(name, 'a whole number', options[name]);
  if (!(isCount(options.length) && options.length >= 2)) throw wrong('length', 'a whole number from 2', options.length);
  if (!(adversary.radius >= 0 && Number.isFinite(adversary.radius)))
    throw wrong('adversary/radius', 'a finite number of nats from 0', adversary.radius);
  if (!isCount(adversary.directions))
    throw wrong('adversary/directions', 'a whole number above 0', adversary.directions);
  if (adversary.floor !== null) {
    const { nats, draws } = adversary.floor;
    if (!(nats > 0)) throw wrong('adversary/floor/nats', 'a number above 0', nats);
    if (!(isCount(draws) && draws >= 2)) throw wrong('adversary/floor/draws', 'a whole number from 2', draws);
  }
  for (const name of ['randomShare', 'mutation'] as const)
    if (!(selection[name] >= 0 && selection[name] <= 1))
      throw wrong(`selection/${name}`, 'a number from 0 to 1', selection[name]);
  if (!(selection.temperature > 0)) throw wrong('selection/temperature', 'a number above 0', selection.temperature);
  if (!isCount(selection.memory)) throw wrong('selection/memory', 'a whole number above 0', selection.memory);
  if (selection.solvable !== null && !isCount(selection.solvable.tries))
    throw wrong('selection/solvable/tries', 'a whole number above 0', selection.solvable.tries);
}

function wrong(name: string, wanted: string, got: number): LightbulbError {
  return new LightbulbError('invalid_input', 'this number is out of range', {
    where: `/learner/${name}`,
    wanted,
    got: String(got),
  });
}

function unsupported(name: string, problem: string, cure: string): LightbulbError {
  return new LightbulbError('unsupported', problem, { where: `/learner/${name}`, cure });
}
