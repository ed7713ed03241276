import { LightbulbError, type Stream } from '../../core/index.ts';
import { float32, int32, type Program, type Value, type Values } from '../../nn/index.ts';
import { actionChoices } from '../../worlds/index.ts';
import { rowsAt } from '../unit-arrays.ts';
import type { UnitRollout } from '../unit-rollout.ts';

/**
 * Chooses the actions of a unit in all copies: those of the highest Q, or with probability epsilon any legal one,
 * each agent by itself. Holds what its networks remember from step to step.
 */
export class Actor {
  private readonly memory: Value;
  private readonly after: Value;
  /** [B, n], -1 at the start of an episode. */
  private readonly last: Int32Array;
  private readonly actions: number;
  private readonly acts: readonly (() => void)[];

  constructor(
    readonly rollout: UnitRollout,
    /** The collector's: [T + 1, B], 0 where a copy's episode starts at t, else 1. */
    private readonly keep: Float32Array,
    program: Program,
    parameters: Values,
    memorySize: number,
    hasLastAction: boolean,
  ) {
    const { T, B, sizes } = rollout;
    const { N: n, D, M } = sizes;
    const K = B * n;
    this.actions = choices(rollout);
    this.memory = float32([K, memorySize]);
    this.after = float32([K, memorySize]);
    this.last = new Int32Array(K).fill(-1);
    this.acts = Array.from({ length: T }, (_, t) => {
      const inputs: Record<string, Value> = { ...parameters, observation: rowsAt(rollout.observation, t, B, n * D) };
      const action = (rollout.action as Int32Array).subarray(t * K, (t + 1) * K);
      const outputs: Record<string, Value> = { action: int32([B, n], action) };
      if (M > 0)
        inputs.mask = {
          dtype: 'bool',
          shape: [B, n * M],
          data: rollout.actionMask.subarray(t * K * M, (t + 1) * K * M),
        };
      if (hasLastAction) inputs.lastAction = int32([B, n], this.last);
      if (memorySize > 0) {
        inputs.memory = this.memory;
        inputs.keep = float32([B], keep.subarray(t * B, (t + 1) * B));
        outputs.memory = this.after;
      }
      return program.bind(inputs, outputs);
    });
  }

  /** Chooses the actions of step `t`. Error `contract` where an agent that lives has no legal action. */
  act(t: number, epsilon: number, random: Stream): void {
    const { rollout, keep, last } = this;
    const { B } = rollout;
    const { N: n, M } = rollout.sizes;
    for (let b = 0; b < B; b++) if (keep[t * B + b] === 0) last.fill(-1, b * n, (b + 1) * n);
    this.acts[t]!();
    this.memory.data.set(this.after.data);
    for (let i = 0, seat = t * B * n; i < B * n; i++, seat++) {
      if (rollout.alive[seat] === 0) rollout.action[seat] = 0;
      else {
        if (epsilon > 0 && random.uniform() < epsilon)
          rollout.action[seat] =
            M === 0 ? random.integer(this.actions) : drawLegal(rollout.actionMask, seat * M, M, random);
        if (M > 0 && rollout.actionMask[seat * M + rollout.action[seat]!] !== 1) throw nothingLegal(rollout, i);
      }
      last[i] = rollout.action[seat]!;
    }
  }

  /** What it remembers, as arrays to be saved or written to. */
  remembered(): Readonly<Record<string, Value>> {
    const { B, sizes } = this.rollout;
    const lastAction = int32([B, sizes.N], this.last);
    return this.memory.data.length === 0 ? { lastAction } : { lastAction, memory: this.memory };
  }
}

/** The number of choices of a unit's agents. */
export function choices({ unit }: Pick<UnitRollout, 'unit'>): number {
  const [count, ...others] = actionChoices(unit.group.action) ?? [];
  if (count === undefined || others.length > 0)
    throw new LightbulbError('internal', 'only single choices have action values');
  return count;
}

/** One of the entries of `mask[from]` to `mask[from + M - 1]` that are 1, counted from 0; 0 where none is. */
function drawLegal(mask: Uint8Array, from: number, M: number, random: Stream): number {
  let legal = 0;
  for (let i = 0; i < M; i++) legal += mask[from + i]!;
  let left = legal > 1 ? random.integer(legal) : 0;
  for (let i = 0; i < M; i++) if (mask[from + i] === 1 && left-- === 0) return i;
  return 0;
}

function nothingLegal({ unit, sizes }: UnitRollout, seat: number): LightbulbError {
  return new LightbulbError('contract', 'an agent that lives has no legal action', {
    where: `copy ${Math.floor(seat / sizes.N)}, agent ${(seat % sizes.N) + 1} of ${unit.name}`,
    wanted: 'at least one 1 in its mask',
    cure: 'Terminate agents that cannot act, or give them a choice that does nothing',
  });
}
