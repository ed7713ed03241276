import { LightbulbError } from '../../../core/index.ts';
import type { tf } from '../tf.ts';
import type { TraceBackend, Traced } from '../tracer.ts';
import type { Attributes, Lowering, Lowerings } from './lowering.ts';
import { product } from './matrix.ts';
import { reshaped } from './shape.ts';

/** Which inputs make up output `i` along one axis, and by how much. */
type Weights = (i: number) => readonly (readonly [index: number, weight: number])[];

interface Axis {
  readonly from: number;
  readonly to: number;
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** tfjs's step along the input for one step along the output. */
function stride({ from, to, alignCorners }: Axis): number {
  return alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
}

function bilinear(axis: Axis): Weights {
  return (i) => {
    const at = axis.halfPixelCenters ? stride(axis) * (i + 0.5) - 0.5 : stride(axis) * i;
    const low = Math.max(0, Math.floor(at));
    const high = Math.min(axis.from - 1, Math.ceil(at));
    const fraction = at - low;
    return [
      [low, 1 - fraction],
      [high, fraction],
    ];
  };
}

function nearest(axis: Axis): Weights {
  return (i) => {
    const at = stride(axis) * (axis.halfPixelCenters ? i + 0.5 : i);
    const index = Math.min(axis.from - 1, axis.alignCorners ? Math.round(at) : Math.floor(at));
    return [[Math.max(0, index), 1]];
  };
}

/** The interpolation along one axis as a matrix [to, from]. */
function interpolation(tracer: TraceBackend, axis: Axis, method: (axis: Axis) => Weights): Traced {
  const values = new Float32Array(axis.to * axis.from);
  const weights = method(axis);
  for (let i = 0; i < axis.to; i++) {
    for (const [index, weight] of weights(i)) values[i * axis.from + index]! += weight;
  }
  return tracer.of(tracer.constant(values, [axis.to, axis.from], 'float32'));
}

/**
 * Interpolation is linear in the pixels and separable: one matrix for rows, one for columns, and their transposes for
 * the gradient. No layout changes, and exactly tfjs's idea of where a pixel lies.
 */
function resample(
  tracer: TraceBackend,
  images: Traced,
  [rows, columns]: readonly [Traced, Traced],
  isGradient: boolean,
): tf.TensorInfo {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [newHeight, newWidth] = [rows, columns].map(({ shape }) => shape[isGradient ? 1 : 0]!) as [number, number];
  const flat = tracer.of(reshaped(tracer, images, [batch, height, width * channels]));
  const tall = product(tracer, rows, flat, isGradient, false);
  const lines = tracer.of(reshaped(tracer, tracer.of(tall), [batch * newHeight, width, channels]));
  const wide = product(tracer, columns, lines, isGradient, false);
  return reshaped(tracer, tracer.of(wide), [batch, newHeight, newWidth, channels]);
}

function matrices(
  tracer: TraceBackend,
  from: readonly number[],
  to: readonly number[],
  attributes: Attributes,
  method: (axis: Axis) => Weights,
): [Traced, Traced] {
  const how = {
    alignCorners: Boolean(attributes.alignCorners),
    halfPixelCenters: Boolean(attributes.halfPixelCenters),
  };
  return [
    interpolation(tracer, { ...how, from: from[0]!, to: to[0]! }, method),
    interpolation(tracer, { ...how, from: from[1]!, to: to[1]! }, method),
  ];
}

const forward =
  (method: (axis: Axis) => Weights): Lowering =>
  (tracer, { images }, attributes) => {
    const traced = tracer.of(images!);
    const maps = matrices(tracer, traced.shape.slice(1, 3), attributes.size as number[], attributes, method);
    return resample(tracer, traced, maps, false);
  };

const backward =
  (method: (axis: Axis) => Weights): Lowering =>
  (tracer, { images, dy }, attributes) => {
    if (attributes.halfPixelCenters === true) {
      throw new LightbulbError('trace', `the gradient of a resize with halfPixelCenters ${tracer.place}`, {
        wanted: 'halfPixelCenters: false',
        cure: "tfjs's own gradient is wrong there",
      });
    }
    const gradient = tracer.of(dy!);
    const maps = matrices(tracer, images!.shape.slice(1, 3), gradient.shape.slice(1, 3), attributes, method);
    return resample(tracer, gradient, maps, true);
  };

export const resize: Lowerings = {
  ResizeBilinear: forward(bilinear),
  ResizeBilinearGrad: backward(bilinear),
  ResizeNearestNeighbor: forward(nearest),
  ResizeNearestNeighborGrad: backward(nearest),
};
