import { existsSync, readFileSync } from 'node:fs';
import type { Stream } from '../../core/index.ts';
import {
  actionChoices,
  type BatchedEnvironment,
  flatSize,
  type Group,
  type GroupActions,
  type GroupOutput,
  maskSize,
  type Space,
} from '../../worlds/index.ts';

/** Numbers in an observation of this space, or in an action that is a box. */
export const width = flatSize;

/** Choices of each component of an action space, none for boxes. */
export function choices(space: Space): readonly number[] {
  return actionChoices(space) ?? [];
}

export function outputsFor(environment: BatchedEnvironment): GroupOutput[] {
  return environment.groups.map((group) => {
    const count = environment.batchSize * group.agents.length;
    const size = count * width(group.observation);
    return {
      observation: new Float32Array(size).fill(Number.NaN),
      finalObservation: new Float32Array(size).fill(Number.NaN),
      reward: new Float32Array(count).fill(Number.NaN),
      terminated: new Uint8Array(count).fill(9),
      truncated: new Uint8Array(count).fill(9),
      alive: new Uint8Array(count).fill(9),
      actionMask: new Uint8Array(group.masked ? count * maskSize(group.action) : 0).fill(9),
    };
  });
}

export function actionsFor(environment: BatchedEnvironment): GroupActions[] {
  return environment.groups.map((group) => {
    const count = environment.batchSize * group.agents.length;
    const components = choices(group.action).length;
    return components > 0 ? new Int32Array(count * components) : new Float32Array(count * width(group.action));
  });
}

/** Uniform actions, drawn in the order copy, group, agent, so that they do not depend on the other copies. */
export function fillRandom(
  groups: readonly Group[],
  actions: readonly GroupActions[],
  random: readonly Stream[],
): void {
  random.forEach((stream, b) => {
    groups.forEach((group, g) => {
      const n = choices(group.action);
      const size = group.agents.length * (n.length || width(group.action));
      for (let i = 0; i < size; i++)
        actions[g]![b * size + i] = n.length > 0 ? stream.integer(n[i % n.length]!) : stream.between(-2, 2);
    });
  });
}

/** A copy of all that was written, as plain arrays. */
export function written(output: readonly GroupOutput[]): unknown {
  return output.map((group) =>
    Object.fromEntries(Object.entries(group).map(([key, value]) => [key, Array.from(value)])),
  );
}

const FIXTURES = new URL('../../../shared/fixtures/trajectories/', import.meta.url);

/** A recorded file, or undefined where the recordings are not on this machine. */
export function recorded<T>(name: string): T | undefined {
  const file = new URL(name, FIXTURES);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;
}
