import { LightbulbError, type Stream } from '../../core/index.ts';
import type { Executor } from '../engine/executor.ts';
import { onnxExecutor } from '../engine/onnx-executor.ts';
import { compile, type Program, type Values } from '../engine/program.ts';
import { compileScan, type Scan } from '../engine/scan.ts';
import { tf } from '../engine/tf.ts';
import { bool, float32, int32, type Value } from '../engine/value.ts';
import type { Backbone, BackboneOf, Memory } from './backbone.ts';
import { type Beam, type BeamOptions, BeamSearch } from './beam-search.ts';
import { flattened, restored } from './flat-names.ts';
import { checkSampling, chooseToken, type Sampling } from './sampling.ts';

export interface DecoderOptions {
  /** Where it runs; by default ONNX Runtime on one thread of the CPU. */
  readonly executor?: Executor;
  /** Most tokens in a sequence, prompt included; by default what the backbone can take. Less is faster. */
  readonly length?: number;
}

export interface GenerateOptions extends Sampling {
  /** How many tokens to add. */
  readonly steps: number;
  /** The token that ends a row; it is kept, what comes after it is not. */
  readonly end?: number;
  /** bool [V], which tokens may be chosen, or [steps, V] for each step. */
  readonly legal?: Value;
  /** For the draws; wanted unless the temperature is 0. */
  readonly stream?: Stream;
}

/**
 * Continues sequences, token by token, with a memory of fixed size: each step is one run of a compiled program, and
 * `generate` is one run for all steps. The results are those of the whole forward pass.
 *
 * The mask `prefix` takes the whole prompt as the prefix. Positions `local` and `patches` are decoded with `advance`.
 */
export class Decoder {
  private readonly length: number;
  private readonly executor: Executor;
  private readonly reader: Program;
  private readonly stepper: Program;
  private readonly scans = new Map<string, Scan>();

  /** Errors: `unsupported` for a backbone that cannot go token by token. */
  constructor(
    readonly model: Backbone,
    { executor = onnxExecutor(), length = model.config.length }: DecoderOptions = {},
  ) {
    model.memory(1, length);
    this.length = length;
    this.executor = executor;
    const piece = (inputs: Tensors): Tensors => {
      const { logits, memory } = this.advanced(inputs, restored<Memory<Value>, tf.Tensor>(MEMORY, inputs), inputs.ids!);
      return { logits, ...flattened(MEMORY, memory) };
    };
    this.reader = compile(piece, { name: 'backbone/read', executor });
    this.stepper = compile(
      ({ rows, ...inputs }) => {
        // Each beam goes on from the memory of the one that it came of.
        const memory = Object.entries(inputs).map(([name, tensor]): [string, tf.Tensor] => [
          name,
          name.startsWith(MEMORY) ? tf.gather(tensor, rows as tf.Tensor1D) : tensor,
        ]);
        return piece(Object.fromEntries(memory));
      },
      { name: 'backbone/step', executor },
    );
  }

  /**
   * Adds `steps` tokens to each row of prompt (int32 [B, P]); only what was added comes back, for each row.
   * Errors: `invalid_input` for settings out of range, `shape` where prompt and steps are longer than the memory.
   */
  generate(parameters: BackboneOf<Value>, prompt: Value, options: GenerateOptions): number[][] {
    const { steps, end, stream } = options;
    checkSampling(options);
    const [batch, read] = this.checked(prompt, steps);
    const isDrawn = (options.temperature ?? 0) > 0;
    if (isDrawn && stream === undefined)
      throw new LightbulbError('invalid_input', 'drawing tokens needs a stream of random numbers', {
        where: 'stream',
        cure: 'Give a stream, or a temperature of 0',
      });
    const legal = this.legalOf(options.legal, steps);
    const start = this.reader.run(this.readerInputs(parameters, prompt, batch));
    const { vocabulary } = this.model.config;
    const xs: Record<string, Value> = {
      order: int32(
        [steps, batch, 1],
        Int32Array.from({ length: steps * batch }, (_, n) => read + Math.floor(n / batch)),
      ),
    };
    if (legal !== undefined) xs.legal = legal;
    if (isDrawn) {
      const noise = float32([steps, batch, vocabulary]);
      stream!.fillGumbel(noise.data as Float32Array);
      xs.noise = noise;
    }
    const scan = this.scanFor(options);
    const { ys } = scan.run({ carry: start, xs, constants: this.constants(parameters, read, batch) });
    return Array.from({ length: batch }, (_, row) => {
      const ids = Array.from({ length: steps }, (__, step) => ys.ids!.data[step * batch + row]!);
      const last = end === undefined ? -1 : ids.indexOf(end);
      return last < 0 ? ids : ids.slice(0, last + 1);
    });
  }

  /** The best continuations of one prompt (int32 [1, P]), best first. Errors as `generate`. */
  beam(parameters: BackboneOf<Value>, prompt: Value, options: BeamOptions & { readonly legal?: Value }): Beam[] {
    const [batch, read] = this.checked(prompt, options.steps);
    if (batch !== 1)
      throw new LightbulbError('shape', 'beam search takes one prompt', {
        wanted: 'int32[1,P]',
        got: `[${prompt.shape}]`,
      });
    const search = new BeamSearch(options, this.legalOf(options.legal, options.steps));
    let state = this.reader.run(this.readerInputs(parameters, prompt, 1));
    for (let step = 0; ; step++) {
      const live = search.extend(state.logits!);
      if (live === null) return search.best();
      const rows = live.map(({ row }) => row);
      const { logits: _, ...memory } = state;
      state = this.stepper.run({
        ...memory,
        ...this.constants(parameters, read, live.length),
        rows: int32([rows.length], rows),
        ids: int32(
          [live.length, 1],
          live.map(({ ids }) => ids.at(-1)!),
        ),
        order: int32([live.length, 1], new Int32Array(live.length).fill(read + step)),
      });
    }
  }

