import type { Json } from '../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from './batched.ts';
import { Copies } from './copies.ts';
import type { LevelSpace } from './environment.ts';
import { requireChoices, requireCount, UNBOUNDED } from './guards.ts';
import { levelNumber, levelNumbers, levelObject, narrowRanges, parameterLevels, type Ranges } from './levels.ts';
import { Solo } from './solo.ts';

/** Besides `maximumSteps`, the ranges [low, high] that levels are drawn from; by default all that a level may hold. */
export interface CartPoleOptions extends Partial<Ranges<keyof typeof CARTPOLE_RANGES>> {
  /** Episodes are truncated after this many steps. Default 500. */
  readonly maximumSteps?: number;
}

/**
 * What a level may hold: metres, kilograms, newtons. Friction of the cart on its track is a share of the force that
 * presses it down; that of the pole at its joint is a torque for each radian a second, in N m s.
 */
export const CARTPOLE_RANGES = {
  poleHalfLength: [0.1, 2],
  massPole: [0.01, 1],
  massCart: [0.2, 5],
  force: [2, 30],
  cartFriction: [0, 0.5],
  poleFriction: [0, 0.05],
} as const satisfies Ranges;

const GRAVITY = 9.8;
const SECONDS = 0.02;
const MAXIMUM_X = 2.4;
const MAXIMUM_THETA = (12 * 2 * Math.PI) / 360;
const NAME = 'cartpole';
/** Angles of up to 0.3, more than an episode reaches unless a level says so, need no reduction to a smaller one. */
const SMALL_SQUARE = 0.09;

const GROUPS: readonly [Group] = [
  {
    name: 'agent',
    agents: ['agent_0'],
    observation: {
      type: 'box',
      shape: [4],
      low: [-2 * MAXIMUM_X, -UNBOUNDED, -2 * MAXIMUM_THETA, -UNBOUNDED],
      high: [2 * MAXIMUM_X, UNBOUNDED, 2 * MAXIMUM_THETA, UNBOUNDED],
    },
    action: { type: 'discrete', n: 2, labels: ['left', 'right'] },
    masked: false,
  },
];

/**
 * A pole on a cart that is pushed left or right (Barto, Sutton and Anderson 1983), with the dynamics of Gymnasium's
 * CartPole-v1: Euler steps of 0.02 s; reward 1 a step; terminated where |x| > 2.4 m or |angle| > 12 degrees. State in
 * float64 as there, observation [x, xDot, theta, thetaDot] in float32 (m, m/s, rad, rad/s).
 *
 * Level: `{ poleHalfLength?, massPole?, massCart?, force?, cartFriction?, poleFriction?, state? }`; `state` is [x, xDot,
 * theta, thetaDot], otherwise each is uniform in [-0.05, 0.05]. Friction is 0 unless a level has it, as in Gymnasium; with
 * it, the track presses back with more or less than the weight, which Barto, Sutton and Anderson left out and Florian 2007
 * ("Correct equations for the dynamics of the cart-pole system") put right. A cart at rest is not held by friction.
 */
export function cartpole(copies: number, options: CartPoleOptions = {}): BatchedEnvironment {
  return new CartPole(
    requireCount(NAME, 'copies', copies),
    requireCount(NAME, 'maximumSteps', options.maximumSteps ?? 500),
    narrowRanges(NAME, CARTPOLE_RANGES, options),
  );
}

/** Pushes against where the pole falls to: a linear rule that balances for the whole episode. */
export function balancePole(observation: Float32Array, offset: number): number {
  const lean =
    0.05 * observation[offset]! +
    0.15 * observation[offset + 1]! +
    observation[offset + 2]! +
    0.5 * observation[offset + 3]!;
  return lean > 0 ? 1 : 0;
}

interface Level {
  readonly poleHalfLength: number;
  readonly massPole: number;
  readonly massCart: number;
  readonly force: number;
  readonly cartFriction: number;
  readonly poleFriction: number;
  readonly state: readonly number[] | undefined;
}

const STANDARD: Level = {
  poleHalfLength: 0.5,
  massPole: 0.1,
  massCart: 1,
  force: 10,
  cartFriction: 0,
  poleFriction: 0,
  state: undefined,
};

