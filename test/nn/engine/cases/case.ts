import { stream } from '../../../../core/index.ts';
import {
  bool,
  type DType,
  float32,
  int32,
  sizeOf,
  type tf,
  type Value,
  type Values,
} from '../../../../nn/engine/index.ts';

/** Tensors by name, as a case's function sees them: all that it asks for are there. */
export type Tensors = Readonly<Record<string, tf.Tensor>>;

/** One random instance of a case. */
export interface Instance {
  readonly inputs: Values;
  /** What is compared: one tensor, or several. */
  readonly fn: (inputs: Tensors) => tf.Tensor | tf.Tensor[];
  /** The inputs to differentiate by; none where tfjs has no gradient. */
  readonly gradients?: readonly string[];
}

/** A family of random instances around one op of tfjs. */
export interface Case {
  readonly name: string;
  readonly make: (draw: Draw) => Instance;
  /** Of |compiled - eager| / (1 + |eager|), where the default of the test does not fit; with the reason beside it. */
  readonly tolerance?: number;
}

/** Random shapes and values, all from one seed. */
export class Draw {
  private readonly source;

  constructor(seed: number) {
    this.source = stream(seed, 'test/engine');
  }

  /** A whole number from low to high, both included. */
  int(low: number, high: number): number {
    return low + this.source.integer(high - low + 1);
  }

  flag(): boolean {
    return this.int(0, 1) === 1;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.int(0, items.length - 1)]!;
  }

  shape(minRank = 0, maxRank = 4, maxLength = 4): number[] {
    return Array.from({ length: this.int(minRank, maxRank) }, () => this.int(1, maxLength));
  }

  /** Two shapes that broadcast together. */
  pair(): [number[], number[]] {
    const whole = this.shape(0, 4);
    const shrunk = (): number[] =>
      whole.map((length) => (this.int(0, 3) === 0 ? 1 : length)).slice(this.int(0, 1) * this.int(0, whole.length));
    const [a, b] = [shrunk(), shrunk()];
    return this.flag() ? [whole, b] : [a, b];
  }

  /** An axis of a shape, counted from either end. */
  axis(shape: readonly number[]): number {
    return this.int(-shape.length, shape.length - 1);
  }

  order(rank: number): number[] {
    const axes = Array.from({ length: rank }, (_, i) => i);
    for (let i = rank - 1; i > 0; i--) {
      const j = this.int(0, i);
      [axes[i], axes[j]] = [axes[j]!, axes[i]!];
    }
    return axes;
  }

  floats(shape: readonly number[], low = -3, high = 3): Value {
    return float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => this.source.between(low, high)),
    );
  }

  /** Floats of which no two are equal or close: for ops whose gradient jumps at ties. */
  distinct(shape: readonly number[]): Value {
    const order = this.order(sizeOf(shape));
    return float32(
      shape,
      Float32Array.from(order, (place) => (place - order.length / 2) * 0.37 + 0.1),
    );
  }

  ints(shape: readonly number[], low = -5, high = 5): Value {
    return int32(
      shape,
      Int32Array.from({ length: sizeOf(shape) }, () => this.int(low, high)),
    );
  }

  bools(shape: readonly number[]): Value {
    return bool(
      shape,
      Uint8Array.from({ length: sizeOf(shape) }, () => this.int(0, 1)),
    );
  }

  values(dtype: DType, shape: readonly number[]): Value {
    return dtype === 'float32' ? this.floats(shape) : dtype === 'int32' ? this.ints(shape) : this.bools(shape);
  }
}

/** x, as the case named it. */
export const get = (inputs: Tensors, name: string): tf.Tensor => inputs[name]!;

/** A case of one operand between `low` and `high`, with its gradient unless `isFlat`. */
export function unaryCase(
  name: string,
  op: (x: tf.Tensor) => tf.Tensor,
  {
    low = -3,
    high = 3,
    isFlat = false,
    tolerance,
  }: { low?: number; high?: number; isFlat?: boolean; tolerance?: number } = {},
): Case {
  return {
    name,
    ...(tolerance === undefined ? {} : { tolerance }),
    make: (draw) => ({
      inputs: { x: draw.floats(draw.shape(), low, high) },
      fn: ({ x }) => op(x!),
      gradients: isFlat ? [] : ['x'],
    }),
  };
}

interface Binary {
  /** The range of the left and the right operand. */
  readonly a?: [number, number];
  readonly b?: [number, number];
  readonly isFlat?: boolean;
  /** tfjs's gradients of some ops do not sum over broadcast axes. */
  readonly isSameShape?: boolean;
}

/** A case of two operands that broadcast. */
export function binaryCase(
  name: string,
  op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  { a = [-3, 3], b = [-3, 3], isFlat = false, isSameShape = false }: Binary = {},
): Case {
  return {
    name,
    make: (draw) => {
      const [left, other] = draw.pair();
      const right = isSameShape ? left : other;
      return {
        inputs: { a: draw.floats(left, ...a), b: draw.floats(right, ...b) },
        fn: (inputs) => op(get(inputs, 'a'), get(inputs, 'b')),
        gradients: isFlat ? [] : ['a', 'b'],
      };
    },
  };
}

/** A case of two whole numbers that broadcast. */
export function integerCase(
  name: string,
  op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  dtypes: readonly DType[] = ['int32'],
): Case {
  return {
    name,
    make: (draw) => {
      const [left, right] = draw.pair();
      const dtype = draw.pick(dtypes);
      return {
        inputs: { a: draw.values(dtype, left), b: draw.values(dtype, right) },
        fn: (inputs) => op(get(inputs, 'a'), get(inputs, 'b')),
      };
    },
  };
}
