import type { Json } from '../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from './batched.ts';
import { Copies } from './copies.ts';
import type { LevelSpace } from './environment.ts';
import { requireCount, requireFinite } from './guards.ts';
import { levelNumber, levelNumbers, levelObject, narrowRanges, parameterLevels, type Ranges } from './levels.ts';
import { Solo } from './solo.ts';

/** Besides `maximumSteps`, the ranges [low, high] that levels are drawn from; by default all that a level may hold. */
export interface PendulumOptions extends Partial<Ranges<keyof typeof PENDULUM_RANGES>> {
  /** Episodes are truncated after this many steps. Default 200. */
  readonly maximumSteps?: number;
}

/** What a level may hold: metres per second squared, metres, kilograms. */
export const PENDULUM_RANGES = {
  gravity: [5, 15],
  length: [0.5, 1.5],
  mass: [0.5, 1.5],
} as const satisfies Ranges;

const SECONDS = 0.05;
const MAXIMUM_SPEED = 8;
const MAXIMUM_TORQUE = 2;
const TURN = 2 * Math.PI;
const NAME = 'pendulum';

const GROUPS: readonly [Group] = [
  {
    name: 'agent',
    agents: ['agent_0'],
    observation: { type: 'box', shape: [3], low: [-1, -1, -MAXIMUM_SPEED], high: [1, 1, MAXIMUM_SPEED] },
    action: { type: 'box', shape: [1], low: -MAXIMUM_TORQUE, high: MAXIMUM_TORQUE },
    masked: false,
  },
];

/**
 * A pendulum to be swung up by a torque too weak to lift it, with the equations of Gymnasium's Pendulum-v1: steps of
 * 0.05 s, speed before angle; torque clipped to 2 N m, speed to 8 rad/s; reward
 * -(angle^2 + 0.1 speed^2 + 0.001 torque^2) of the state before the step, angle 0 upright and within [-pi, pi);
 * never terminated. Observation [cos angle, sin angle, speed].
 *
 * Level: `{ gravity?, length?, mass?, state? }`; `state` is [angle, speed], otherwise uniform in [-pi, pi], [-1, 1].
 */
export function pendulum(copies: number, options: PendulumOptions = {}): BatchedEnvironment {
  return new Pendulum(
    requireCount(NAME, 'copies', copies),
    requireCount(NAME, 'maximumSteps', options.maximumSteps ?? 200),
    narrowRanges(NAME, PENDULUM_RANGES, options),
  );
}

/**
 * Energy shaping (Astrom and Furuta 2000): pumps the energy towards that of standing upright, and holds it there by a
 * proportional and differential rule once it is near. About -140 an episode, where random play has about -1200.
 */
export function swingUp(observation: Float32Array, offset: number): number {
  const cosine = observation[offset]!;
  const sine = observation[offset + 1]!;
  const speed = observation[offset + 2]!;
  if (cosine > 0.9 && Math.abs(speed) < 3) return clamp(-20 * Math.atan2(sine, cosine) - 4 * speed, MAXIMUM_TORQUE);
  // Per mass and length: kinetic speed^2 / 6 and potential 5 cos, which is 5 upright.
  const missing = 5 - (speed * speed) / 6 - 5 * cosine;
  // From rest there is no direction to pump in: any will do.
  return clamp(8 * missing, MAXIMUM_TORQUE) * (speed < 0 ? -1 : 1);
}

interface Level {
  readonly gravity: number;
  readonly length: number;
  readonly mass: number;
  readonly state: readonly number[] | undefined;
}

const STANDARD: Level = { gravity: 10, length: 1, mass: 1, state: undefined };

function parseLevel(level: Json): Level {
  const object = levelObject(NAME, level, ['state', ...Object.keys(PENDULUM_RANGES)]);
  const number = (key: keyof typeof PENDULUM_RANGES): number =>
    levelNumber(NAME, object, key, PENDULUM_RANGES[key], STANDARD[key]);
  return {
    gravity: number('gravity'),
    length: number('length'),
    mass: number('mass'),
    state: levelNumbers(NAME, object, 'state', [100, MAXIMUM_SPEED]),
  };
}

class Pendulum extends Solo<Level> {
  readonly levels: LevelSpace;
  protected readonly copies: Copies<Level>;
  private readonly angle: Float64Array;
  private readonly speed: Float64Array;
  private readonly gravity: Float64Array;
  private readonly length: Float64Array;
  private readonly mass: Float64Array;
  private readonly steps: Int32Array;

  constructor(batchSize: number, maximumSteps: number, ranges: Ranges<keyof typeof PENDULUM_RANGES>) {
    super(batchSize, maximumSteps, GROUPS);
    this.levels = parameterLevels(ranges);
    const numbers = (): Float64Array => new Float64Array(batchSize);
    this.angle = numbers();
    this.speed = numbers();
    this.gravity = numbers();
    this.length = numbers();
    this.mass = numbers();
    this.steps = new Int32Array(batchSize);
    const { angle, speed, gravity, length, mass, steps } = this;
    this.copies = new Copies(NAME, batchSize, { angle, speed, gravity, length, mass, steps }, parseLevel);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const torques = requireFinite(NAME, GROUPS[0], this.batchSize, actions[0]);
    const out = this.requireOutput(output);
    const { batchSize, maximumSteps, angle, speed, gravity, length, mass, steps } = this;
    const { reward, truncated } = out;
    for (let b = 0; b < batchSize; b++) {
      const torque = clamp(torques[b]!, MAXIMUM_TORQUE);
      const theta = angle[b]!;
      const before = speed[b]!;
      const rod = length[b]!;
      const off = upright(theta);
      reward[b] = -(off * off + 0.1 * (before * before) + 0.001 * (torque * torque));
      const push = ((3 * gravity[b]!) / (2 * rod)) * Math.sin(theta) + (3 / (mass[b]! * (rod * rod))) * torque;
      const after = clamp(before + push * SECONDS, MAXIMUM_SPEED);
      speed[b] = after;
      angle[b] = theta + after * SECONDS;
      const step = steps[b]! + 1;
      steps[b] = step;
      const late = step >= maximumSteps;
      truncated[b] = late ? 1 : 0;
      if (late) {
        this.observe(b, out.finalObservation);
        this.begin(b);
      }
      this.observe(b, out.observation);
    }
    out.terminated.fill(0);
    out.alive.fill(1);
  }

  protected begin(b: number): void {
    const level = this.copies.level(b) ?? STANDARD;
    const random = this.copies.stream(b);
    this.angle[b] = level.state?.[0] ?? random.between(-Math.PI, Math.PI);
    this.speed[b] = level.state?.[1] ?? random.between(-1, 1);
    this.gravity[b] = level.gravity;
    this.length[b] = level.length;
    this.mass[b] = level.mass;
    this.steps[b] = 0;
  }

  protected observe(b: number, out: Float32Array): void {
    out[b * 3] = Math.cos(this.angle[b]!);
    out[b * 3 + 1] = Math.sin(this.angle[b]!);
    out[b * 3 + 2] = this.speed[b]!;
  }
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}

/** The same angle within [-pi, pi). */
function upright(angle: number): number {
  const turned = (angle + Math.PI) % TURN;
  return (turned < 0 ? turned + TURN : turned) - Math.PI;
}
