import { float32, type Layout, leaves, type Value, type Values } from '../../nn/index.ts';
import { type Take, viewsByPath } from '../learner-state.ts';
import type { ValueDecompositionOptions } from './options.ts';
import { valueOptimiser } from './programs.ts';

/**
 * What updates change: online parameters and the optimiser's moments, each one vector, in two copies that take turns
 * as input and output of a step; the target networks' parameters; and the parameters that act, which stay in place.
 */
export class ValueParameters {
  readonly target: Value;
  private readonly acting: Float32Array;
  private readonly copies: readonly [Values, Values];
  private which: 0 | 1 = 0;

  constructor(
    packed: Value,
    readonly layout: Layout,
    options: ValueDecompositionOptions,
  ) {
    this.copies = [initial(packed, options), initial(packed, options)];
    this.target = float32([layout.size], (packed.data as Float32Array).slice());
    this.acting = (packed.data as Float32Array).slice();
  }

  get current(): Values {
    return this.copies[this.which];
  }

  get next(): Values {
    return this.copies[this.which === 0 ? 1 : 0];
  }

  /** 0 or 1: which copy is current, for programs bound to one of them. */
  get turn(): 0 | 1 {
    return this.which;
  }

  /** The update has written `next`: it is current now. */
  swap(): void {
    this.which = this.which === 0 ? 1 : 0;
  }

  /** Moves the target parameters towards the online ones by the share `tau`; 1 copies them. */
  follow(tau: number): void {
    const online = this.current.parameters!.data;
    const target = this.target.data;
    for (let i = 0; i < target.length; i++)
      target[i] = tau === 1 ? online[i]! : (1 - tau) * target[i]! + tau * online[i]!;
  }

  /** The online parameters act from now on. */
  publish(): void {
    this.acting.set(this.current.parameters!.data as Float32Array);
  }

  /** Of what acts: the leaves of a branch, by their paths below it. Views, written to by `publish`. */
  actingBranch(branch: string): Record<string, Value> {
    return Object.fromEntries(
      Object.entries(viewsByPath(this.layout, this.acting)).flatMap(([path, value]) =>
        path.startsWith(`${branch}/`) ? [[path.slice(branch.length + 1), value] as const] : [],
      ),
    );
  }

  /** Copies of everything, leaf by leaf: `parameters/agents/0/...`, `target/...`, `optimiser/...`. */
  save(): Record<string, Value> {
    const saved: Record<string, Value> = {};
    for (const [name, value] of this.held()) {
      const data = (value.data as Float32Array).slice();
      if (!this.isPacked(value)) saved[name] = { ...value, data };
      else for (const [path, leaf] of Object.entries(viewsByPath(this.layout, data))) saved[`${name}/${path}`] = leaf;
    }
    return saved;
  }

  /** Takes back what `save` gave. `mismatch` naming the first array that does not fit. */
  load(take: Take): void {
    for (const [name, value] of this.held()) {
      const into = value.data as Float32Array;
      if (!this.isPacked(value)) into.set(take(name, value.shape));
      else for (const { path, shape, offset } of this.layout.slots) into.set(take(`${name}/${path}`, shape), offset);
    }
    this.publish();
  }

  private held(): [string, Value][] {
    return [...Object.entries(this.current), ['target', this.target]];
  }

  private isPacked({ shape }: Value): boolean {
    return shape.length === 1 && shape[0] === this.layout.size;
  }
}

function initial(packed: Value, options: ValueDecompositionOptions): Values {
  const parameters = float32(packed.shape, (packed.data as Float32Array).slice());
  const state: Record<string, Value> = { parameters };
  for (const [path, leaf] of leaves<Value>(valueOptimiser(options).init(parameters))) state[`optimiser/${path}`] = leaf;
  return state;
}
