import { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../tracer.ts';
import type { Attributes } from './lowering.ts';
import { transposed } from './shape.ts';

/** The part of tfjs's description of a convolution or pooling that ONNX needs. */
export type Window = Pick<
  tf.backend_util.Conv2DInfo,
  | 'batchSize'
  | 'inHeight'
  | 'inWidth'
  | 'inChannels'
  | 'outHeight'
  | 'outWidth'
  | 'outChannels'
  | 'strideHeight'
  | 'strideWidth'
  | 'dilationHeight'
  | 'dilationWidth'
  | 'filterHeight'
  | 'filterWidth'
  | 'effectiveFilterHeight'
  | 'effectiveFilterWidth'
  | 'padInfo'
  | 'outShape'
  | 'dataFormat'
>;

type Four = [number, number, number, number];
type Two = [number, number];

export function convolutionWindow(
  input: readonly number[],
  filter: readonly number[],
  attributes: Attributes,
  { isDepthwise, isGradient }: { isDepthwise: boolean; isGradient: boolean },
): Window {
  const format = (attributes.dataFormat as 'NHWC' | 'NCHW' | undefined) ?? 'NHWC';
  return tf.backend_util.computeConv2DInfo(
    [...input] as Four,
    [...filter] as Four,
    attributes.strides as Two,
    // tfjs has gradients of undilated convolutions alone, and does not pass the dilations on.
    isGradient ? 1 : ((attributes.dilations as Two | undefined) ?? 1),
    attributes.pad as 'same' | 'valid' | number,
    attributes.dimRoundingMode as 'floor' | undefined,
    isDepthwise,
    tf.backend_util.convertConv2DDataFormat(format),
  );
}

export function poolingWindow(input: readonly number[], attributes: Attributes): Window {
  return tf.backend_util.computePool2DInfo(
    [...input] as Four,
    attributes.filterSize as Two,
    attributes.strides as Two,
    1,
    attributes.pad as 'same' | 'valid' | number,
    attributes.dimRoundingMode as 'floor' | undefined,
  );
}

/**
 * How far windows reach beyond the input at the bottom and right; negative where some of it is not reached. It follows
 * from the output's size, so that every way of tfjs to say it ('same', 'valid', numbers, rounding up) comes out right.
 */
export function overhang(w: Window): [bottom: number, right: number] {
  return [
    (w.outHeight - 1) * w.strideHeight + w.effectiveFilterHeight - w.inHeight - w.padInfo.top,
    (w.outWidth - 1) * w.strideWidth + w.effectiveFilterWidth - w.inWidth - w.padInfo.left,
  ];
}

/** Strides, dilations and pads as ONNX's attributes. */
export function windowAttributes(w: Window): Record<'strides' | 'dilations' | 'pads', readonly number[]> {
  const [bottom, right] = overhang(w);
  return {
    strides: [w.strideHeight, w.strideWidth],
    dilations: [w.dilationHeight, w.dilationWidth],
    pads: [w.padInfo.top, w.padInfo.left, Math.max(0, bottom), Math.max(0, right)],
  };
}

/** The attributes of the transposed convolution that leads from outputs back to inputs. */
export function transposedAttributes(w: Window): Record<string, readonly number[]> {
  const [bottom, right] = overhang(w);
  // Rows that no window reached have a gradient of zero.
  return { ...windowAttributes(w), output_padding: [Math.max(0, -bottom), Math.max(0, -right)] };
}

/** A tensor [B, H, W, C] as [B, C, H, W]; as it is where it has its channels first already. */
export function channelsFirst(tracer: TraceBackend, traced: Traced, w: Window): Traced {
  return w.dataFormat === 'channelsFirst' ? traced : tracer.of(transposed(tracer, traced, [0, 3, 1, 2]));
}

/** And back. */
export function channelsAsBefore(
  tracer: TraceBackend,
  name: string,
  shape: readonly number[],
  w: Window,
): tf.TensorInfo {
  const first = tracer.tensor(name, shape, 'float32');
  return w.dataFormat === 'channelsFirst' ? first : transposed(tracer, tracer.of(first), [0, 2, 3, 1]);
}
