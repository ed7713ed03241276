import { LightbulbError } from '../../core/index.ts';
import type { BatchedEnvironment } from '../batched.ts';
import { requireCount } from '../guards.ts';
import type { Bodies } from './bodies.ts';
import { ParticleEnvironment, type ParticleTask } from './environment.ts';

export interface SimpleSpreadOptions {
  /** How many agents, and how many landmarks. Default 3. */
  readonly agents?: number;
  /** Share of an agent's own collisions in its reward, 0 to 1; the rest is the team's. Default 0.5. */
  readonly localRatio?: number;
  /** Steps of an episode. Default 25. */
  readonly cycles?: number;
}

const NAME = 'simple_spread';
const RADIUS = 0.15;
const COLLISION = (2 * RADIUS) ** 2;

/**
 * PettingZoo's `simple_spread_v3`: N agents are to cover N landmarks without bumping into each other. The team's part
 * of a reward is minus the distance of every landmark to its nearest agent; an agent's own part is -1 for each agent it
 * overlaps. Observation, 6 N numbers: own velocity and position, landmarks and other agents relative to oneself, and
 * two zeros for each other agent (a channel that nobody speaks on).
 */
export function simpleSpread(copies: number, options: SimpleSpreadOptions = {}): BatchedEnvironment {
  const agents = requireCount(NAME, 'agents', options.agents ?? 3);
  const localRatio = options.localRatio ?? 0.5;
  if (!(localRatio >= 0 && localRatio <= 1)) {
    throw new LightbulbError('invalid_input', 'localRatio is not usable', {
      where: NAME,
      wanted: 'a number from 0 to 1',
      got: String(localRatio),
    });
  }
  const cycles = requireCount(NAME, 'cycles', options.cycles ?? 25);
  return new ParticleEnvironment(new Spread(agents, localRatio), requireCount(NAME, 'copies', copies), cycles);
}

class Spread implements ParticleTask {
  readonly name = NAME;
  readonly roles: ParticleTask['roles'];
  readonly landmarks: number;
  readonly landmarkRadius = 0.05;
  readonly landmarkRange = 1;
  readonly agentsCollide = true;
  readonly landmarksCollide = false;
  readonly goals = 0;

  constructor(
    agents: number,
    private readonly localRatio: number,
  ) {
    this.landmarks = agents;
    this.roles = [
      {
        name: 'agent',
        agents: Array.from({ length: agents }, (_, i) => `agent_${i}`),
        build: { radius: RADIUS, thrust: 5, maximumSpeed: Number.POSITIVE_INFINITY, movable: true, words: 0 },
        width: 6 * agents,
      },
    ];
  }

  observe({ copies, agents, x, y, vx, vy, landmarkX, landmarkY }: Bodies, out: readonly Float32Array[]): void {
    const target = out[0]!;
    const silence = 2 * (agents - 1);
    let at = 0;
    for (let b = 0, base = 0; b < copies; b++, base += agents) {
      const end = base + agents;
      for (let self = base; self < end; self++) {
        const ownX = x[self]!;
        const ownY = y[self]!;
        target[at++] = vx[self]!;
        target[at++] = vy[self]!;
        target[at++] = ownX;
        target[at++] = ownY;
        for (let k = base; k < end; k++) {
          target[at++] = landmarkX[k]! - ownX;
          target[at++] = landmarkY[k]! - ownY;
        }
        for (let other = base; other < end; other++) {
          if (other === self) continue;
          target[at++] = x[other]! - ownX;
          target[at++] = y[other]! - ownY;
        }
        for (let c = 0; c < silence; c++) target[at++] = 0;
      }
    }
  }

  reward({ copies, agents, x, y, landmarkX, landmarkY }: Bodies, out: readonly Float32Array[]): void {
    const target = out[0]!;
    const own = this.localRatio;
    for (let b = 0, base = 0; b < copies; b++, base += agents) {
      const end = base + agents;
      let team = 0;
      for (let k = base; k < end; k++) {
        let nearest = Number.POSITIVE_INFINITY;
        for (let i = base; i < end; i++) {
          const dx = x[i]! - landmarkX[k]!;
          const dy = y[i]! - landmarkY[k]!;
          const square = dx * dx + dy * dy;
          if (square < nearest) nearest = square;
        }
        team -= Math.sqrt(nearest);
      }
      for (let i = base; i < end; i++) {
        let bumps = 0;
        for (let j = base; j < end; j++) {
          const dx = x[i]! - x[j]!;
          const dy = y[i]! - y[j]!;
          if (j !== i && dx * dx + dy * dy < COLLISION) bumps++;
        }
        target[i] = team * (1 - own) - bumps * own;
      }
    }
  }
}
