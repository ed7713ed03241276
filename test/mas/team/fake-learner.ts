import type { Checkpoint } from '../../../agents/index.ts';
import { stream } from '../../../core/index.ts';
import type { Experience, JointLearner, JointPolicy, RoleActor } from '../../../mas/value/index.ts';
import { actionChoices, type Group, groupSizes } from '../../../worlds/index.ts';

const SIZE = 16;

/** Draws legal choices (or normals) at random, shifted by parameters and observation, so that any other input shows. */
export function fakePolicy(groups: readonly Group[]): JointPolicy {
  return {
    layout: { slots: [{ path: 'all', shape: [SIZE], offset: 0, size: SIZE }], size: SIZE },
    initialise: (initial) => Float32Array.from({ length: SIZE }, () => initial.uniform()),
    actor: (g, copies) => fakeActor(groups[g]!, copies),
    close: () => undefined,
  };
}

function fakeActor(group: Group, copies: number): RoleActor {
  const { agents, action: A, mask: M, observation: D } = groupSizes(group);
  const choices = actionChoices(group.action);
  return {
    act({ parameters, observation, actionMask, action, logProbability }, noise) {
      for (let seat = 0; seat < copies * agents; seat++) {
        let shift = 0;
        for (let p = 0; p < parameters.length; p++) shift += parameters[p]! * (p + 1);
        for (let d = 0; d < D; d++) shift += observation[seat * D + d]! * (d + 1);
        let entry = seat * M;
        for (let a = 0; a < A; a++) {
          const draw = noise?.uniform() ?? 0;
          if (choices === null) {
            action[seat * A + a] = draw + Math.fround(shift % 1);
            continue;
          }
          const n = choices[a]!;
          let choice = Math.abs(Math.floor(shift + draw * n)) % n;
          while (M > 0 && actionMask[entry + choice] === 0 && hasLegal(actionMask, entry, n)) choice = (choice + 1) % n;
          action[seat * A + a] = choice;
          entry += n;
        }
        logProbability[seat] = -Math.abs(shift % 7);
      }
    },
  };
}

function hasLegal(mask: Uint8Array, from: number, n: number): boolean {
  return mask.subarray(from, from + n).includes(1);
}

/** Adds what it was given to its parameters, and remembers it. */
export class FakeLearner implements JointLearner {
  readonly policy: JointPolicy;
  readonly parameterCount = SIZE;
  readonly parameters: Float32Array;
  /** Copies of all it learned from. */
  readonly learned: Experience[] = [];
  readonly progress: number[] = [];
  isClosed = false;

  constructor(groups: readonly Group[], seed: number) {
    this.policy = fakePolicy(groups);
    this.parameters = this.policy.initialise(stream(seed, 'learner/initial'));
  }

  async learn(experience: Experience, progress: number): Promise<Readonly<Record<string, number>>> {
    const { groups, teamReward, feedback, difference } = experience;
    this.learned.push(structuredClone(experience));
    this.progress.push(progress);
    const arrays = [
      teamReward,
      feedback,
      ...(difference === null ? [] : [difference]),
      ...groups.flatMap((group) => Object.values(group) as Float32Array[]),
    ];
    arrays.forEach((array, i) => {
      let sum = 0;
      for (const [j, value] of array.entries()) sum += value * ((j % 13) + 1);
      this.parameters[i % SIZE] = Math.fround((this.parameters[i % SIZE]! + sum / 1000) % 10);
    });
    return { 'loss/value': this.parameters.reduce((sum, value) => sum + value, 0) };
  }

  save(): Checkpoint {
    return {
      tensors: { parameters: { dtype: 'float32', shape: [SIZE], data: this.parameters.slice() } },
      state: { updates: this.learned.length },
    };
  }

  load({ tensors }: Checkpoint): void {
    this.parameters.set(tensors.parameters!.data as Float32Array);
  }

  close(): void {
    this.isClosed = true;
  }
}
