import { LightbulbError } from '../../core/index.ts';
import { watched } from './contract.ts';
import type { Executable, Executor } from './executor.ts';
import { onnxExecutor } from './onnx-executor.ts';
import { type CompileOptions, compile, type Program, type Values } from './program.ts';
import { tf } from './tf.ts';
import type { Signature, TensorFunction } from './trace.ts';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/**
 * One step: what is carried from step to step, row m of what is gone through, and what is the same in all steps, to
 * what is carried on (the same names, dtypes and shapes) and what this step leaves behind. Pure.
 */
export type ScanStep = (
  carry: Tensors,
  x: Tensors,
  constants: Tensors,
) => { readonly carry: Tensors; readonly y: Tensors };

/** What a scan reads. `xs` have a leading axis of M >= 1, the same in all. */
export interface ScanInputs {
  readonly carry: Values;
  readonly xs: Values;
  readonly constants?: Values;
}

/** What a scan writes: the carry after the last step, and each `y` of each step, with a leading axis of M. */
export interface ScanOutputs {
  readonly carry: Values;
  readonly ys: Values;
}

/** A step made ready to run M times in a row. Compiled once for each set of shapes, M included. */
export interface Scan {
  readonly name: string;
  /** Runs all steps. Fresh outputs, or `outputs` (all of them). Errors as `Program.run`. */
  run(inputs: ScanInputs, outputs?: ScanOutputs): ScanOutputs;
  /** Ties the scan to these arrays, as `Program.bind`. */
  bind(inputs: ScanInputs, outputs: ScanOutputs): () => void;
  /** The same as a program: inputs `carry/...`, `x/...`, `constant/...`, outputs `carry/...`, `y/...`. */
  readonly program: Program;
  dispose(): void;
}

/**
 * Runs a step function M times with one call, as `jax.lax.scan`: `(carry, x[m]) -> (carry, y[m])`. Between steps the
 * carry stays where the steps run, by the means that the provider has: one ONNX program with a Scan operator (the CPU
 * and CUDA), buffers on the device that one step leaves to the next (WebGPU), tensors of the backend (eager). So it
 * crosses to the device and back once, not M times.
 *
 * Errors: those of `compile`, and `shape` where the carry does not come out as it went in, where there is nothing to
 * go through, or where the leading axes of `xs` differ.
 *
 * @example
 * const sums = compileScan(({ sum }, { x }) => ({ carry: { sum: tf.add(sum, x) }, y: { sum: tf.add(sum, x) } }));
 * sums.run({ carry: { sum: float32([]) }, xs: { x: float32([3], [1, 2, 3]) } }).ys.sum.data; // [1, 3, 6]
 */
export function compileScan(
  step: ScanStep,
  { name = step.name || 'scan', executor = onnxExecutor() }: CompileOptions = {},
): Scan {
  const program = compile(named(step, name), { name, executor: scanning(executor) });
  const given = ({ carry, xs, constants = {} }: ScanInputs): Values => ({
    ...prefixed('carry/', carry),
    ...prefixed('x/', xs),
    ...prefixed('constant/', constants),
  });
  const taken = ({ carry, ys }: ScanOutputs): Values => ({ ...prefixed('carry/', carry), ...prefixed('y/', ys) });
  return {
    name,
    program,
    run(inputs, outputs) {
      const results = program.run(given(inputs), outputs && taken(outputs));
      return outputs ?? { carry: branch(results, 'carry/'), ys: branch(results, 'y/') };
    },
    bind: (inputs, outputs) => program.bind(given(inputs), taken(outputs)),
    dispose: () => program.dispose(),
  };
}

/** How many steps a scan over inputs like these has. Error `shape` where they do not say, or not the same. */
function stepsOf(inputs: Signature, name: string): number {
  const xs = Object.entries(branch(inputs, 'x/'));
  const lengths = new Set(xs.map(([, { shape }]) => shape[0]));
  const [length] = lengths;
  if (lengths.size === 1 && length !== undefined) return length;
  throw new LightbulbError('shape', `the inputs that ${name} goes through do not agree on its steps`, {
    wanted: 'the same leading axis in all of xs, and one of them at least',
    got: xs.length === 0 ? 'none' : xs.map(([key, { shape }]) => `${key}[${shape}]`).join(', '),
  });
}

