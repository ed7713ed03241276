import { writeFileSync } from 'node:fs';
import { internal, LightbulbError } from '../../core/index.ts';
import { checkData, checkOutputs, checkSignature } from './contract.ts';
import type { Executable, Executor } from './executor.ts';
import { onnxExecutor } from './onnx-executor.ts';
import type { Signature, TensorFunction } from './trace.ts';
import { type Value, zeros } from './value.ts';

export type Values = Readonly<Record<string, Value>>;

export interface CompileOptions {
  /** For errors, profiles and Netron. */
  readonly name?: string;
  /** Where it runs; by default ONNX Runtime on one thread of the CPU. */
  readonly executor?: Executor;
}

/**
 * A compiled tensor function. Shapes are static: each new set of input shapes is compiled once and kept. Running
 * blocks the thread.
 */
export interface Program {
  readonly name: string;
  /** Variants compiled so far, one per set of input shapes. */
  readonly variants: number;
  /**
   * Runs on `inputs` and returns fresh outputs, or writes into `outputs` (every output, right dtype and shape) and
   * returns those. Errors: `shape` where names, dtypes or sizes do not fit; `trace` where `fn` cannot be compiled.
   */
  run(inputs: Values, outputs?: Values): Values;
  /**
   * Ties the program to these arrays: each call of the result reads and overwrites them in place and allocates
   * nothing. Give outputs of one call as inputs of another and swap, to step without copying.
   */
  bind(inputs: Values, outputs: Values): () => void;
  /** The dtypes and shapes of the outputs for inputs like these. Compiles if need be. */
  outputsFor(inputs: Signature): Signature;
  /** The ONNX model for inputs like these, where the executor makes one. */
  model(inputs: Signature): Uint8Array | undefined;
  /** Writes the variant for inputs like these as an ONNX file, to be opened in Netron. */
  save(path: string, inputs: Signature): void;
  dispose(): void;
}

/**
 * Makes a `Program` of a pure tfjs function from named tensors to named tensors. Compiled when first run. Randomness
 * enters as an input; reading values, ops without a lowering and tensors captured from outside are errors (`trace`).
 *
 * @example
 * const double = compile(({ x }) => ({ y: tf.mul(x, 2) }));
 * double.run({ x: float32([3], [1, 2, 3]) }).y.data; // [2, 4, 6]
 */
export function compile(
  fn: TensorFunction,
  { name = fn.name || 'program', executor = onnxExecutor() }: CompileOptions = {},
): Program {
  const variants = new Map<string, Executable>();
  let isDisposed = false;

  const variantFor = (inputs: Signature): Executable => {
    if (isDisposed) throw internal(`the program ${name} was disposed`);
    checkSignature(name, inputs);
    const key = keyOf(inputs);
    const known = variants.get(key);
    if (known !== undefined) return known;
    const made = executor.prepare(fn, signatureOf(inputs), name);
    variants.set(key, made);
    return made;
  };

  const check = (variant: Executable, inputs: Values, outputs: Values): void => {
    checkOutputs(name, variant.outputs, outputs, inputs);
    checkData(name, 'output', outputs);
  };

  return {
    name,
    get variants() {
      return variants.size;
    },
    run(inputs, outputs) {
      const variant = variantFor(inputs);
      checkData(name, 'input', inputs);
      if (outputs !== undefined) check(variant, inputs, outputs);
      const results =
        outputs ??
        Object.fromEntries(
          Object.entries(variant.outputs).map(([key, { dtype, shape }]) => [key, zeros(dtype, shape)]),
        );
      variant.run(inputs, results);
      return results;
    },
    bind(inputs, outputs) {
      const variant = variantFor(inputs);
      checkData(name, 'input', inputs);
      check(variant, inputs, outputs);
      return variant.bind(inputs, outputs);
    },
    outputsFor: (inputs) => variantFor(inputs).outputs,
    model: (inputs) => variantFor(inputs).model?.(),
    save(path, inputs) {
      const model = variantFor(inputs).model?.();
      if (model === undefined) {
        throw new LightbulbError('unsupported', `the ${executor.name} executor has no ONNX file`, {
          cure: 'Compile with the onnx executor',
        });
      }
      writeFileSync(path, model);
    },
    dispose() {
      for (const variant of variants.values()) variant.dispose();
      variants.clear();
      isDisposed = true;
    },
  };
}

function keyOf(inputs: Signature): string {
  let key = '';
  for (const name of Object.keys(inputs).sort()) {
    const { dtype, shape } = inputs[name]!;
    key += `${name}:${dtype}[${shape.join(',')}];`;
  }
  return key;
}

function signatureOf(inputs: Signature): Signature {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }]) => [name, { dtype, shape: [...shape] }]),
  );
}
