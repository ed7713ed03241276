import { LightbulbError, type Stream } from '../../core/index.ts';
import type { WindowSource } from '../datasets/index.ts';

/** An endless source of pictures to learn from. */
export interface PictureSource {
  /** Writes the next picture, brightnesses 0 to 255 [height, width, channels], to `out` from `offset` on. */
  next(out: Float32Array, offset: number): void;
}

/**
 * Pictures of `size` numbers that lie one after the other, each once an epoch, in another order each time.
 * Error `shape` where they do not divide into pictures.
 */
export function shuffledPictures(pictures: Float32Array | Uint8Array, size: number, stream: Stream): PictureSource {
  const count = pictures.length / size;
  if (!Number.isInteger(count) || count < 1)
    throw new LightbulbError('shape', 'these numbers are not whole pictures', {
      wanted: `a multiple of ${size}, at least one picture`,
      got: String(pictures.length),
    });
  const order = Int32Array.from({ length: count }, (_, i) => i);
  let at = count;
  return {
    next(out, offset) {
      if (at === count) {
        stream.shuffle(order);
        at = 0;
      }
      const first = order[at++]! * size;
      out.set(pictures.subarray(first, first + size), offset);
    },
  };
}

/**
 * The steps of a dataset's windows, one after the other, where the observations of `group` are pictures of `size`
 * numbers. Short windows (`WindowOptions.steps`) keep neighbouring frames out of a batch. Error `shape` where the
 * group's observations are not of this size.
 */
export function recordedPictures(source: WindowSource, group: number, size: number): PictureSource {
  let window: ReturnType<WindowSource['next']> | null = null;
  let at = 0;
  const refill = (): NonNullable<typeof window> => {
    const { steps, groups } = source.manifest;
    if (!groups[group] || steps === 0)
      throw new LightbulbError('invalid_input', 'the dataset has no such pictures', {
        where: `/groups/${group}`,
        got: `${groups.length} groups, ${steps} steps`,
      });
    let found = source.next();
    while (found.track.group !== group) found = source.next();
    const { observation, steps: length } = found.track;
    if (observation.length !== length * size)
      throw new LightbulbError('shape', 'the observations of a dataset are not pictures of this size', {
        where: `/groups/${group}`,
        wanted: `${size} numbers`,
        got: String(observation.length / length),
      });
    at = found.from;
    return found;
  };
  return {
    next(out, offset) {
      if (window === null || at === window.to) window = refill();
      const { observation } = window.track;
      out.set(observation.subarray(at * size, (at + 1) * size), offset);
      at++;
    },
  };
}
