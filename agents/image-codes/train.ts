import type { Stream } from '../../core/index.ts';
import { type Executor, onnxExecutor, sizeOf } from '../../nn/index.ts';
import { breathe } from '../breathe.ts';
import type { ImageCodes } from './image-codes.ts';
import { ImageCodesLearner, type ImageCodesMetrics } from './learner.ts';
import { type ImageCodesOptions, type ImageCodesTraining, imageCodesTrainingDefaults } from './options.ts';
import type { PictureSource } from './pictures.ts';

export interface TrainImageCodes {
  readonly options: ImageCodesOptions;
  readonly training?: Partial<ImageCodesTraining>;
  readonly pictures: PictureSource;
  /** Batches to learn from. */
  readonly steps: number;
  /** The first weights, and which vectors revive dead codes. */
  readonly stream: Stream;
  readonly executor?: Executor;
  /** Called after each step, counted from 1. */
  readonly onStep?: (step: number, metrics: ImageCodesMetrics) => void;
}

/**
 * Learns image codes from pictures. The same streams and pictures give the same weights, bit for bit. Signals have
 * their turn between steps. Errors: those of `ImageCodesLearner`; what `onStep` throws ends it.
 */
export async function trainImageCodes({
  options,
  training,
  pictures,
  steps,
  stream,
  executor = onnxExecutor(),
  onStep,
}: TrainImageCodes): Promise<ImageCodes> {
  const learner = new ImageCodesLearner(options, { ...imageCodesTrainingDefaults, ...training }, stream, executor);
  try {
    const size = sizeOf(options.shape);
    for (let step = 1; step <= steps; step++) {
      for (let offset = 0; offset < learner.pixels.length; offset += size) pictures.next(learner.pixels, offset);
      const metrics = learner.update();
      onStep?.(step, metrics);
      await breathe();
    }
    return learner.imageCodes(executor);
  } finally {
    learner.dispose();
  }
}