function parseLevel(level: Json): Level {
  const object = levelObject(NAME, level, ['state', ...Object.keys(CARTPOLE_RANGES)]);
  const number = (key: keyof typeof CARTPOLE_RANGES): number =>
    levelNumber(NAME, object, key, CARTPOLE_RANGES[key], STANDARD[key]);
  return {
    poleHalfLength: number('poleHalfLength'),
    massPole: number('massPole'),
    massCart: number('massCart'),
    force: number('force'),
    cartFriction: number('cartFriction'),
    poleFriction: number('poleFriction'),
    state: levelNumbers(NAME, object, 'state', [MAXIMUM_X, 100, MAXIMUM_THETA, 100]),
  };
}

class CartPole extends Solo<Level> {
  readonly levels: LevelSpace;
  protected readonly copies: Copies<Level>;
  private readonly x: Float64Array;
  private readonly xDot: Float64Array;
  private readonly theta: Float64Array;
  private readonly thetaDot: Float64Array;
  private readonly halfLength: Float64Array;
  private readonly massPole: Float64Array;
  private readonly massCart: Float64Array;
  private readonly force: Float64Array;
  private readonly cartFriction: Float64Array;
  private readonly poleFriction: Float64Array;
  private readonly steps: Int32Array;

  constructor(batchSize: number, maximumSteps: number, ranges: Ranges<keyof typeof CARTPOLE_RANGES>) {
    super(batchSize, maximumSteps, GROUPS);
    this.levels = parameterLevels(ranges);
    const numbers = (): Float64Array => new Float64Array(batchSize);
    this.x = numbers();
    this.xDot = numbers();
    this.theta = numbers();
    this.thetaDot = numbers();
    this.halfLength = numbers();
    this.massPole = numbers();
    this.massCart = numbers();
    this.force = numbers();
    this.cartFriction = numbers();
    this.poleFriction = numbers();
    this.steps = new Int32Array(batchSize);
    const { x, xDot, theta, thetaDot, halfLength, massPole, massCart, force, cartFriction, poleFriction, steps } = this;
    const motion = { x, xDot, theta, thetaDot, steps };
    const arrays = { ...motion, halfLength, massPole, massCart, force, cartFriction, poleFriction };
    this.copies = new Copies(NAME, batchSize, arrays, parseLevel);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const choice = requireChoices(NAME, GROUPS[0], this.batchSize, 2, actions[0]);
    const out = this.requireOutput(output);
    const { observation, terminated, truncated } = out;
    const { batchSize, maximumSteps, x, xDot, theta, thetaDot, halfLength, massPole, massCart, force, steps } = this;
    const { cartFriction, poleFriction } = this;
    for (let b = 0; b < batchSize; b++) {
      // Arithmetic, not a branch: no processor predicts a policy, and guessing wrong costs a third of the speed.
      const push = (2 * choice[b]! - 1) * force[b]!;
      const angle = theta[b]!;
      const spin = thetaDot[b]!;
      const square = angle * angle;
      const isSmall = square < SMALL_SQUARE;
      const sine = isSmall ? smallSine(angle, square) : Math.sin(angle);
      const cosine = isSmall ? smallCosine(square) : Math.cos(angle);
      const length = halfLength[b]!;
      const pole = massPole[b]!;
      const total = pole + massCart[b]!;
      const moment = pole * length;
      const thrust = (push + moment * (spin * spin) * sine) / total;
      let turn = (GRAVITY * sine - cosine * thrust) / (length * (4 / 3 - (pole * (cosine * cosine)) / total));
      let acceleration = thrust - (moment * turn * cosine) / total;
      const track = cartFriction[b]!;
      const joint = poleFriction[b]!;
      if (track + joint > 0) {
        const drag = track * Math.sign(xDot[b]!);
        const damping = (joint * spin) / moment;
        turn = turnWithFriction(sine, cosine, spin, length, pole / total, thrust, drag, damping);
        let pressure = total * GRAVITY - moment * (turn * sine + spin * spin * cosine);
        if (pressure < 0) {
          // The cart hangs on its track: friction is still against its motion, but of the other side.
          turn = turnWithFriction(sine, cosine, spin, length, pole / total, thrust, -drag, damping);
          pressure = moment * (turn * sine + spin * spin * cosine) - total * GRAVITY;
        }
        acceleration = thrust - (moment * turn * cosine + drag * pressure) / total;
      }
      const nextX = x[b]! + SECONDS * xDot[b]!;
      const nextXDot = xDot[b]! + SECONDS * acceleration;
      const nextTheta = angle + SECONDS * spin;
      const nextThetaDot = spin + SECONDS * turn;
      x[b] = nextX;
      xDot[b] = nextXDot;
      theta[b] = nextTheta;
      thetaDot[b] = nextThetaDot;
      const step = steps[b]! + 1;
      steps[b] = step;
      const fallen = nextX < -MAXIMUM_X || nextX > MAXIMUM_X || nextTheta < -MAXIMUM_THETA || nextTheta > MAXIMUM_THETA;
      const late = step >= maximumSteps;
      terminated[b] = fallen ? 1 : 0;
      truncated[b] = late && !fallen ? 1 : 0;
      if (fallen || late) {
        this.observe(b, out.finalObservation);
        this.begin(b);
        this.observe(b, observation);
      } else {
        const at = b * 4;
        observation[at] = nextX;
        observation[at + 1] = nextXDot;
        observation[at + 2] = nextTheta;
        observation[at + 3] = nextThetaDot;
      }
    }
    out.reward.fill(1);
    out.alive.fill(1);
  }

