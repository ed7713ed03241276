import type { BatchedEnvironment } from '../batched.ts';
import { requireCount } from '../guards.ts';
import type { Bodies } from './bodies.ts';
import { ParticleEnvironment, type ParticleTask, type Role } from './environment.ts';

export interface SimpleTagOptions {
  /** Default 3. */
  readonly adversaries?: number;
  /** The hunted. Default 1. */
  readonly prey?: number;
  /** Default 2. */
  readonly obstacles?: number;
  /** Steps of an episode. Default 25. */
  readonly cycles?: number;
}

const NAME = 'simple_tag';
const ADVERSARY = { radius: 0.075, thrust: 3, maximumSpeed: 1, movable: true, words: 0 } as const;
const PREY = { radius: 0.05, thrust: 4, maximumSpeed: 1.3, movable: true, words: 0 } as const;
const CAUGHT = (ADVERSARY.radius + PREY.radius) ** 2;
const CATCH = 10;

/**
 * PettingZoo's `simple_tag_v3`: slow adversaries hunt fast prey among obstacles. For every pair of an adversary and a
 * prey that overlap, all adversaries get 10 and that prey -10; prey also pays for leaving the arena. Observation: own
 * velocity and position, obstacles and all other agents relative to oneself, and the velocities of the prey other than
 * oneself.
 */
export function simpleTag(copies: number, options: SimpleTagOptions = {}): BatchedEnvironment {
  const task = new Tag(
    requireCount(NAME, 'adversaries', options.adversaries ?? 3),
    requireCount(NAME, 'prey', options.prey ?? 1),
    requireCount(NAME, 'obstacles', options.obstacles ?? 2, 0),
  );
  const cycles = requireCount(NAME, 'cycles', options.cycles ?? 25);
  return new ParticleEnvironment(task, requireCount(NAME, 'copies', copies), cycles);
}

class Tag implements ParticleTask {
  readonly name = NAME;
  readonly roles: readonly Role[];
  readonly landmarkRadius = 0.2;
  readonly landmarkRange = 0.9;
  readonly agentsCollide = true;
  readonly landmarksCollide = true;
  readonly goals = 0;

  constructor(
    private readonly adversaries: number,
    private readonly prey: number,
    readonly landmarks: number,
  ) {
    const width = 4 + 2 * landmarks + 2 * (adversaries + prey - 1) + 2 * prey;
    const names = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name}_${i}`);
    this.roles = [
      { name: 'adversary', agents: names('adversary', adversaries), build: ADVERSARY, width },
      { name: 'agent', agents: names('agent', prey), build: PREY, width: width - 2 },
    ];
  }

  observe(bodies: Bodies, out: readonly Float32Array[]): void {
    this.observeRole(bodies, 0, this.adversaries, out[0]!);
    this.observeRole(bodies, this.adversaries, this.prey, out[1]!);
  }

  reward({ copies, agents, x, y }: Bodies, out: readonly Float32Array[]): void {
    const { adversaries, prey } = this;
    const hunters = out[0]!;
    const hunted = out[1]!;
    for (let b = 0, base = 0; b < copies; b++, base += agents) {
      let catches = 0;
      for (let p = 0; p < prey; p++) {
        const body = base + adversaries + p;
        let caught = 0;
        for (let a = base, end = base + adversaries; a < end; a++) {
          const dx = x[a]! - x[body]!;
          const dy = y[a]! - y[body]!;
          if (dx * dx + dy * dy < CAUGHT) caught++;
        }
        catches += caught;
        hunted[b * prey + p] = 0 - CATCH * caught - fine(x[body]!) - fine(y[body]!);
      }
      hunters.fill(CATCH * catches, b * adversaries, (b + 1) * adversaries);
    }
  }

  private observeRole(bodies: Bodies, first: number, count: number, target: Float32Array): void {
    const { copies, agents, landmarks, x, y, vx, vy, landmarkX, landmarkY } = bodies;
    let at = 0;
    for (let b = 0; b < copies; b++) {
      const base = b * agents;
      const end = base + agents;
      for (let self = base + first, last = self + count; self < last; self++) {
        const ownX = x[self]!;
        const ownY = y[self]!;
        target[at++] = vx[self]!;
        target[at++] = vy[self]!;
        target[at++] = ownX;
        target[at++] = ownY;
        for (let k = b * landmarks, all = k + landmarks; k < all; k++) {
          target[at++] = landmarkX[k]! - ownX;
          target[at++] = landmarkY[k]! - ownY;
        }
        for (let other = base; other < end; other++) {
          if (other === self) continue;
          target[at++] = x[other]! - ownX;
          target[at++] = y[other]! - ownY;
        }
        for (let other = base + this.adversaries; other < end; other++) {
          if (other === self) continue;
          target[at++] = vx[other]!;
          target[at++] = vy[other]!;
        }
      }
    }
  }
}

/** What prey pays for one coordinate: nothing inside 0.9, rising to 1 at the edge, then exponentially to 10. */
function fine(coordinate: number): number {
  const out = Math.abs(coordinate);
  if (out < 0.9) return 0;
  if (out < 1) return (out - 0.9) * 10;
  return Math.min(Math.exp(2 * out - 2), 10);
}
