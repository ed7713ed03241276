import { bindTogether, float32, type Run, type Value } from '../nn/index.ts';
import { FinalValues } from './final-values.ts';
import { isJudgedInActing, type PpoParts } from './ppo-parts.ts';
import { generalisedAdvantages } from './returns.ts';
import { memoryAt, rowsAt } from './unit-arrays.ts';
import type { ValueScale } from './value-scale.ts';

/** Values, log-probabilities, advantages and targets of a rollout. */
export class PpoEstimates {
  private readonly finals: FinalValues;
  private estimateAll: (() => void) | null = null;

  /** `threads`: how many programs may run at the same time. */
  constructor(
    private readonly parts: PpoParts,
    private readonly scale: ValueScale | null,
    private readonly threads: number,
  ) {
    const { rollout, state, options, shape } = parts;
    this.finals = new FinalValues(rollout, state, options.critic === 'central', shape.criticRows);
  }

  begin(): void {
    this.finals.clear();
  }

  /** Takes in what step `t` answered. */
  observed(t: number): void {
    this.finals.observed(t);
  }

  /** Works them out, once all of the rollout and its last observation are there. */
  run(): void {
    const { parts, scale } = this;
    const { rollout, arrays, shape, options, programs } = parts;
    if (isJudgedInActing(parts)) this.runLast();
    else this.runAll();
    const [mean, std] = scale === null ? [0, 1] : [scale.mean, scale.std];
    for (let i = 0; i < arrays.value.length; i++) arrays.value[i] = arrays.rawValue[i]! * std + mean;
    this.finals.estimate(programs.value, this.judging(), this.memory(), shape.isStateShared, (at, raw) => {
      arrays.finalValue[at] = raw * std + mean;
    });
    const { T, B, reward, terminated, truncated, alive } = rollout;
    const { value, finalValue } = arrays;
    const track = { T, K: B * shape.n, reward, value, finalValue, terminated, truncated, alive };
    generalisedAdvantages(track, options.discount, options.gaeLambda, arrays.advantage, arrays.target);
  }

  /** Values of rows 0 to T - 1 came with acting; the last row's remains. */
  private runLast(): void {
    const { parts } = this;
    const { state, arrays, shape, programs } = parts;
    const { T, B } = parts.rollout;
    const inputs = { ...this.judging(), ...this.seen(T, T + 1) };
    const memory = this.memory();
    if (memory !== null) {
      inputs.keep = float32([B], state.keep.subarray(T * B));
      inputs[memory.name] = memoryAt(memory.held, T);
    }
    programs.value.run(inputs, { value: rowsAt(arrays.rawValue, T, B, shape.n) });
  }

  private runAll(): void {
    if (this.estimateAll === null) {
      const runs = this.runs();
      this.estimateAll = this.threads > 1 ? bindTogether(runs) : inTurn(runs);
    }
    this.estimateAll();
  }

  private runs(): Run[] {
    const { rollout, arrays, shape, programs, networks, actor, statistics } = this.parts;
    const { T, B } = rollout;
    const { n, A, M } = shape;
    const acted: Record<string, Value> = {
      ...actor,
      ...statistics?.inputs,
      observation: this.observations(0, T),
      action: { dtype: networks.policy.head.dtype, shape: [T * B, n * A], data: rollout.action },
    };
    if (M > 0)
      acted.mask = { dtype: 'bool', shape: [T * B, n * M], data: rollout.actionMask.subarray(0, T * B * n * M) };
    return [
      {
        program: programs.value,
        inputs: { ...this.judging(), ...this.seen(0, T + 1) },
        outputs: { value: float32([(T + 1) * B, n], arrays.rawValue) },
      },
      {
        program: programs.logProbability,
        inputs: acted,
        outputs: { logProbability: float32([T * B, n], arrays.logProbability) },
      },
    ];
  }

  /** What the value program needs besides rows and memory. */
  private judging(): Record<string, Value> {
    const { networks, actor, critic, statistics } = this.parts;
    return { ...(networks.isShared ? actor : {}), ...critic, ...statistics?.inputs };
  }

  /** The memory that values are made with: the critic's own, or the trunk's. */
  private memory(): { readonly name: 'actorMemory' | 'criticMemory'; readonly held: Value } | null {
    const { networks, arrays } = this.parts;
    const name = networks.isShared ? 'actorMemory' : 'criticMemory';
    const held = arrays.memory[name];
    return held === undefined ? null : { name, held };
  }

  /** Rows `from` to `to` of what the critic sees. */
  private seen(from: number, to: number): Record<string, Value> {
    const { rollout, shape, state } = this.parts;
    if (shape.isStateShared) return { observation: this.observations(from, to) };
    const width = rollout.B * state.size;
    return { state: float32([(to - from) * rollout.B, state.size], state.rows.subarray(from * width, to * width)) };
  }

  private observations(from: number, to: number): Value {
    const { rollout, shape } = this.parts;
    const width = shape.n * shape.D;
    const { B } = rollout;
    return float32([(to - from) * B, width], rollout.observation.subarray(from * B * width, to * B * width));
  }
}

function inTurn(runs: readonly Run[]): () => void {
  const bound = runs.map(({ program, inputs, outputs }) => program.bind(inputs, outputs));
  return () => {
    for (const run of bound) run();
  };
}
