import { LightbulbError } from '../../../core/index.ts';
import type { TraceBackend, Traced } from '../tracer.ts';
import { sizeOf } from '../value.ts';
import type { Attributes, Lowering, Lowerings } from './lowering.ts';
import {
  channelsAsBefore,
  channelsFirst,
  poolingWindow,
  transposedAttributes,
  type Window,
  windowAttributes,
} from './window.ts';

const outputShape = (w: Window): number[] => [w.batchSize, w.outChannels, w.outHeight, w.outWidth];
const inputShape = (w: Window): number[] => [w.batchSize, w.inChannels, w.inHeight, w.inWidth];

/** The maxima and their places; a forward pass whose places nobody reads loses them when the graph is finished. */
function windowOf(tracer: TraceBackend, input: Traced, attributes: Attributes): Window {
  const w = poolingWindow(input.shape, attributes);
  const { top, bottom, left, right } = w.padInfo;
  if (Math.max(top, bottom) < w.filterHeight && Math.max(left, right) < w.filterWidth) return w;
  throw new LightbulbError('trace', `a pool whose windows may lie outside of the image ${tracer.place}`, {
    wanted: `pads smaller than the filter ${w.filterHeight}x${w.filterWidth}`,
    got: `${[top, bottom, left, right]}`,
  });
}

function maxima(tracer: TraceBackend, input: Traced, w: Window): [string, string] {
  const attributes = { ...windowAttributes(w), kernel_shape: [w.filterHeight, w.filterWidth] };
  const [values, places] = tracer.current.ops('MaxPool', [channelsFirst(tracer, input, w).name()], 2, attributes);
  return [values!, places!];
}

const maxPool: Lowering = (tracer, { x }, attributes) => {
  const input = tracer.of(x!);
  const w = windowOf(tracer, input, attributes);
  return channelsAsBefore(tracer, maxima(tracer, input, w)[0], outputShape(w), w);
};

/** Each gradient goes to where its maximum was; of equals to the first. */
const maxPoolGrad: Lowering = (tracer, { dy, input: x }, attributes) => {
  const [gradient, input] = [tracer.of(dy!), tracer.of(x!)];
  const w = windowOf(tracer, input, attributes);
  const graph = tracer.current;
  const flat = (name: string): string => graph.op('Reshape', [name, graph.int64s([-1])]);
  const zeros = tracer.of(tracer.filled(0, [sizeOf(input.shape)], 'float32')).name();
  const places = flat(maxima(tracer, input, w)[1]);
  const updates = flat(channelsFirst(tracer, gradient, w).name());
  const summed = graph.op('ScatterElements', [zeros, places, updates], { axis: 0, reduction: 'add' }, tracer.scope);
  const name = graph.op('Reshape', [summed, graph.int64s(inputShape(w))]);
  return channelsAsBefore(tracer, name, inputShape(w), w);
};

/** Means over what lies inside of the image. */
const avgPool: Lowering = (tracer, { x }, attributes) => {
  const input = tracer.of(x!);
  const w = windowOf(tracer, input, attributes);
  const { strides, pads } = windowAttributes(w);
  const pool = { strides, pads, kernel_shape: [w.filterHeight, w.filterWidth], count_include_pad: 0 };
  const name = tracer.current.op('AveragePool', [channelsFirst(tracer, input, w).name()], pool, tracer.scope);
  return channelsAsBefore(tracer, name, outputShape(w), w);
};

/** Each gradient in equal parts to its window. tfjs divides by the whole window even where it hangs over the edge; so do we. */
const avgPoolGrad: Lowering = (tracer, { dy, input: x }, attributes) => {
  const [gradient, input] = [tracer.of(dy!), tracer.of(x!)];
  const w = windowOf(tracer, input, attributes);
  const graph = tracer.current;
  const images = w.batchSize * w.inChannels;
  const area = w.filterHeight * w.filterWidth;
  // Every channel of every image by itself: one filter for all, no groups.
  const each = graph.op('Reshape', [
    channelsFirst(tracer, gradient, w).name(),
    graph.int64s([images, 1, w.outHeight, w.outWidth]),
  ]);
  const filter = graph.constant(
    'float32',
    [1, 1, w.filterHeight, w.filterWidth],
    new Float32Array(area).fill(1 / area),
  );
  const spread = graph.op('ConvTranspose', [each, filter], transposedAttributes(w), tracer.scope);
  return channelsAsBefore(tracer, graph.op('Reshape', [spread, graph.int64s(inputShape(w))]), inputShape(w), w);
};

export const pooling: Lowerings = {
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGrad,
  AvgPool: avgPool,
  AvgPoolGrad: avgPoolGrad,
};
