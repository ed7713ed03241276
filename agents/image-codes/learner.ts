import { LightbulbError, restoreStream, type Stream, type StreamState } from '../../core/index.ts';
import {
  type Executor,
  flattened,
  float32,
  int32,
  type Layout,
  layoutOf,
  onnxExecutor,
  type Program,
  pack,
  type Value,
  type Values,
  viewsOf,
} from '../../nn/index.ts';
import { type CodebookOf, initCodebook } from './codebook.ts';
import { ImageCodes } from './image-codes.ts';
import { Autoencoder, type AutoencoderOf } from './network.ts';
import {
  checkImageCodesOptions,
  checkImageCodesTraining,
  type ImageCodesOptions,
  type ImageCodesTraining,
} from './options.ts';
import { IMAGE_CODES_METRICS, imageCodesOptimiser, trainingProgram } from './programs.ts';

export type ImageCodesMetrics = Readonly<Record<(typeof IMAGE_CODES_METRICS)[number], number>>;

/** Everything that a learner's future depends on, but for the pictures. */
export interface ImageCodesCheckpoint {
  readonly tensors: Values;
  readonly stream: StreamState;
}

/** Learns an autoencoder's weights and its codebook, batch by batch. Two sets of arrays take turns. */
export class ImageCodesLearner {
  /** [B, H, W, C], brightnesses 0 to 255: fill it before each `update`. */
  readonly pixels: Float32Array;
  private readonly layout: Layout<AutoencoderOf<unknown>>;
  private readonly program: Program;
  private readonly states: readonly [Values, Values];
  private readonly steps: readonly [() => void, () => void];
  private readonly revival: Value;
  private readonly metrics: Value = float32([IMAGE_CODES_METRICS.length]);
  /** Which vectors of the batch dead codes become: the first K of these. */
  private readonly order: Int32Array;
  private turn: 0 | 1 = 0;

  /**
   * stream: the first weights, and from then on which vectors revive dead codes. Errors: those of
   * `checkImageCodesOptions` and `checkImageCodesTraining`.
   */
  constructor(
    readonly options: ImageCodesOptions,
    readonly training: ImageCodesTraining,
    private stream: Stream,
    executor: Executor = onnxExecutor(),
  ) {
    checkImageCodesOptions(options);
    checkImageCodesTraining(training);
    const network = new Autoencoder(options);
    const parameters = network.init(stream);
    this.layout = layoutOf(parameters);
    const codebook = initCodebook(stream, options.codes, options.features);
    const first = stateOf(pack(parameters), codebook, training);
    this.states = [first, copies(first)];

    const [height, width, channels] = options.shape;
    const pixels = float32([training.batch, height, width, channels]);
    this.pixels = pixels.data as Float32Array;
    this.order = new Int32Array((training.batch * height * width) / options.down ** 2);
    this.revival = int32([options.codes]);
    this.program = trainingProgram(network, this.layout, options, training, executor);
    const { program, revival, metrics } = this;
    const bind = (from: Values, to: Values) => program.bind({ ...from, pixels, revival }, { ...to, metrics });
    this.steps = [bind(this.states[0], this.states[1]), bind(this.states[1], this.states[0])];
  }

  /** One step on `pixels`. Error `not_finite`, naming the metric, with the state from before it still in place. */
  update(): ImageCodesMetrics {
    this.drawRevival();
    this.steps[this.turn]();
    const values = Array.from(this.metrics.data);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new LightbulbError('not_finite', `${IMAGE_CODES_METRICS[bad]} of image codes is no finite number`, {
        got: String(values[bad]),
        cure: 'Lower learningRate',
      });
    this.turn = this.turn === 0 ? 1 : 0;
    return Object.fromEntries(IMAGE_CODES_METRICS.map((name, i) => [name, values[i]!])) as ImageCodesMetrics;
  }

  /** What has been learned so far, in arrays of its own. */
  imageCodes(executor?: Executor): ImageCodes {
    const state = this.states[this.turn];
    const packed = (state.parameters!.data as Float32Array).slice();
    const { encoder, decoder } = viewsOf(this.layout, packed) as AutoencoderOf<Value>;
    const weights = { encoder, decoder, codebook: { vectors: copied(state['codebook/vectors']!) } };
    return new ImageCodes(this.options, weights, executor);
  }

  save(): ImageCodesCheckpoint {
    return { tensors: copies(this.states[this.turn]), stream: this.stream.state() };
  }

  /** Takes back what `save` gave. Error `mismatch` naming the first tensor that does not fit. */
  load({ tensors, stream }: ImageCodesCheckpoint): void {
    const state = Object.entries(this.states[this.turn]);
    for (const [name, { shape }] of state) {
      const found = tensors[name];
      if (found?.dtype === 'float32' && found.shape.join() === shape.join()) continue;
      throw new LightbulbError('mismatch', 'the checkpoint belongs to other image codes', {
        where: name,
        wanted: `float32[${shape}]`,
        got: found === undefined ? 'nothing' : `${found.dtype}[${found.shape}]`,
      });
    }
    for (const [name, { data }] of state) data.set(tensors[name]!.data);
    this.stream = restoreStream(stream);
  }

  dispose(): void {
    this.program.dispose();
  }

  /** Each vector of the batch at most once, as long as there are enough of them. */
  private drawRevival(): void {
    const { order, revival, stream } = this;
    for (let i = 0; i < order.length; i++) order[i] = i;
    stream.shuffle(order);
    for (let k = 0; k < revival.data.length; k++) revival.data[k] = order[k % order.length]!;
  }
}

function stateOf(parameters: Value, codebook: CodebookOf<Value>, training: ImageCodesTraining): Values {
  const optimiser = imageCodesOptimiser(training).init(parameters);
  return { parameters, ...flattened<Value>('optimiser/', optimiser), ...flattened<Value>('codebook/', codebook) };
}

function copies(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, copied(value)]));
}

function copied({ shape, data }: Value): Value {
  return float32(shape, (data as Float32Array).slice());
}
