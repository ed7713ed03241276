import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LightbulbError, suggest } from '../core/index.ts';
import type { Scenario } from './schema.ts';

/** What a scenario's learner may be called, and what it is. */
export const learners: Readonly<Record<Scenario['learner']['name'], string>> = {
  ppo: 'Proximal policy optimisation; with a central critic, MAPPO',
  iql: 'Independent Q-learning, with replay',
  vdn: "Value-decomposition networks: Q_tot is the sum of the agents' Q",
  qmix: "QMIX: a monotonic network mixes the agents' Q into Q_tot",
  dreamer: 'DreamerV3: a world model, and an actor and a critic that learn in its imagination',
  game: 'The minimax game through a learned world model: an adversary disturbs and chooses dreams',
  tabular: 'A world model of counts for each level, learned without rewards',
  'world-models': 'A world model from random play, linear controllers in its dreams',
  shared: 'A value network that all agents share over a bus, and a joint policy',
  gato: 'One multimodal transformer for many tasks, cloned from their experts',
  random: 'Uniform over legal actions; does not learn',
  scripted: "The environment's own hand-written controller; does not learn",
};

/** What chooses levels, and what it does. */
export const curricula: Readonly<Record<NonNullable<Scenario['curriculum']>['name'], string>> = {
  'domain-randomisation': 'Every level alike',
  'waker-m': "Levels by how large the world model's estimated error is",
  'waker-r': 'Levels by how fast that error falls',
  'gradual-expansion': 'Levels played before, and a share of any',
  hardest: 'The levels that a person calls the hardest, and no others',
  reweighting: 'Mostly the levels that a person calls hard',
  'true-error': "WAKER-M on the model's true error, where it can be told",
  fixed: 'One level, always',
  plr: 'Prioritised level replay, by what there is to learn; PPO alone',
  'robust-plr': 'The same, learning from replayed levels alone; PPO alone',
  accel: 'Robust level replay, and replayed levels changed a little; PPO alone',
  sfl: 'Levels that are solved about half of the time; PPO alone',
  minimax: 'An adversary builds levels that the agent does badly in; PPO alone',
  paired: 'An adversary builds levels that an antagonist does better in than the agent; PPO alone',
  'population-paired': 'The same, with more agents than two; PPO alone',
  repaired: "The same adversary's levels, replayed; agents learn from replayed ones alone; PPO alone",
};

const folder = fileURLToPath(new URL('.', import.meta.url));
const SUFFIX = '.json';

/** The scenarios that come with lightbulb, by name. */
export function presetNames(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX) && !name.endsWith('.schema.json'))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
}

/** The file of a scenario that comes with lightbulb. */
export function presetFile(name: string): string {
  return `${folder}${name}${SUFFIX}`;
}

/** The file that a person means: a path, or the name of a scenario that comes with lightbulb. */
export function scenarioFile(pathOrName: string): string {
  if (existsSync(pathOrName)) return pathOrName;
  const names = presetNames();
  if (names.includes(pathOrName)) return presetFile(pathOrName);
  throw new LightbulbError('invalid_input', 'there is no such scenario', {
    where: pathOrName,
    wanted: 'a file, or the name of a scenario that comes with lightbulb',
    cure: suggest(pathOrName, names),
  });
}
