import { internal } from '../core/index.ts';
import { type Tree, tf, type Value } from '../nn/index.ts';
import { box, flatSize, type Space } from '../worlds/index.ts';
import type { Body, Memory } from './body.ts';
import { type CellOf, createCell } from './body-cell.ts';
import { GatoModel, type GatoOf, placePatches, type TokenInputs } from './gato/index.ts';
import type { BackboneNetworkOptions, NetworkOptions } from './options.ts';
import { recentMemorySize, recentRows } from './recent-rows.ts';
import {
  byteTokenizer,
  createRowTokens,
  discreteNeeded,
  picturesIn,
  type RowTokens,
  vocabularyOf,
} from './tokens/index.ts';

/** Gato's patches (arXiv 2205.06175, section 2.1). */
const PATCH = 16;

type BodyParameters<X> = { readonly gato: GatoOf<X> } & CellOf<X>;

/**
 * Gato's network as the body of a policy or of values: the observation's tokens, and what the transformer makes of the last
 * one, the separator; then a GRU or an LSTM where wanted. `observation` is what the first of the `inputs` numbers of a row
 * are (null: all of them, a plain vector); what follows is the one-hot index of the agent, which becomes a token.
 *
 * With a `context` of n the tokens of the last n observations stand one after the other. They are remembered as they were
 * seen and read again at each step: what a step answers depends on nothing else, however rollouts are cut. (Keys and values of
 * earlier steps would carry on what lies beyond the context, made by weights that have changed.)
 */
export function createBackboneBody(
  inputs: number,
  observation: Space | null,
  network: Pick<NetworkOptions, 'gru' | 'lstm' | 'layerNorm'>,
  options: BackboneNetworkOptions,
): Body {
  const { context } = options;
  const { tokens, model } = createModel(inputs, observation ?? box([inputs], -Infinity, Infinity), options);
  const cell = createCell(options.width, network);
  const recent = recentMemorySize(context, inputs);
  const grid = placePatches(tokens.intervals, null);

  /** Vectors of the tokens of each row: [E, inputs] -> [E, S, D]. */
  const embed = (parameters: GatoOf<tf.Tensor>, rows: tf.Tensor): tf.Tensor =>
    model.embed(parameters, tokenInputs(tokens, grid, rows));

  /** What stands at the end of each row of vectors, [B, L, D] -> [B, D]. segment: see `Sequence`. */
  const read = (parameters: GatoOf<tf.Tensor>, vectors: tf.Tensor, segment?: tf.Tensor): tf.Tensor => {
    const [rows, length, width] = vectors.shape as [number, number, number];
    const { hidden } = model.backbone.trunk(parameters.backbone, vectors, segment === undefined ? {} : { segment });
    return tf.reshape(tf.slice(hidden, [0, length - 1, 0], [rows, 1, width]), [rows, width]);
  };

  const look = (
    parameters: GatoOf<tf.Tensor>,
    x: tf.Tensor,
    memory: Memory | undefined,
  ): { readonly features: tf.Tensor; readonly memory?: tf.Tensor } => {
    if (context === 1) return { features: read(parameters, embed(parameters, x)) };
    if (memory === undefined) throw internal('a backbone with a context was run without its memory');
    const seen = recentRows(x, context, memory);
    const vectors = seen.windows(embed(parameters, seen.rows));
    const [rows, , each, width] = vectors.shape as [number, number, number, number];
    const segment = tf.reshape(tf.tile(tf.expandDims(seen.isKnown, 2), [1, 1, each]), [rows, context * each]);
    return {
      features: read(parameters, tf.reshape(vectors, [rows, context * each, width]), segment),
      memory: seen.memory,
    };
  };

  return {
    features: cell?.features ?? options.width,
    memorySize: recent + (cell?.memorySize ?? 0),
    initialise: (stream): BodyParameters<Value> => ({ gato: model.init(stream), ...cell?.initialise(stream) }),
    apply: (parameters: Tree<tf.Tensor>, x, memory) => {
      const own = parameters as BodyParameters<tf.Tensor>;
      if (cell === null) return look(own.gato, x, memory);
      if (recent === 0) return cell.apply(own, look(own.gato, x, undefined).features, memory);
      if (memory === undefined) throw internal('a recurrent network was run without its memory');
      const [seen, remembered] = tf.split(memory.state, [recent, cell.memorySize], 1) as [tf.Tensor, tf.Tensor];
      const looked = look(own.gato, x, { ...memory, state: seen });
      const answer = cell.apply(own, looked.features, { ...memory, state: remembered });
      return { features: answer.features, memory: tf.concat([looked.memory!, answer.memory!], 1) };
    },
  };
}

/** How the rows become tokens, and the network for so many of them. */
function createModel(
  inputs: number,
  observation: Space,
  { context, bins, patch, planes, ...axes }: BackboneNetworkOptions,
): { readonly tokens: RowTokens; readonly model: GatoModel } {
  const spaces = { observation, action: null, agents: Math.max(1, inputs - flatSize(observation)) };
  const vocabulary = vocabularyOf({ text: 1, discrete: discreteNeeded(spaces), bins, codes: 0 });
  const pictures = picturesIn(observation, planes);
  const shape = {
    size: patch ?? Math.min(PATCH, Math.max(1, ...pictures.map(([height, width]) => Math.max(height, width)))),
    channels: Math.max(1, ...pictures.map(([, , channels]) => channels)),
  };
  const settings = { vocabulary, tokenizer: byteTokenizer(), textTokens: 1, patch: shape, imageCodes: null, planes };
  const tokens = createRowTokens(spaces, settings);
  const model = new GatoModel({
    vocabulary,
    backbone: { ...axes, zLoss: 0, dropout: 0 },
    length: context * tokens.tokens,
    localPositions: tokens.tokens,
    patch: tokens.patches === 0 ? null : shape,
    hasValue: false,
  });
  return { tokens, model };
}

/** Rows [E, inputs] as the generalist's model takes them; places that are the same in all rows, as one row. */
function tokenInputs(tokens: RowTokens, grid: Int32Array, rows: tf.Tensor): TokenInputs<tf.Tensor> {
  const E = rows.shape[0]!;
  const { ids, pixels } = tokens.write(rows);
  const places = tf.range(0, tokens.tokens, 1, 'int32');
  const local = tf.reshape(places, [1, tokens.tokens]);
  if (pixels === undefined) return { ids, local, order: local };
  const { patches } = tokens;
  const isPatch = tf.tensor2d(
    Int32Array.from(tokens.patch, (p) => (p < 0 ? 0 : 1)),
    [1, tokens.tokens],
    'int32',
  );
  const within = tf.tensor2d(tokens.patch, [1, tokens.tokens], 'int32');
  const first = tf.reshape(tf.range(0, E * patches, patches, 'int32'), [E, 1]);
  return {
    ids,
    local,
    order: local,
    patch: tf.add(tf.mul(first, isPatch), within),
    pixels,
    grid: tf.tile(tf.tensor2d(grid, [patches, 2], 'int32'), [E, 1]),
  };
}
