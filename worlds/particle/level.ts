import { type Json, LightbulbError, stream } from '../../core/index.ts';
import type { LevelSpace } from '../environment.ts';
import { levelNumber, levelNumbers, levelObject } from '../levels.ts';

/** What a level of a task consists of. */
export interface LevelShape {
  readonly name: string;
  readonly agents: number;
  readonly landmarks: number;
  /** The first so many agents know a goal. */
  readonly goals: number;
  /** Agents start within this distance of the centre in each axis, landmarks within that one. */
  readonly agentRange: number;
  readonly landmarkRange: number;
}

export interface ParticleLevel {
  readonly agents: readonly { readonly position: Point; readonly velocity: Point; readonly goal: number }[];
  readonly landmarks: readonly Point[];
}

type Point = readonly number[];

const FARTHEST = 100;
const REST: Point = [0, 0];

/**
 * Reads `{ agents: [{ p_pos, p_vel?, goal_b? }], landmarks: [{ p_pos }] }`, the names that PettingZoo's own state has;
 * other keys are passed over, so that a recorded state is a level. `goal_b` (a landmark's index) is needed of agents
 * that have a goal.
 */
export function parseLevel(shape: LevelShape, level: Json): ParticleLevel {
  const object = levelObject(shape.name, level);
  return {
    agents: list(shape, object, 'agents', shape.agents).map((each, i) => {
      const where = `${shape.name}, agents/${i}`;
      const agent = levelObject(where, each);
      return {
        position: point(where, agent, 'p_pos') ?? missing(where, 'p_pos'),
        velocity: point(where, agent, 'p_vel') ?? REST,
        goal: i < shape.goals ? goal(where, agent, shape.landmarks) : 0,
      };
    }),
    landmarks: list(shape, object, 'landmarks', shape.landmarks).map((each, i) => {
      const where = `${shape.name}, landmarks/${i}`;
      return point(where, levelObject(where, each), 'p_pos') ?? missing(where, 'p_pos');
    }),
  };
}

/** Levels drawn as the task itself draws its starts; a mutation moves one agent or landmark a little. */
export function particleLevels(shape: LevelShape): LevelSpace {
  return {
    generate(seed) {
      const random = stream(seed, 'level');
      const place = (range: number): Point => [random.between(-range, range), random.between(-range, range)];
      return {
        agents: Array.from({ length: shape.agents }, (_, i) => ({
          p_pos: place(shape.agentRange),
          p_vel: REST,
          ...(i < shape.goals ? { goal_b: random.integer(shape.landmarks) } : {}),
        })),
        landmarks: Array.from({ length: shape.landmarks }, () => ({ p_pos: place(shape.landmarkRange) })),
      };
    },
    mutate(level, seed) {
      const { agents, landmarks } = parseLevel(shape, level);
      const random = stream(seed, 'level/mutate');
      const chosen = random.integer(shape.agents + shape.landmarks);
      const shift = (position: Point, index: number, range: number): Point =>
        index === chosen
          ? position.map((each) => Math.min(range, Math.max(-range, each + 0.2 * range * random.normal())))
          : position;
      return {
        agents: agents.map(({ position, velocity, goal }, i) => ({
          p_pos: shift(position, i, shape.agentRange),
          p_vel: velocity,
          ...(i < shape.goals ? { goal_b: goal } : {}),
        })),
        landmarks: landmarks.map((position, i) => ({ p_pos: shift(position, shape.agents + i, shape.landmarkRange) })),
      };
    },
  };
}

type JsonObject = ReturnType<typeof levelObject>;

function list(shape: LevelShape, object: JsonObject, key: string, length: number): readonly Json[] {
  const value = object[key];
  if (Array.isArray(value) && value.length === length) return value as readonly Json[];
  throw new LightbulbError('invalid_input', `the level's "${key}" are not usable`, {
    where: shape.name,
    wanted: `a list of ${length}`,
    got: Array.isArray(value) ? `a list of ${value.length}` : JSON.stringify(value),
  });
}

function point(where: string, object: JsonObject, key: string): Point | undefined {
  return levelNumbers(where, object, key, [FARTHEST, FARTHEST]);
}

function goal(where: string, object: JsonObject, landmarks: number): number {
  const index = levelNumber(where, object, 'goal_b', [0, landmarks - 1], -1);
  return Number.isInteger(index) && index >= 0 ? index : missing(where, 'goal_b');
}

function missing(where: string, key: string): never {
  throw new LightbulbError('invalid_input', `a level needs "${key}" here`, { where });
}
