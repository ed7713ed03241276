/** Seconds of one step. */
const SECONDS = 0.1;
/** What is left of a velocity after one step. */
const DAMPED = 1 - 0.25;
const CONTACT_FORCE = 100;
const CONTACT_MARGIN = 1e-3;
/**
 * Beyond this distance between two surfaces their force is below 1e-16, less than what float64 can add to a speed of 1:
 * no root, no logarithm, no exponential is computed for it.
 */
const CONTACT_REACH = 37 * CONTACT_MARGIN;
/** Forces of the five moves: stay, left, right, down, up. */
const MOVE_X = Float64Array.of(0, -1, 1, 0, 0);
const MOVE_Y = Float64Array.of(0, 0, 0, -1, 1);

/** How many moves there are. In an action, the word to say counts in steps of this. */
export const MOVES = 5;
export const MOVE_LABELS: readonly string[] = ['stay', 'left', 'right', 'down', 'up'];

/** What the agents of one group are made of. Lengths in units of the arena's half-width, mass 1. */
export interface Build {
  readonly radius: number;
  /** Force of a move. */
  readonly thrust: number;
  readonly maximumSpeed: number;
  /** One that cannot move only speaks. */
  readonly movable: boolean;
  /** Size of its vocabulary, 0 for the silent. */
  readonly words: number;
}

/** What stands in the arena. */
export interface Arena {
  /** One per agent, in the environment's order. */
  readonly builds: readonly Build[];
  readonly landmarks: number;
  readonly landmarkRadius: number;
  readonly agentsCollide: boolean;
  readonly landmarksCollide: boolean;
}

/**
 * The discs of the multi-agent particle environments (Lowe et al. 2017, arXiv 1706.02275; Mordatch and Abbeel 2017)
 * and their physics as in PettingZoo 1.23 and newer: a step moves every disc by its old velocity and then changes the
 * velocity; older versions did it the other way round.
 *
 * `N` agents and `M` landmarks in each of `B` copies. Everything is float64, agents inside copies.
 */
export class Bodies {
  readonly agents: number;
  readonly landmarks: number;
  /** [B, N] each: positions, velocities. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly vx: Float64Array;
  readonly vy: Float64Array;
  /** [B, M] each. */
  readonly landmarkX: Float64Array;
  readonly landmarkY: Float64Array;
  /** [B, N]: the word said in the last step, -1 for silence. */
  readonly word: Int32Array;
  /** [B, N]: the landmark an agent knows of as a goal, 0 where the task has none. */
  readonly goal: Int32Array;

  private readonly forceX: Float64Array;
  private readonly forceY: Float64Array;
  /** [N, N] each: the distance at which two agents touch, and the square of that at which they feel each other. */
  private readonly touch: Float64Array;
  private readonly reach: Float64Array;
  /** [N] each: the same towards landmarks. */
  private readonly landmarkTouch: Float64Array;
  private readonly landmarkReach: Float64Array;
  private readonly maximumSpeed: Float64Array;
  private readonly movable: Uint8Array;

  constructor(
    readonly copies: number,
    readonly arena: Arena,
  ) {
    const { builds, landmarks, landmarkRadius } = arena;
    const agents = builds.length;
    this.agents = agents;
    this.landmarks = landmarks;
    const perAgent = (): Float64Array => new Float64Array(copies * agents);
    this.x = perAgent();
    this.y = perAgent();
    this.vx = perAgent();
    this.vy = perAgent();
    this.forceX = perAgent();
    this.forceY = perAgent();
    this.landmarkX = new Float64Array(copies * landmarks);
    this.landmarkY = new Float64Array(copies * landmarks);
    this.word = new Int32Array(copies * agents).fill(-1);
    this.goal = new Int32Array(copies * agents);
    this.touch = Float64Array.from(builds.flatMap((a) => builds.map((b) => a.radius + b.radius)));
    this.reach = this.touch.map((distance) => (distance + CONTACT_REACH) ** 2);
    this.landmarkTouch = Float64Array.from(builds, (build) => build.radius + landmarkRadius);
    this.landmarkReach = this.landmarkTouch.map((distance) => (distance + CONTACT_REACH) ** 2);
    this.maximumSpeed = Float64Array.from(builds, (build) => build.maximumSpeed);
    this.movable = Uint8Array.from(builds, (build) => (build.movable ? 1 : 0));
  }

