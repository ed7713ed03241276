export { type DiagnoseOptions, type Diagnosis, diagnose, tryApart, tryHere } from './diagnose.ts';
export type { Measurement } from './diagnose-measure.ts';
export {
  type EagerBackend,
  type EagerOptions,
  eagerExecutor,
  type PrepareOptions,
  prepareEager,
  type TensorflowFacts,
  tensorflowFacts,
} from './eager-executor.ts';
export type { Device, Executable, Executor, ScanPlan } from './executor.ts';
export { type OnnxDevice, type OnnxOptions, onnxExecutor } from './onnx-executor.ts';
export { bindTogether, type Run } from './parallel.ts';
export { type CompileOptions, compile, type Program, type Values } from './program.ts';
export { compileScan, type Scan, type ScanInputs, type ScanOutputs, type ScanStep } from './scan.ts';
export { tf } from './tf.ts';
export type { Signature, TensorFunction } from './trace.ts';
export { bool, type Data, type DType, float32, int32, sizeOf, type Value, zeros } from './value.ts';
