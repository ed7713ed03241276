import { LightbulbError } from '../../core/index.ts';
import { tf } from '../../nn/index.ts';
import { type Box, boxSize } from '../../worlds/index.ts';
import { EntryBounds } from './entry-bounds.ts';
import { type Numbers, type ObservationPart, placeOf } from './observation-part.ts';
import type { ImageTokenizer } from './step-tokens.ts';
import type { PatchShape, TokenBuffer } from './token-buffer.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * [height, width, channels] of a box of bytes with two axes (grey) or three; null for what is no picture. With `planes`,
 * other boxes of three axes are pictures too, if all their entries lie between the same two finite bounds.
 */
export function pictureShape(
  { dtype, shape, low, high }: Box,
  planes: boolean,
): readonly [height: number, width: number, channels: number] | null {
  if (shape.length === 3) {
    const isBounded = typeof low === 'number' && typeof high === 'number' && Number.isFinite(high - low) && high > low;
    return dtype === 'uint8' || (planes && isBounded) ? [shape[0]!, shape[1]!, shape[2]!] : null;
  }
  return dtype === 'uint8' && shape.length === 2 ? [shape[0]!, shape[1]!, 1] : null;
}

/**
 * A picture as square patches in raster order (Gato, arXiv 2205.06175, section 2.1): pixels from
 * 0 to 255 (planes: from their bounds) to [-1, 1], divided by the root of a patch's side. Where the side does not divide the picture, its lower and right patches are filled with 0,
 * which is no colour's end but the middle; their intervals end with the picture. Missing channels repeat the last one.
 */
export function patchPart(space: Box, path: string, patch: PatchShape, vocabulary: Vocabulary): ObservationPart {
  const [height, width, depth] = pictureShape(space, true)!;
  const { size, channels } = patch;
  if (depth > channels)
    throw new LightbulbError('invalid_input', 'a picture has more channels than patches have', {
      where: placeOf('observation', path),
      wanted: `at most ${channels}`,
      got: String(depth),
      cure: 'Make the patches from channelsNeeded(spaces)',
    });
  const bounds = new EntryBounds(space, path);
  const rows = Math.ceil(height / size);
  const columns = Math.ceil(width / size);
  const intervals = Array.from({ length: rows * columns }, (_, k): [number, number, number, number] => {
    const top = Math.floor(k / columns) * size;
    const left = (k % columns) * size;
    return [top / height, Math.min(top + size, height) / height, left / width, Math.min(left + size, width) / width];
  });
  const [low, high] = space.dtype === 'uint8' ? [0, 255] : [space.low as number, space.high as number];
  const scale = 2 / ((high - low) * Math.sqrt(size));
  const middle = low * scale + 1 / Math.sqrt(size);

  function writePatch(numbers: Numbers, offset: number, top: number, left: number, pixels: Float32Array): void {
    const bottom = Math.min(top + size, height);
    const right = Math.min(left + size, width);
    if (bottom - top < size || right - left < size) pixels.fill(0);
    for (let y = top; y < bottom; y++) {
      let from = offset + (y * width + left) * depth;
      let to = (y - top) * size * channels;
      for (let x = left; x < right; x++, from += depth) {
        for (let c = 0; c < channels; c++) pixels[to++] = numbers[from + (c < depth ? c : depth - 1)]! * scale - middle;
      }
    }
  }

  function pixels(x: tf.Tensor): tf.Tensor {
    const count = x.shape[0]!;
    const colours: tf.Tensor[] = [tf.reshape(bounds.within(x), [count, height, width, depth])];
    if (channels > depth) {
      const last = tf.slice(colours[0]!, [0, 0, 0, depth - 1], [count, height, width, 1]);
      for (let c = depth; c < channels; c++) colours.push(last);
    }
    const scaled = tf.sub(tf.mul(tf.concat(colours, 3), scale), middle);
    const [below, beside] = [rows * size - height, columns * size - width];
    const whole =
      below + beside === 0
        ? scaled
        : tf.pad(scaled, [
            [0, 0],
            [0, below],
            [0, beside],
            [0, 0],
          ]);
    // tfjs turns tensors of six axes at most: a row's channels go along with its pixels.
    const cut = tf.reshape(whole, [count * rows, size, columns, size * channels]);
    return tf.reshape(tf.transpose(cut, [0, 2, 1, 3]), [count, rows * columns, size, size, channels]);
  }

  return {
    kind: 'patch',
    path,
    note: `${rows} x ${columns} patches of ${size} x ${size} x ${channels}`,
    size: boxSize(space),
    tokens: rows * columns,
    patches: rows * columns,
    write(numbers: Numbers, offset: number, local: number, out: TokenBuffer): number {
      bounds.checkAll(numbers, offset);
      for (let k = 0; k < intervals.length; k++) {
        const pixels = out.addPatch(vocabulary.patch, local + k, intervals[k]!);
        writePatch(numbers, offset, Math.floor(k / columns) * size, (k % columns) * size, pixels);
      }
      return local + intervals.length;
    },
    rows: () => ({
      ids: (x) => tf.fill([x.shape[0]!, intervals.length], vocabulary.patch, 'int32'),
      pictures: { intervals, pixels },
    }),
  };
}

/** A picture as codes of a codebook between the tokens that begin and end an image (arXiv 2405.09818, section 2.1). */
export function codePart(space: Box, path: string, images: ImageTokenizer, vocabulary: Vocabulary): ObservationPart {
  const { codes, beginImage, endImage } = vocabulary;
  if (images.codes > codes.size)
    throw new LightbulbError('invalid_input', 'the image codebook has more entries than the vocabulary has ids', {
      where: placeOf('observation', path),
      wanted: `at most ${codes.size}`,
      got: String(images.codes),
      cure: 'Make the vocabulary with codes = the entries of the codebook',
    });
  const bounds = new EntryBounds(space, path);
  const size = boxSize(space);
  const found = new Int32Array(images.tokens);
  const floats = new Float32Array(size);
  return {
    kind: 'code',
    path,
    note: `begin, ${images.tokens} codes of ${images.codes}, end`,
    size,
    tokens: images.tokens + 2,
    patches: 0,
    rows: null,
    write(numbers: Numbers, offset: number, local: number, out: TokenBuffer): number {
      bounds.checkAll(numbers, offset);
      for (let i = 0; i < size; i++) floats[i] = numbers[offset + i]!;
      images.encode(floats, 0, found);
      out.add(beginImage, local);
      for (let i = 0; i < found.length; i++) out.add(codes.start + found[i]!, local + 1 + i);
      out.add(endImage, local + 1 + found.length);
      return local + 2 + found.length;
    },
  };
}
