import type { BatchedEnvironment } from '../batched.ts';
import { requireCount } from '../guards.ts';
import type { Bodies } from './bodies.ts';
import { ParticleEnvironment, type ParticleTask, type Role } from './environment.ts';

export interface SimpleReferenceOptions {
  /** Steps of an episode. Default 25. */
  readonly cycles?: number;
}

const NAME = 'simple_reference';
const WORDS = 10;
const LANDMARKS = 3;
/** Red, green and blue of the three landmarks, one after the other. */
const COLORS = Float64Array.of(0.75, 0.25, 0.25, 0.25, 0.75, 0.25, 0.25, 0.25, 0.75);
const WIDTH = 2 + 2 * LANDMARKS + 3 + WORDS;

/**
 * PettingZoo's `simple_reference_v3`: two agents, each to go to a landmark that only the other one knows; both move and
 * speak at once (action = move + 5 * word, 5 moves by 10 words). Half of a reward is minus the distance between the
 * other agent and the landmark one knows of, half the mean of both distances. Observation, 21 numbers: own velocity,
 * landmarks relative to oneself, the colour of the other's goal, the word the other said last.
 */
export function simpleReference(copies: number, options: SimpleReferenceOptions = {}): BatchedEnvironment {
  const cycles = requireCount(NAME, 'cycles', options.cycles ?? 25);
  return new ParticleEnvironment(new Reference(), requireCount(NAME, 'copies', copies), cycles);
}

class Reference implements ParticleTask {
  readonly name = NAME;
  readonly roles: readonly Role[] = [
    {
      name: 'agent',
      agents: ['agent_0', 'agent_1'],
      build: { radius: 0.05, thrust: 5, maximumSpeed: Number.POSITIVE_INFINITY, movable: true, words: WORDS },
      width: WIDTH,
    },
  ];
  readonly landmarks = LANDMARKS;
  readonly landmarkRadius = 0.05;
  readonly landmarkRange = 1;
  readonly agentsCollide = false;
  readonly landmarksCollide = false;
  readonly goals = 2;

  observe({ copies, x, y, vx, vy, landmarkX, landmarkY, goal, word }: Bodies, out: readonly Float32Array[]): void {
    const target = out[0]!;
    let at = 0;
    for (let self = 0; self < 2 * copies; self++) {
      // Agents stand in pairs, so the partner of 0 is 1 and the other way round.
      const partner = self ^ 1;
      const firstLandmark = (self >> 1) * LANDMARKS;
      target[at++] = vx[self]!;
      target[at++] = vy[self]!;
      for (let k = firstLandmark; k < firstLandmark + LANDMARKS; k++) {
        target[at++] = landmarkX[k]! - x[self]!;
        target[at++] = landmarkY[k]! - y[self]!;
      }
      const color = goal[self]! * 3;
      for (let c = 0; c < 3; c++) target[at++] = COLORS[color + c]!;
      const heard = word[partner]!;
      for (let w = 0; w < WORDS; w++) target[at++] = w === heard ? 1 : 0;
    }
  }

  reward({ copies, x, y, landmarkX, landmarkY, goal }: Bodies, out: readonly Float32Array[]): void {
    const target = out[0]!;
    for (let b = 0; b < copies; b++) {
      const a = 2 * b;
      const forA = b * LANDMARKS + goal[a]!;
      const forB = b * LANDMARKS + goal[a + 1]!;
      const first = -distance(x[a + 1]! - landmarkX[forA]!, y[a + 1]! - landmarkY[forA]!);
      const second = -distance(x[a]! - landmarkX[forB]!, y[a]! - landmarkY[forB]!);
      const team = (first + second) / 2;
      target[a] = team * 0.5 + first * 0.5;
      target[a + 1] = team * 0.5 + second * 0.5;
    }
  }
}

function distance(dx: number, dy: number): number {
  return Math.sqrt(dx * dx + dy * dy);
}
