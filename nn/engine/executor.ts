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
}