  protected begin(b: number): void {
    const level = this.copies.level(b) ?? STANDARD;
    const random = this.copies.stream(b);
    const state = level.state;
    this.x[b] = state?.[0] ?? random.between(-0.05, 0.05);
    this.xDot[b] = state?.[1] ?? random.between(-0.05, 0.05);
    this.theta[b] = state?.[2] ?? random.between(-0.05, 0.05);
    this.thetaDot[b] = state?.[3] ?? random.between(-0.05, 0.05);
    this.halfLength[b] = level.poleHalfLength;
    this.massPole[b] = level.massPole;
    this.massCart[b] = level.massCart;
    this.force[b] = level.force;
    this.cartFriction[b] = level.cartFriction;
    this.poleFriction[b] = level.poleFriction;
    this.steps[b] = 0;
  }

  protected observe(b: number, out: Float32Array): void {
    const at = b * 4;
    out[at] = this.x[b]!;
    out[at + 1] = this.xDot[b]!;
    out[at + 2] = this.theta[b]!;
    out[at + 3] = this.thetaDot[b]!;
  }
}

/**
 * Angular acceleration, rad/s^2, with friction: Newton's and Euler's laws for cart and pole (Florian 2007), solved for it. `share`: the pole's of the whole mass; `thrust`: what would
 * push the cart without friction, m/s^2; `drag`: the coefficient of friction, with the sign of pressure x velocity;
 * `damping`: the joint's torque over the pole's mass and half length, m/s^2.
 */
function turnWithFriction(
  sine: number,
  cosine: number,
  spin: number,
  length: number,
  share: number,
  thrust: number,
  drag: number,
  damping: number,
): number {
  const push = thrust + share * length * (spin * spin) * drag * cosine - drag * GRAVITY;
  return (GRAVITY * sine - cosine * push - damping) / (length * (4 / 3 - share * cosine * (cosine - drag * sine)));
}

/**
 * sin x, |x| <= 0.3, to the last bit as Math.sin has it (test/worlds/cartpole.test.ts), but cheaper: the
 * minimax polynomial of fdlibm (Sun Microsystems 1993, netlib.org/fdlibm), without what leads up to it. The last bit
 * matters: the pole is unstable, and a rounding grows to 1e-5 within 350 steps. `square` is x^2.
 */
function smallSine(x: number, square: number): number {
  const tail = 2.7557313707070068e-6 + square * (-2.5050760253406863e-8 + square * 1.58969099521155e-10);
  const series = 0.00833333333332249 + square * (-0.0001984126982985795 + square * tail);
  return x + square * x * (-0.16666666666666632 + square * series);
}

/** cos x, likewise. */
function smallCosine(square: number): number {
  const tail = -2.7557314351390663e-7 + square * (2.087572321298175e-9 + square * -1.1359647557788195e-11);
  const series = -0.001388888888887411 + square * (2.480158728947673e-5 + square * tail);
  const rest = square * (0.0416666666666666 + square * series);
  return 1 - (0.5 * square - square * rest);
}
