import type { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../tracer.ts';
import { activate } from './activation.ts';
import type { Attributes, Lowering, Lowerings } from './lowering.ts';
import { product, withBias } from './matrix.ts';
import { reshaped, transposed } from './shape.ts';
import {
  channelsAsBefore,
  channelsFirst,
  convolutionWindow,
  overhang,
  transposedAttributes,
  type Window,
  windowAttributes,
} from './window.ts';

/** A filter of one pixel that visits every pixel once is a matrix product over channels: no transposes at all. */
function isPointwise(w: Window): boolean {
  const { top, left, bottom, right } = w.padInfo;
  return (
    w.dataFormat === 'channelsLast' &&
    w.filterHeight === 1 &&
    w.filterWidth === 1 &&
    w.strideHeight === 1 &&
    w.strideWidth === 1 &&
    top + left + bottom + right === 0
  );
}

const rowsOf = (tracer: TraceBackend, traced: Traced): Traced =>
  tracer.of(reshaped(tracer, traced, [traced.shape.slice(0, -1).reduce((a, b) => a * b, 1), traced.shape.at(-1)!]));

const matrixOf = (tracer: TraceBackend, filter: Traced): Traced =>
  tracer.of(reshaped(tracer, filter, filter.shape.slice(-2)));

/** The filter [h, w, in, out] as [out, in, h, w]: what both Conv and, for its gradient, ConvTranspose want. */
function outFirst(tracer: TraceBackend, filter: Traced): string {
  return tracer.of(transposed(tracer, filter, [3, 2, 0, 1])).name();
}

const PLAIN = { isDepthwise: false, isGradient: false };
const GRADIENT = { isDepthwise: false, isGradient: true };

const conv2d: Lowering = (tracer, { x, filter }, attributes) => {
  const [input, weights] = [tracer.of(x!), tracer.of(filter!)];
  const w = convolutionWindow(input.shape, weights.shape, attributes, PLAIN);
  if (isPointwise(w)) {
    const flat = product(tracer, rowsOf(tracer, input), matrixOf(tracer, weights), false, false);
    return reshaped(tracer, tracer.of(flat), w.outShape);
  }
  const names = [channelsFirst(tracer, input, w).name(), outFirst(tracer, weights)];
  const name = tracer.current.op('Conv', names, windowAttributes(w), tracer.scope);
  return channelsAsBefore(tracer, name, [w.batchSize, w.outChannels, w.outHeight, w.outWidth], w);
};

const backpropInput: Lowering = (tracer, { dy, filter }, attributes) => {
  const [gradient, weights] = [tracer.of(dy!), tracer.of(filter!)];
  const shape = attributes.inputShape as number[];
  const w = convolutionWindow(shape, weights.shape, attributes, GRADIENT);
  if (isPointwise(w)) {
    const flat = product(tracer, rowsOf(tracer, gradient), matrixOf(tracer, weights), false, true);
    return reshaped(tracer, tracer.of(flat), shape);
  }
  const names = [channelsFirst(tracer, gradient, w).name(), outFirst(tracer, weights)];
  const name = tracer.current.op('ConvTranspose', names, transposedAttributes(w), tracer.scope);
  return channelsAsBefore(tracer, name, [w.batchSize, w.inChannels, w.inHeight, w.inWidth], w);
};

/**
 * The gradient of the filter is a convolution too: of the inputs (channels as batch, batch as channels) with the
 * gradient as filter, whose dilation is the stride.
 */
const backpropFilter: Lowering = (tracer, { x, dy }, attributes) => {
  const [input, gradient] = [tracer.of(x!), tracer.of(dy!)];
  const shape = attributes.filterShape as number[];
  const w = convolutionWindow(input.shape, shape, attributes, GRADIENT);
  if (isPointwise(w)) {
    const flat = product(tracer, rowsOf(tracer, input), rowsOf(tracer, gradient), true, false);
    return reshaped(tracer, tracer.of(flat), shape);
  }
  const order = w.dataFormat === 'channelsFirst' ? [1, 0, 2, 3] : [3, 0, 1, 2];
  const names = [input, gradient].map((traced) => tracer.of(transposed(tracer, traced, order)).name());
  const raw = tracer.current.op('Conv', [names[0]!, names[1]!], filterAttributes(w), tracer.scope);
  const name = withoutOverhang(tracer, raw, w);
  const turned = tracer.tensor(name, [w.inChannels, w.outChannels, w.filterHeight, w.filterWidth], 'float32');
  return transposed(tracer, tracer.of(turned), [2, 3, 0, 1]);
};

/** For the convolution whose result is a filter's gradient: strides and dilations change places. */
export function filterAttributes(w: Window): Record<string, readonly number[]> {
  const { strides, dilations, pads } = windowAttributes(w);
  return { strides: dilations, dilations: strides, pads };
}

/** Inputs that no window reached give the gradient rows beyond the filter: cut them off. */
export function withoutOverhang(tracer: TraceBackend, name: string, w: Window): string {
  const [bottom, right] = overhang(w);
  if (bottom >= 0 && right >= 0) return name;
  const graph = tracer.current;
  return graph.op('Slice', [
    name,
    graph.int64s([0, 0]),
    graph.int64s([w.filterHeight, w.filterWidth]),
    graph.int64s([2, 3]),
  ]);
}

/** A kernel with bias and activation in its tail; only forward passes outside of gradients have it. */
export function fused(lower: Lowering): Lowering {
  return (tracer, { x, filter, bias, preluActivationWeights }, attributes: Attributes) => {
    const bare = lower(tracer, { x: x!, filter: filter! }, attributes) as tf.TensorInfo;
    return activate(tracer, withBias(tracer, bare, bias), attributes, preluActivationWeights);
  };
}

export const convolution: Lowerings = {
  Conv2D: conv2d,
  Conv2DBackpropInput: backpropInput,
  Conv2DBackpropFilter: backpropFilter,
  FusedConv2D: fused(conv2d),
};