  /** The arrays that decide the future, by name. */
  arrays(): Record<string, Float64Array | Int32Array> {
    const { x, y, vx, vy, landmarkX, landmarkY, word, goal } = this;
    return { x, y, vx, vy, landmarkX, landmarkY, word, goal };
  }

  /**
   * Takes the actions [B, count] of the agents from `first` on, which are all built alike: a move, a word, or
   * `move + 5 * word`.
   */
  act(first: number, count: number, actions: Int32Array): void {
    const { agents, copies, forceX, forceY, word } = this;
    const { thrust, movable, words } = this.arena.builds[first]!;
    for (let b = 0, at = 0; b < copies; b++) {
      for (let i = b * agents + first, end = i + count; i < end; i++, at++) {
        const action = actions[at]!;
        if (words === 0) {
          forceX[i] = MOVE_X[action]! * thrust;
          forceY[i] = MOVE_Y[action]! * thrust;
        } else if (movable) {
          const said = Math.floor(action / MOVES);
          forceX[i] = MOVE_X[action - MOVES * said]! * thrust;
          forceY[i] = MOVE_Y[action - MOVES * said]! * thrust;
          word[i] = said;
        } else {
          word[i] = action;
        }
      }
    }
  }

  /** One step of 0.1 s after every agent's `act`. */
  advance(): void {
    if (this.arena.agentsCollide) this.collideAgents();
    if (this.arena.landmarksCollide) this.collideLandmarks();
    this.integrate();
  }

  private collideAgents(): void {
    const { agents, copies, x, y, touch, reach } = this;
    for (let b = 0, base = 0; b < copies; b++, base += agents) {
      for (let i = 0; i < agents; i++) {
        const xi = x[base + i]!;
        const yi = y[base + i]!;
        for (let j = i + 1; j < agents; j++) {
          const dx = xi - x[base + j]!;
          const dy = yi - y[base + j]!;
          const square = dx * dx + dy * dy;
          if (square < reach[i * agents + j]!) {
            const push = contact(square, touch[i * agents + j]!);
            this.push(base + i, push * dx, push * dy);
            this.push(base + j, -push * dx, -push * dy);
          }
        }
      }
    }
  }

  private collideLandmarks(): void {
    const { agents, landmarks, copies, x, y, landmarkX, landmarkY, landmarkTouch, landmarkReach } = this;
    for (let b = 0; b < copies; b++) {
      for (let i = 0; i < agents; i++) {
        const body = b * agents + i;
        for (let k = b * landmarks, end = k + landmarks; k < end; k++) {
          const dx = x[body]! - landmarkX[k]!;
          const dy = y[body]! - landmarkY[k]!;
          const square = dx * dx + dy * dy;
          if (square < landmarkReach[i]!) {
            const push = contact(square, landmarkTouch[i]!);
            this.push(body, push * dx, push * dy);
          }
        }
      }
    }
  }

  private push(body: number, dx: number, dy: number): void {
    this.forceX[body] = this.forceX[body]! + dx;
    this.forceY[body] = this.forceY[body]! + dy;
  }

  private integrate(): void {
    const { agents, copies, x, y, vx, vy, forceX, forceY, maximumSpeed, movable } = this;
    for (let b = 0, at = 0; b < copies; b++) {
      for (let i = 0; i < agents; i++, at++) {
        if (movable[i] === 0) continue;
        x[at] = x[at]! + vx[at]! * SECONDS;
        y[at] = y[at]! + vy[at]! * SECONDS;
        let nextX = vx[at]! * DAMPED + forceX[at]! * SECONDS;
        let nextY = vy[at]! * DAMPED + forceY[at]! * SECONDS;
        const fastest = maximumSpeed[i]!;
        const square = nextX * nextX + nextY * nextY;
        if (square > fastest * fastest) {
          const slower = fastest / Math.sqrt(square);
          nextX *= slower;
          nextY *= slower;
        }
        vx[at] = nextX;
        vy[at] = nextY;
      }
    }
  }
}

/**
 * Force between two discs, divided by their distance: a softened spring on how deep they overlap. `square` is the
 * distance squared. Two discs at the very same point have no direction to part in and are left alone.
 */
function contact(square: number, touch: number): number {
  if (square === 0) return 0;
  const distance = Math.sqrt(square);
  const depth = (touch - distance) / CONTACT_MARGIN;
  // log(1 + e^depth) without overflow.
  const soft = Math.max(depth, 0) + Math.log1p(Math.exp(-Math.abs(depth)));
  return (CONTACT_FORCE * soft * CONTACT_MARGIN) / distance;
}
