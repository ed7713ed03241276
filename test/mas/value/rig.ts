import type { Stream } from '../../../core/index.ts';
import type { Experience, GroupExperience, RoleActor, SharedValueOptions } from '../../../mas/value/index.ts';
import { sharedValueDefaults } from '../../../mas/value/index.ts';
import { createActions, type FeedbackKind, type Group, groupSizes } from '../../../worlds/index.ts';

/** Small networks, every step the same size. */
export const plain: SharedValueOptions = {
  ...sharedValueDefaults,
  encoder: { kind: 'plain', hidden: [16], activation: 'tanh' },
  attention: { width: 16, layers: 1, heads: 2 },
  rollout: 4,
  epochs: 2,
  minibatches: 2,
  schedule: 'constant',
};

type Writable = { -readonly [K in keyof GroupExperience]: GroupExperience[K] };

/** A round of zeros in which everybody lives, every action is legal and nothing ends. */
export function emptyRound(
  groups: readonly Group[],
  T: number,
  B: number,
  kinds: readonly FeedbackKind[] = [],
): Experience & { readonly groups: Writable[] } {
  const K = kinds.length;
  return {
    T,
    B,
    groups: groups.map((group) => {
      const { agents: N, observation: D, mask: M } = groupSizes(group);
      return {
        observation: new Float32Array((T + 1) * B * N * D),
        finalObservation: new Float32Array(T * B * N * D),
        actionMask: new Uint8Array((T + 1) * B * N * M).fill(1),
        alive: new Uint8Array((T + 1) * B * N).fill(1),
        action: createActions([group], T * B)[0]!,
        logProbability: new Float32Array(T * B * N),
        reward: new Float32Array(T * B * N),
        terminated: new Uint8Array(T * B * N),
        truncated: new Uint8Array(T * B * N),
      };
    }),
    teamReward: new Float32Array(T * B),
    feedback: new Float32Array(T * B * K),
    said: new Uint8Array(T * B * K),
    difference: null,
  };
}

/** Lets the actors fill in what they do at every step of a round, and how likely it was. */
export function act(
  groups: readonly Group[],
  round: Experience,
  actors: readonly RoleActor[],
  parameters: Float32Array,
  noise: Stream | null,
): void {
  const { T, B } = round;
  for (let t = 0; t < T; t++) {
    for (const [g, group] of groups.entries()) {
      const { agents: N, observation: D, action: A, mask: M } = groupSizes(group);
      const { observation, actionMask, action, logProbability } = round.groups[g]!;
      const row = <X extends Float32Array | Int32Array | Uint8Array>(x: X, width: number): X =>
        x.subarray(t * B * N * width, (t + 1) * B * N * width) as X;
      actors[g]!.act(
        {
          parameters,
          observation: row(observation, D),
          actionMask: row(actionMask, M),
          action: row(action, A),
          logProbability: row(logProbability, 1),
        },
        noise,
      );
    }
  }
}
