import {
  type BackboneConfig,
  type DenseOf,
  dense,
  type EmbeddingOf,
  embedding,
  float32,
  initialisers,
  type Mixer,
  tf,
} from '../../../nn/index.ts';

/** input: [D, 3 D], queries, keys and values side by side; output: [D, D]; distance: a bias [R + 1, H]. */
export type WindowedAttentionOf<X> = {
  readonly input: DenseOf<X>;
  readonly output: DenseOf<X>;
  readonly distance: EmbeddingOf<X>;
};

/** [B, H, M, D / H] each, the newest last. */
export type Cells<X> = { readonly keys: X; readonly values: X };

/** R: how many tokens back a token sees, as the backbone's options say it: `{ windowed: { reach } }`. */
export function reachOf({ options }: BackboneConfig): number {
  return (options.windowed as { reach: number }).reach;
}

/** Added to the score of what is not seen. */
const UNSEEN = -1e9;

/**
 * Attention over the last R tokens of the same episode. Where a token stands is told by a learned bias for each
 * head and distance (Raffel et al. 2020; begun as ALiBi's slopes, Press et al. 2022), never by its number: what is cached stays
 * true however far an episode has come, and nothing has to be worked out anew when the oldest cell falls away.
 *
 * `places`: int32 [B, C], how many tokens of its episode stand before each token of the piece; the rest of what is cached
 * is another episode's, or nothing's. `advance` answers the cells with those of the piece behind them, [B, H, M + C, D / H]:
 * who goes on token by token keeps the last R (`Context`).
 */
export const windowedAttention: Mixer = {
  init(stream, config) {
    const { width, heads, layers, deviation } = config;
    const reach = reachOf(config);
    const slopes = (): number[] =>
      Array.from(
        { length: (reach + 1) * heads },
        (_, i) => -Math.floor(i / heads) * 2 ** ((-8 * ((i % heads) + 1)) / heads),
      );
    return {
      input: dense.init(stream, { inputs: width, outputs: 3 * width, weight: initialisers.normal(deviation) }),
      output: dense.init(stream, {
        inputs: width,
        outputs: width,
        weight: initialisers.normal(deviation / Math.sqrt(2 * layers)),
      }),
      distance: { table: float32([reach + 1, heads], slopes()) },
    };
  },

  /** Whole episodes from their first token on. */
  apply(parameters, x, { config }) {
    const [batch, length] = x.shape as [number, number, number];
    const places = tf.tile(tf.expandDims(tf.range(0, length, 1, 'int32'), 0), [batch, 1]);
    return attended(parameters as WindowedAttentionOf<tf.Tensor>, x, undefined, places, config).output;
  },

  memory: (config, batch) => {
    const { heads, width } = config;
    const shape = [batch, heads, reachOf(config), width / heads];
    return { keys: float32(shape), values: float32(shape) };
  },

  advance(parameters, x, memory, { config, places }) {
    const { output, cells } = attended(
      parameters as WindowedAttentionOf<tf.Tensor>,
      x,
      memory as Cells<tf.Tensor>,
      places,
      config,
    );
    return { output, memory: cells };
  },
};

function attended(
  { input, output, distance }: WindowedAttentionOf<tf.Tensor>,
  x: tf.Tensor,
  before: Cells<tf.Tensor> | undefined,
  places: tf.Tensor,
  config: BackboneConfig,
): { readonly output: tf.Tensor; readonly cells: Cells<tf.Tensor> } {
  const [batch, piece, width] = x.shape as [number, number, number];
  const { heads } = config;
  const size = width / heads;
  const split = tf.transpose(tf.reshape(dense.apply(input, x), [batch, piece, 3, heads, size]), [2, 0, 3, 1, 4]);
  const [queries, newKeys, newValues] = tf.unstack(split) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const keys = before === undefined ? newKeys : tf.concat([before.keys, newKeys], 2);
  const values = before === undefined ? newValues : tf.concat([before.values, newValues], 2);
  const scores = tf.matMul(tf.mul(queries, 1 / Math.sqrt(size)), keys, false, true);
  const weights = tf.softmax(tf.add(scores, biasOf(distance, places, keys.shape[2]!, reachOf(config))));
  const mixed = tf.transpose(tf.matMul(weights, values), [0, 2, 1, 3]);
  return { output: dense.apply(output, tf.reshape(mixed, [batch, piece, width])), cells: { keys, values } };
}

/** What is added to the scores of C queries at `places` against all keys, of which they are the last: [B, H, C, keys]. */
function biasOf(distance: EmbeddingOf<tf.Tensor>, places: tf.Tensor, keys: number, reach: number): tf.Tensor {
  const [batch, piece] = places.shape as [number, number];
  const back = Int32Array.from({ length: piece * keys }, (_, i) => keys - piece + Math.floor(i / keys) - (i % keys));
  const within = Int32Array.from(back, (steps) => Math.min(Math.max(steps, 0), reach));
  const rows = embedding.apply(distance, tf.tensor1d(within, 'int32'));
  const bias = tf.reshape(tf.transpose(rows), [-1, piece, keys]);
  // What comes later, or is out of reach, lies further back than any place.
  const never = Int32Array.from(back, (steps) => (steps < 0 || steps > reach ? 2 ** 30 : steps));
  const isSeen = tf.lessEqual(tf.tensor(never, [1, 1, piece, keys], 'int32'), tf.reshape(places, [batch, 1, piece, 1]));
  return tf.add(bias, tf.where(isSeen, tf.scalar(0), tf.scalar(UNSEEN)));
}
