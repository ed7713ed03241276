import type { FinishedGraph } from './graph.ts';

/** Operators that ONNX Runtime 1.30's WebGPU provider has no kernel for, and that can be written with others. */
export const LACKING_ON_WEBGPU: ReadonlySet<string> = new Set(['FusedMatMul']);

/**
 * The nodes that ONNX Runtime 1.30's WebGPU provider takes and then refuses, or gets wrong: they have to run on the CPU.
 * It knows no positions of a pool's maxima, and its transposed convolution in groups mixes up the channels of a group
 * that has more than one (the gradient of a depthwise convolution by its input).
 */
export function hostNodes({ nodes }: FinishedGraph): string[] {
  return nodes.flatMap(({ operator, name, outputs, attributes }) => {
    const isMaximaWithPlaces = operator === 'MaxPool' && outputs.length > 1;
    const isGroupedTranspose = operator === 'ConvTranspose' && Number(attributes.group ?? 1) > 1;
    return isMaximaWithPlaces || isGroupedTranspose ? [name] : [];
  });
}