/** The inputs of one step of a scan over these. */
function stepSignature(inputs: Signature): Signature {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, { dtype, shape }]) => [
      key,
      { dtype, shape: key.startsWith('x/') ? shape.slice(1) : shape },
    ]),
  );
}

/** The executor whose programs are scans over what it is given to prepare. */
function scanning(executor: Executor): Executor {
  return {
    name: executor.name,
    device: executor.device,
    prepare(step: TensorFunction, inputs: Signature, name: string): Executable {
      const steps = stepsOf(inputs, name);
      const plan = { steps, inputs, each: stepSignature(inputs) };
      return executor.prepareScan?.(step, plan, name) ?? executor.prepare(inOneRow(step, steps), inputs, name);
    },
  };
}

/** All steps as one function: where tensors stay on a device until they are read, so does the carry. */
function inOneRow(step: TensorFunction, steps: number): TensorFunction {
  return (inputs) => {
    const xs = Object.entries(branch(inputs, 'x/'));
    let carry = prefixed('carry/', branch(inputs, 'carry/'));
    const constants = prefixed('constant/', branch(inputs, 'constant/'));
    const rows: Record<string, tf.Tensor[]> = {};
    for (let m = 0; m < steps; m++) {
      // Intermediate tensors of a step end with it, or all steps' would be held at once.
      const outputs = tf.tidy(() => {
        const x = Object.fromEntries(
          xs.map(([key, all]) => [`x/${key}`, tf.reshape(tf.slice(all, [m], [1]), all.shape.slice(1))]),
        );
        return { ...step({ ...carry, ...x, ...constants }) };
      });
      carry = prefixed('carry/', branch(outputs, 'carry/'));
      for (const [key, y] of Object.entries(outputs)) {
        if (!key.startsWith('y/')) continue;
        rows[key] ??= [];
        rows[key].push(y);
      }
    }
    return { ...carry, ...Object.fromEntries(Object.entries(rows).map(([key, ys]) => [key, tf.stack(ys)])) };
  };
}

/** The step as a tensor function of flat names. */
function named(step: ScanStep, name: string): TensorFunction {
  return (inputs) => {
    const before = branch(inputs, 'carry/');
    const seen = [before, branch(inputs, 'x/'), branch(inputs, 'constant/')].map((part) => watched(part));
    let returned: ReturnType<ScanStep>;
    try {
      returned = step(seen[0]!.inputs, seen[1]!.inputs, seen[2]!.inputs);
    } catch (error) {
      throw seen.reduce((told, { explain }) => (told === error ? explain(name, error) : told), error);
    }
    const { carry, y } = returned;
    for (const key of new Set([...Object.keys(before), ...Object.keys(carry)])) {
      const [wanted, got] = [describe(before[key]), describe(carry[key])];
      if (wanted === got) continue;
      throw new LightbulbError('shape', `the carry ${key} of ${name} does not come out as it went in`, {
        wanted,
        got,
        cure: 'Return every tensor of the carry with the dtype and the shape that it came with',
      });
    }
    return { ...prefixed('carry/', carry), ...prefixed('y/', y) };
  };
}

function describe(tensor: tf.Tensor | undefined): string {
  return tensor === undefined ? 'nothing' : `${tensor.dtype}[${tensor.shape}]`;
}

function prefixed<Leaf>(prefix: string, leaves: Readonly<Record<string, Leaf>>): Record<string, Leaf> {
  return Object.fromEntries(Object.entries(leaves).map(([key, leaf]) => [prefix + key, leaf]));
}

function branch<Leaf>(leaves: Readonly<Record<string, Leaf>>, prefix: string): Record<string, Leaf> {
  return Object.fromEntries(
    Object.entries(leaves).flatMap(([key, leaf]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), leaf]] : [])),
  );
}
