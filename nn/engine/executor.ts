import type { Signature, TensorFunction } from './trace.ts';
import type { Value } from './value.ts';

export type Device = 'cpu' | 'webgpu' | 'cuda' | 'wasm' | 'tensorflow';

/** A function made ready for one signature. */
export interface Executable {
  readonly outputs: Signature;
  /**
   * Runs once. `inputs` are borrowed; results are written into `outputs` (all of them, shapes as in `this.outputs`).
   * Blocks the thread.
   */
  run(inputs: Readonly<Record<string, Value>>, outputs: Readonly<Record<string, Value>>): void;
  /** `run` on fixed arrays, as often as wanted: nothing is looked up or allocated. The arrays' contents may change. */
  bind(inputs: Readonly<Record<string, Value>>, outputs: Readonly<Record<string, Value>>): () => void;
  /** The ONNX file, for executors that have one. */
  model?(): Uint8Array;
  dispose(): void;
}

/** Where and how programs run. */
export interface Executor {
  readonly name: 'onnx' | 'eager';
  readonly device: Device;
  prepare(fn: TensorFunction, signature: Signature, name: string): Executable;
  /**
   * Makes `fn` ready to run once for each row of the inputs `x/...`, the outputs `carry/...` of one step being the
   * inputs of the next (`compileScan`). Executors without it run all steps as one function.
   */
  prepareScan?(fn: TensorFunction, plan: ScanPlan, name: string): Executable;
}

/** The shapes of a scan. */
export interface ScanPlan {
  readonly steps: number;
  /** What the whole scan reads: inputs `x/...` have a leading axis of `steps`. */
  readonly inputs: Signature;
  /** What one step reads: the same names, without that axis. */
  readonly each: Signature;
}
