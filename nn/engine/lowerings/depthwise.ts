import type { TraceBackend, Traced } from '../tracer.ts';
import { filterAttributes, fused, withoutOverhang } from './convolution.ts';
import type { Lowering, Lowerings } from './lowering.ts';
import { reshaped, transposed } from './shape.ts';
import {
  channelsAsBefore,
  channelsFirst,
  convolutionWindow,
  transposedAttributes,
  windowAttributes,
} from './window.ts';

/** The filter [h, w, in, multiplier] as [in * multiplier, 1, h, w]: one group for each input channel. */
function grouped(tracer: TraceBackend, filter: Traced): string {
  const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
  const turned = tracer.of(transposed(tracer, filter, [2, 3, 0, 1]));
  return tracer.of(reshaped(tracer, turned, [channels * multiplier, 1, height, width])).name();
}

const PLAIN = { isDepthwise: true, isGradient: false };
const GRADIENT = { isDepthwise: true, isGradient: true };

const depthwise2d: Lowering = (tracer, { x, filter }, attributes) => {
  const [input, weights] = [tracer.of(x!), tracer.of(filter!)];
  const w = convolutionWindow(input.shape, weights.shape, { ...attributes, dataFormat: 'NHWC' }, PLAIN);
  const names = [channelsFirst(tracer, input, w).name(), grouped(tracer, weights)];
  const group = { ...windowAttributes(w), group: w.inChannels };
  const name = tracer.current.op('Conv', names, group, tracer.scope);
  return channelsAsBefore(tracer, name, [w.batchSize, w.outChannels, w.outHeight, w.outWidth], w);
};

const backpropInput: Lowering = (tracer, { dy, filter }, attributes) => {
  const [gradient, weights] = [tracer.of(dy!), tracer.of(filter!)];
  const w = convolutionWindow(attributes.inputShape as number[], weights.shape, attributes, GRADIENT);
  const names = [channelsFirst(tracer, gradient, w).name(), grouped(tracer, weights)];
  const group = { ...transposedAttributes(w), group: w.inChannels };
  const name = tracer.current.op('ConvTranspose', names, group, tracer.scope);
  return channelsAsBefore(tracer, name, [w.batchSize, w.inChannels, w.inHeight, w.inWidth], w);
};

/** As for a full convolution, with one group for each channel: the batch is what is summed over. */
const backpropFilter: Lowering = (tracer, { x, dy }, attributes) => {
  const [input, gradient] = [tracer.of(x!), tracer.of(dy!)];
  const shape = attributes.filterShape as [number, number, number, number];
  const w = convolutionWindow(input.shape, shape, attributes, GRADIENT);
  const [byChannel, filters] = [input, gradient].map((traced) => tracer.of(transposed(tracer, traced, [3, 0, 1, 2])));
  const images = reshaped(tracer, byChannel!, [1, w.inChannels * w.batchSize, w.inHeight, w.inWidth]);
  const group = { ...filterAttributes(w), group: w.inChannels };
  const raw = tracer.current.op('Conv', [tracer.of(images).name(), filters!.name()], group, tracer.scope);
  const flat = tracer.tensor(withoutOverhang(tracer, raw, w), [1, w.outChannels, shape[0], shape[1]], 'float32');
  const turned = reshaped(tracer, tracer.of(flat), [shape[2], shape[3], shape[0], shape[1]]);
  return transposed(tracer, tracer.of(turned), [2, 3, 0, 1]);
};

export const depthwise: Lowerings = {
  DepthwiseConv2dNative: depthwise2d,
  DepthwiseConv2dNativeBackpropInput: backpropInput,
  DepthwiseConv2dNativeBackpropFilter: backpropFilter,
  FusedDepthwiseConv2D: fused(depthwise2d),
};
