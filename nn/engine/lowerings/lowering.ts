import type { tf } from '../tf.ts';
import type { TraceBackend } from '../tracer.ts';

export type Inputs = Readonly<Record<string, tf.TensorInfo>>;

/** Attributes of a tfjs kernel; each lowering knows those of its own (tfjs's `kernel_names.ts` declares them). */
export type Attributes = Readonly<Record<string, unknown>>;

/** Records one tfjs kernel as ONNX operators and answers the tensors that stand for its outputs. */
export type Lowering = (
  tracer: TraceBackend,
  inputs: Inputs,
  attributes: Attributes,
) => tf.TensorInfo | tf.TensorInfo[];

export type Lowerings = Readonly<Record<string, Lowering>>;
