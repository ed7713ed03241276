import { LightbulbError } from '../../core/index.ts';
import { type Executor, float32, int32, leaves, onnxExecutor, type Program, type Value } from '../../nn/index.ts';
import type { ImageTokenizer } from '../tokens/index.ts';
import { Autoencoder, type AutoencoderOf } from './network.ts';
import { checkImageCodesOptions, type ImageCodesOptions } from './options.ts';
import { decodingProgram, encodingProgram } from './programs.ts';

/** Weights of a trained autoencoder; vectors: the codebook, [K, D]. */
export type ImageCodesOf<X> = AutoencoderOf<X> & { readonly codebook: { readonly vectors: X } };

/**
 * Pictures to a grid of codes and back: a VQ autoencoder with fixed weights (van den Oord et al. 2017,
 * arXiv 1711.00937). One picture at a time, without allocating while it encodes.
 */
export class ImageCodes implements ImageTokenizer {
  readonly shape: readonly [number, number, number];
  readonly tokens: number;
  readonly codes: number;
  private readonly programs: readonly Program[];
  private readonly encoding: { readonly pixels: Float32Array; readonly codes: Int32Array; readonly run: () => void };
  private readonly decoding: { readonly pixels: Float32Array; readonly codes: Int32Array; readonly run: () => void };

  /** weights: kept, not copied. Errors: those of `checkImageCodesOptions`. */
  constructor(
    readonly options: ImageCodesOptions,
    readonly weights: ImageCodesOf<Value>,
    executor: Executor = onnxExecutor(),
  ) {
    checkImageCodesOptions(options);
    const [height, width, channels] = options.shape;
    const grid = [1, height / options.down, width / options.down];
    this.shape = options.shape;
    this.tokens = grid[1]! * grid[2]!;
    this.codes = options.codes;

    const network = new Autoencoder(options);
    const [encode, decode] = [encodingProgram(network, options, executor), decodingProgram(network, options, executor)];
    this.programs = [encode, decode];
    const { vectors } = weights.codebook;
    const tied = (program: Program, from: 'pixels' | 'codes', tree: AutoencoderOf<Value>['encoder' | 'decoder']) => {
      const values = { pixels: float32([1, height, width, channels]), codes: int32(grid) };
      const { [from]: input, ...output } = values;
      const inputs = { [from]: input, vectors, ...Object.fromEntries(leaves<Value>(tree)) };
      const run = program.bind(inputs, output as Record<string, Value>);
      return { pixels: values.pixels.data as Float32Array, codes: values.codes.data as Int32Array, run };
    };
    this.encoding = tied(encode, 'pixels', weights.encoder);
    this.decoding = tied(decode, 'codes', weights.decoder);
  }

  /** Errors: `invalid_input` naming the first pixel outside of 0 to 255; `shape` where either array is too short. */
  encode(pixels: ArrayLike<number>, offset: number, out: Int32Array): void {
    const { pixels: picture, codes, run } = this.encoding;
    requireRoom('pixels', pixels.length - offset, picture.length);
    requireRoom('codes', out.length, codes.length);
    for (let i = 0; i < picture.length; i++) {
      const pixel = pixels[offset + i]!;
      if (!(pixel >= 0 && pixel <= 255)) throw outside('pixel', i, '0 to 255', pixel);
      picture[i] = pixel;
    }
    run();
    out.set(codes);
  }

  /** Whole numbers, as pictures have them. Errors: `shape` for too few or many codes, `invalid_input` for no such code. */
  decode(ids: ArrayLike<number>): Float32Array {
    const { pixels, codes, run } = this.decoding;
    if (ids.length !== codes.length)
      throw new LightbulbError('shape', 'these are not the codes of one picture', {
        wanted: String(codes.length),
        got: String(ids.length),
      });
    for (let i = 0; i < codes.length; i++) {
      const id = ids[i]!;
      if (!(Number.isInteger(id) && id >= 0 && id < this.codes))
        throw outside('code', i, `a whole number from 0 to ${this.codes - 1}`, id);
      codes[i] = id;
    }
    run();
    return pixels.map(Math.round);
  }

  dispose(): void {
    for (const program of this.programs) program.dispose();
  }
}

function requireRoom(name: string, got: number, wanted: number): void {
  if (got >= wanted) return;
  throw new LightbulbError('shape', `the array of ${name} is too short for a picture`, {
    wanted: `${wanted} from the offset on`,
    got: String(got),
  });
}

function outside(what: string, index: number, wanted: string, got: number): LightbulbError {
  return new LightbulbError('invalid_input', `a ${what} of a picture is out of range`, {
    where: `${what} ${index}`,
    wanted,
    got: String(got),
  });
}
