import { flattened, type Memory, type Program, type Value, type Values, zeros } from '../../nn/index.ts';
import { MEMORY, parameterInputs } from './acting-programs.ts';

/** A program of one piece of a time step, and what it reads beside parameters and memory. */
export interface BoundStep {
  readonly program: Program;
  readonly inputs: Values;
}

/** Bindings that are kept: learners hold two copies of their parameters. */
const KEPT = 2;

interface Binding {
  readonly parameters: Values;
  /** [step][turn] */
  readonly runs: readonly (readonly (() => void)[])[];
}

/**
 * Programs tied to their arrays once, so that a step looks nothing up and allocates nothing. Two memories take turns as
 * input and output.
 */
export class BoundSteps {
  private readonly memories: readonly [Values, Values];
  private readonly bindings: Binding[] = [];
  private turn = 0;

  /** memory: at the start. choice: what all programs write their choices to. */
  constructor(
    memory: Memory<Value>,
    private readonly choice: Value,
    private readonly steps: readonly BoundStep[],
  ) {
    const first: Values = flattened<Value>(MEMORY, memory);
    const second = Object.entries(first).map(([name, { dtype, shape }]) => [name, zeros(dtype, shape)] as const);
    this.memories = [first, Object.fromEntries(second)];
  }

  /** Runs step number `step` with these parameters. */
  run(step: number, parameters: Values): void {
    this.bindingFor(parameters).runs[step]![this.turn]!();
    this.turn = 1 - this.turn;
  }

  /** Leaves nothing of what was read, not even a number that is none. */
  clear(): void {
    for (const memory of this.memories) for (const value of Object.values(memory)) value.data.fill(0);
  }

  private bindingFor(parameters: Values): Binding {
    const known = this.bindings.findIndex((binding) => isSame(binding.parameters, parameters));
    if (known >= 0) return this.bindings[known]!;
    const named = parameterInputs(parameters);
    const runs = this.steps.map(({ program, inputs }) =>
      this.memories.map((before, turn) =>
        program.bind({ ...named, ...inputs, ...before }, { choice: this.choice, ...this.memories[1 - turn]! }),
      ),
    );
    const binding = { parameters, runs };
    this.bindings.unshift(binding);
    this.bindings.length = Math.min(this.bindings.length, KEPT);
    return binding;
  }
}

/** Whether these are the same arrays; records that show them may be made anew for each step. */
function isSame(a: Values, b: Values): boolean {
  if (a === b) return true;
  for (const name in a) {
    const [one, other] = [a[name]!.data, b[name]?.data];
    if (one === other) continue;
    if (one.buffer !== other?.buffer || one.byteOffset !== other.byteOffset || one.length !== other.length)
      return false;
  }
  return true;
}