  dispose(): void {
    for (const program of [this.reader, this.stepper, ...this.scans.values()]) program.dispose();
  }

  private advanced(
    inputs: Tensors,
    memory: Memory<tf.Tensor>,
    ids: tf.Tensor,
  ): { readonly logits: tf.Tensor; readonly memory: Memory<tf.Tensor> } {
    const parameters = restored<BackboneOf<Value>, tf.Tensor>(PARAMETERS, inputs) as unknown as BackboneOf<tf.Tensor>;
    const order = inputs.order!;
    const { length } = this;
    const x = this.model.placed(parameters, this.model.embed(parameters, ids), {}, order);
    const prefix = inputs.prefix === undefined ? {} : { prefix: inputs.prefix };
    const advanced = this.model.advance(parameters, x, memory, { order, length, ...prefix });
    const [batch, piece, width] = x.shape as [number, number, number];
    const last = tf.reshape(tf.slice(advanced.hidden, [0, piece - 1], [batch, 1]), [batch, width]);
    return { logits: this.model.head(parameters, last), memory: advanced.memory };
  }

  private scanFor(options: GenerateOptions): Scan {
    const { temperature = 0, topK, topP } = options;
    const key = JSON.stringify([temperature, topK, topP]);
    const known = this.scans.get(key);
    if (known !== undefined) return known;
    const scan = compileScan(
      ({ logits, ...carry }, { noise, legal, order }, constants) => {
        const ids = chooseToken(logits!, options, noise, legal);
        const memory = restored<Memory<Value>, tf.Tensor>(MEMORY, carry);
        const next = this.advanced({ ...constants, order: order! }, memory, tf.expandDims(ids, 1));
        return { carry: { logits: next.logits, ...flattened(MEMORY, next.memory) }, y: { ids } };
      },
      { name: 'backbone/generate', executor: this.executor },
    );
    this.scans.set(key, scan);
    return scan;
  }

  private readerInputs(parameters: BackboneOf<Value>, prompt: Value, batch: number): Values {
    const read = prompt.shape[1]!;
    return {
      ...this.constants(parameters, read, batch),
      ...flattened(MEMORY, this.model.memory(batch, this.length)),
      ids: prompt,
      order: int32(
        [batch, read],
        Int32Array.from({ length: batch * read }, (_, n) => n % read),
      ),
    };
  }

  private constants(parameters: BackboneOf<Value>, read: number, batch: number): Values {
    const prefix =
      this.model.config.mask === 'prefix' ? { prefix: int32([batch], new Int32Array(batch).fill(read)) } : {};
    return { ...flattened<Value>(PARAMETERS, parameters), ...prefix };
  }

  private checked({ shape, data }: Value, steps: number): [batch: number, read: number] {
    if (!(Number.isSafeInteger(steps) && steps >= 1))
      throw new LightbulbError('invalid_input', 'tokens cannot be added so', {
        where: 'steps',
        wanted: 'a whole number from 1',
        got: String(steps),
      });
    const [batch, read] = shape;
    if (shape.length !== 2 || read === undefined || read + steps > this.length)
      throw new LightbulbError('shape', 'the prompt and what is to be added do not fit the memory', {
        wanted: `int32[B,P] with P + ${steps} at most ${this.length}`,
        got: `[${shape}]`,
      });
    const { vocabulary } = this.model.config;
    const stray = (data as Int32Array).find((id) => id < 0 || id >= vocabulary);
    if (stray !== undefined)
      throw new LightbulbError('invalid_input', 'the prompt holds an id that is not in the vocabulary', {
        wanted: `0 to ${vocabulary - 1}`,
        got: String(stray),
      });
    return [batch!, read];
  }

  /** Legal tokens as one row for each step. */
  private legalOf(legal: Value | undefined, steps: number): Value | undefined {
    if (legal === undefined) return undefined;
    const { vocabulary } = this.model.config;
    const shape = String(legal.shape);
    if (legal.dtype !== 'bool' || (shape !== String([vocabulary]) && shape !== String([steps, vocabulary])))
      throw new LightbulbError('shape', 'legal tokens do not fit', {
        wanted: `bool[${vocabulary}] or bool[${steps},${vocabulary}]`,
        got: `${legal.dtype}[${legal.shape}]`,
      });
    const data = new Uint8Array(steps * vocabulary);
    for (let step = 0; step < steps; step++) {
      const from = legal.shape.length === 1 ? 0 : step * vocabulary;
      const row = (legal.data as Uint8Array).subarray(from, from + vocabulary);
      if (!row.includes(1))
        throw new LightbulbError('invalid_input', 'no token is legal', { where: `legal, step ${step}` });
      data.set(row, step * vocabulary);
    }
    return bool([steps, vocabulary], data);
  }
}

type Tensors = Record<string, tf.Tensor>;

const PARAMETERS = 'parameters/';
const MEMORY = 'memory/';
