export { type Diagnosis, diagnose } from './diagnose.ts';
export { type EagerBackend, type EagerOptions, eagerExecutor, prepareEager } from './eager-executor.ts';
export type { Device, Executable, Executor } from './executor.ts';
export { type OnnxDevice, type OnnxOptions, onnxExecutor } from './onnx-executor.ts';
export { bindTogether, type Run } from './parallel.ts';
export { type CompileOptions, compile, type Program, type Values } from './program.ts';
export { tf } from './tf.ts';
export type { Signature, TensorFunction } from './trace.ts';
export { bool, type Data, type DType, float32, int32, sizeOf, type Value, zeros } from './value.ts';
