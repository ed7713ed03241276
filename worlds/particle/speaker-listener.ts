import type { BatchedEnvironment } from '../batched.ts';
import { requireCount } from '../guards.ts';
import type { Bodies } from './bodies.ts';
import { ParticleEnvironment, type ParticleTask, type Role } from './environment.ts';

export interface SimpleSpeakerListenerOptions {
  /** Steps of an episode. Default 25. */
  readonly cycles?: number;
}

const NAME = 'simple_speaker_listener';
const WORDS = 3;
const LANDMARKS = 3;
const RADIUS = 0.075;
/** Red, green and blue of the three landmarks, one after the other. */
const COLORS = Float64Array.of(0.65, 0.15, 0.15, 0.15, 0.65, 0.15, 0.15, 0.15, 0.65);

/**
 * PettingZoo's `simple_speaker_listener_v4`: a speaker that cannot move sees the colour of the goal (3 numbers) and says
 * one of three words; a listener sees its own velocity, the landmarks relative to itself and the last word (11 numbers)
 * and moves. Both get minus the squared distance between the listener and the goal.
 */
export function simpleSpeakerListener(copies: number, options: SimpleSpeakerListenerOptions = {}): BatchedEnvironment {
  const cycles = requireCount(NAME, 'cycles', options.cycles ?? 25);
  return new ParticleEnvironment(new SpeakerListener(), requireCount(NAME, 'copies', copies), cycles);
}

class SpeakerListener implements ParticleTask {
  readonly name = NAME;
  readonly roles: readonly Role[] = [
    {
      name: 'speaker',
      agents: ['speaker_0'],
      build: { radius: RADIUS, thrust: 0, maximumSpeed: 0, movable: false, words: WORDS },
      width: 3,
    },
    {
      name: 'listener',
      agents: ['listener_0'],
      build: { radius: RADIUS, thrust: 5, maximumSpeed: Number.POSITIVE_INFINITY, movable: true, words: 0 },
      width: 2 + 2 * LANDMARKS + WORDS,
    },
  ];
  readonly landmarks = LANDMARKS;
  readonly landmarkRadius = 0.04;
  readonly landmarkRange = 1;
  readonly agentsCollide = false;
  readonly landmarksCollide = false;
  readonly goals = 1;

  observe({ copies, x, y, vx, vy, landmarkX, landmarkY, goal, word }: Bodies, out: readonly Float32Array[]): void {
    const seen = out[0]!;
    const target = out[1]!;
    let at = 0;
    for (let b = 0; b < copies; b++) {
      const speaker = 2 * b;
      const listener = speaker + 1;
      const color = goal[speaker]! * 3;
      for (let c = 0; c < 3; c++) seen[b * 3 + c] = COLORS[color + c]!;
      target[at++] = vx[listener]!;
      target[at++] = vy[listener]!;
      for (let k = b * LANDMARKS, end = k + LANDMARKS; k < end; k++) {
        target[at++] = landmarkX[k]! - x[listener]!;
        target[at++] = landmarkY[k]! - y[listener]!;
      }
      const heard = word[speaker]!;
      for (let w = 0; w < WORDS; w++) target[at++] = w === heard ? 1 : 0;
    }
  }

  reward({ copies, x, y, landmarkX, landmarkY, goal }: Bodies, out: readonly Float32Array[]): void {
    for (let b = 0; b < copies; b++) {
      const speaker = 2 * b;
      const target = b * LANDMARKS + goal[speaker]!;
      const dx = x[speaker + 1]! - landmarkX[target]!;
      const dy = y[speaker + 1]! - landmarkY[target]!;
      const worth = -(dx * dx + dy * dy);
      out[0]![b] = worth;
      out[1]![b] = worth;
    }
  }
}
