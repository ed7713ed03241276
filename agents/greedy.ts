import type { Stream } from '../core/index.ts';
import { float32, type Value } from '../nn/index.ts';
import type { Collector, Player } from './collector.ts';
import type { PpoUnit } from './ppo-unit.ts';
import { UnitRollout } from './unit-rollout.ts';

/**
 * Plays with the units' present policies in another collector of one step at a time: the mode, or draws from `noise`. Where
 * that has fewer groups than the training, who is of the others stays away.
 */
export function createGreedyPlayer(
  collector: Collector,
  units: readonly PpoUnit[],
  isDeterministic: boolean,
  noise: Stream,
): Player {
  const present = units.filter(({ rollout }) =>
    rollout.unit.slots.every(({ group }) => group < collector.groups.length),
  );
  const players = present.map((unit) => createUnitPlayer(collector, unit, isDeterministic, noise));
  return {
    act(t) {
      for (const play of players) play(t);
    },
  };
}

function createUnitPlayer(
  collector: Collector,
  unit: PpoUnit,
  isDeterministic: boolean,
  noise: Stream,
): (t: number) => void {
  const { T, B, keep } = collector;
  const rollout = new UnitRollout(unit.rollout.unit, collector.groups, T, B);
  const { N: n, D, A, M } = rollout.sizes;
  const { programs, actor, policy, statistics } = unit;
  const draws = float32([B, n * policy.head.noiseSize]);
  const memory = float32([B * n, policy.memorySize]);
  const after = float32([B * n, policy.memorySize]);
  const inputs: Record<string, Value> = {
    ...actor,
    observation: float32([B, n * D], rollout.observation.subarray(0, B * n * D)),
    ...statistics?.inputs,
  };
  if (M > 0) inputs.mask = { dtype: 'bool', shape: [B, n * M], data: rollout.actionMask.subarray(0, B * n * M) };
  const outputs: Record<string, Value> = {
    action: { dtype: policy.head.dtype, shape: [B, n * A], data: rollout.action },
  };
  if (policy.memorySize > 0) {
    inputs.keep = float32([B], keep.subarray(0, B));
    inputs.actorMemory = memory;
    outputs.actorMemory = after;
  }
  if (!isDeterministic) inputs.noise = draws;
  const run = (isDeterministic ? programs.greedy : programs.act).bind(inputs, outputs);
  return (t) => {
    rollout.pullObservation(t);
    if (!isDeterministic && policy.head.noise === 'gumbel') noise.fillGumbel(draws.data as Float32Array);
    else if (!isDeterministic) noise.fillNormal(draws.data as Float32Array);
    run();
    if (policy.memorySize > 0) memory.data.set(after.data);
    rollout.pushAction(t);
  };
}
