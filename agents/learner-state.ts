import { LightbulbError } from '../core/index.ts';
import { float32, type Layout, leaves, type Transform, type Value, type Values, viewsOf } from '../nn/index.ts';

/**
 * What the optimiser changes: parameters and moments, each one vector. Two copies take turns as input and output of the
 * update, so that a step allocates nothing. `kept`: what else is saved with it, by name.
 */
export class LearnerState {
  private readonly copies: readonly [Values, Values];
  private which: 0 | 1 = 0;

  constructor(
    packed: Value,
    readonly layout: Layout,
    optimiser: Transform,
    private readonly kept: Values = {},
  ) {
    this.copies = [initial(packed, optimiser), initial(packed, optimiser)];
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

  /** The current parameters by name, as views: writing to them writes the parameters. */
  parameters(): Readonly<Record<string, Value>> {
    return viewsByPath(this.layout, this.current.parameters!.data as Float32Array);
  }

  /** Copies of everything, leaf by leaf: `parameters/actor/...`, `optimiser/.../mean/actor/...`. */
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
  }

  private held(): [string, Value][] {
    return [...Object.entries(this.current), ...Object.entries(this.kept)];
  }

  private isPacked({ shape }: Value): boolean {
    return shape.length === 1 && shape[0] === this.layout.size;
  }
}

/** Hands over the array of this name if it has this shape. */
export type Take = (name: string, shape: readonly number[]) => Float32Array;

/** A `Take` of a checkpoint's arrays. `where` names the unit in errors. */
export function takeFrom(tensors: Values, where: string): Take {
  return (name, shape) => {
    const found = tensors[name];
    if (found !== undefined && found.shape.join() === shape.join()) return found.data as Float32Array;
    throw new LightbulbError('mismatch', 'the checkpoint belongs to another network', {
      where: `${where}/${name}`,
      wanted: `float32[${shape}]`,
      got: found === undefined ? 'nothing' : `${found.dtype}[${found.shape}]`,
      cure: 'Resume with the scenario that wrote it',
    });
  };
}

/** Views of a packed vector by path. */
export function viewsByPath(layout: Layout, data: Float32Array): Record<string, Value> {
  return Object.fromEntries(leaves<Value>(viewsOf(layout, data)));
}

function initial(packed: Value, optimiser: Transform): Values {
  const parameters = float32(packed.shape, (packed.data as Float32Array).slice());
  const state: Record<string, Value> = { parameters };
  for (const [path, leaf] of leaves<Value>(optimiser.init(parameters))) state[`optimiser/${path}`] = leaf;
  return state;
}
