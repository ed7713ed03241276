import { internal } from '../../core/index.ts';
import {
  activations,
  type Branch,
  type DenseOf,
  dense,
  type EmbeddingOf,
  embedding,
  initialisers,
  maskLogits,
  orthogonal,
  project,
  tf,
} from '../../nn/index.ts';
import type { MultiDiscrete } from '../../worlds/index.ts';
import type { Encoded } from './encoder.ts';
import type { Role } from './role.ts';
import type { RoleHead } from './role-head.ts';

type Tensors = Branch<tf.Tensor>;

/**
 * An utterance, word by word: pointers to words of the observation (Vinyals et al. 2015, arXiv 1506.03134) beside words of
 * its own (See et al. 2017, arXiv 1704.04368). A components, C choices each: 0 stops, those below `first` are own words,
 * the others point at W words. Component k asks by what was read out, what was chosen before it, the mean of all that
 * was chosen, and its number; scores are scaled dot products with the candidates' keys, and a bias for each candidate.
 * What is illegal, what was pointed at before, where no word is, and after the stop everything but 0 is never chosen. R rows,
 * D the width.
 */
export function pointerHead({ A, M }: Role, action: MultiDiscrete, width: number): RoleHead {
  const { first } = action.sequence!;
  const C = action.n[0]!;

  /** Candidates' vectors [R, C, D], keys [R, C, D], biases [R, C], and which can be chosen at all: float [R, C]. */
  const candidates = (own: Tensors, { words }: Encoded): Candidates => {
    if (words === undefined) throw internal('an utterance was asked of an encoder without words');
    const rows = words.vectors.shape[0]!;
    const table = tf.add(tf.zeros([rows, first, width]), own.words as tf.Tensor);
    const vectors = tf.concat([table, words.vectors], 1);
    return {
      vectors,
      keys: project((own.key as { weight: tf.Tensor }).weight, vectors),
      bias: tf.reshape(dense.apply(own.bias as DenseOf<tf.Tensor>, vectors), [rows, C]),
      present: tf.concat([tf.ones([rows, first]), tf.cast(words.present, 'float32')], 1),
    };
  };

  /** Queries from what was chosen: before, mean [R, n, D] -> [R, n, D], for components `from` to `from` + n. */
  const queries = (own: Tensors, readOut: tf.Tensor, before: tf.Tensor, mean: tf.Tensor, from: number): tf.Tensor => {
    const n = before.shape[1]!;
    const places = tf.slice((own.place as EmbeddingOf<tf.Tensor>).table, [from, 0], [n, width]);
    const asked = tf.add(tf.expandDims(dense.apply(own.readOut as DenseOf<tf.Tensor>, readOut), 1), places);
    const said = project((own.said as { weight: tf.Tensor }).weight, tf.concat([before, mean], -1));
    const hidden = activations.relu(tf.add(asked, said));
    return tf.mul(dense.apply(own.query as DenseOf<tf.Tensor>, hidden), 1 / Math.sqrt(width));
  };

  /** Own words may be said again, pointers point once: 1 for the choices that are used up when chosen. */
  const pointers = (): tf.Tensor => tf.tensor1d(Float32Array.from({ length: C }, (_, c) => (c >= first ? 1 : 0)));

  /**
   * What may be chosen, bool [R, n, C]. legal: float [R, n, C] or nothing; used: float [R, n, C], how often each was
   * chosen before; stopped: float [R, n, 1], above 0 after the stop. Where nothing is left, 0 is.
   */
  const choosable = (
    legal: tf.Tensor | undefined,
    present: tf.Tensor,
    used: tf.Tensor,
    stopped: tf.Tensor,
  ): tf.Tensor => {
    const isFresh = tf.lessEqual(tf.mul(used, pointers()), 0.5);
    const isThere = tf.greater(tf.expandDims(present, 1), 0.5);
    const goesOn = tf.less(stopped, 0.5);
    const free = tf.logicalAnd(tf.logicalAnd(isFresh, isThere), goesOn);
    const may = legal === undefined ? free : tf.logicalAnd(free, tf.greater(legal, 0.5));
    const isNone = tf.less(tf.max(tf.cast(may, 'float32'), -1, true), 0.5);
    const stop = tf.tensor1d(
      Uint8Array.from({ length: C }, (_, c) => (c === 0 ? 1 : 0)),
      'bool',
    );
    return tf.logicalOr(may, tf.logicalAnd(isNone, stop));
  };

  /** [R, M] -> float [R, A, C]. */
  const legalOf = (mask: tf.Tensor | undefined): tf.Tensor | undefined =>
    mask === undefined || M === 0 ? undefined : tf.reshape(tf.cast(mask, 'float32'), [-1, A, C]);

  return {
    noise: 'gumbel',
    noiseSize: A * C,
    dtype: 'int32',
    initialise: (stream) => {
      const table = initialisers.normal(1 / Math.sqrt(width));
      return {
        words: table(stream, [first, width]),
        place: embedding.init(stream, { entries: A, features: width, table }),
        key: { weight: orthogonal(1)(stream, [width, width]) },
        bias: dense.init(stream, { inputs: width, outputs: 1, weight: orthogonal(0.01) }),
        readOut: dense.init(stream, { inputs: width, outputs: width, weight: orthogonal(1) }),
        said: { weight: initialisers.lecunNormal(stream, [2 * width, width]) },
        // Nearly no question at first: nearly the same chance for all.
        query: dense.init(stream, { inputs: width, outputs: width, weight: orthogonal(0.1) }),
      };
    },

    evaluate(own, encoded, mask, action) {
      const { vectors, keys, bias, present } = candidates(own, encoded);
      const rows = vectors.shape[0]!;
      const chosen = oneHot(action, C);
      const { before, count, mean } = history(chosen, rows, A, C);
      const said = tf.matMul(tf.concat([before, mean], 1), vectors);
      const [last, average] = tf.split(said, 2, 1) as [tf.Tensor, tf.Tensor];
      const asked = queries(own, encoded.features, last, average, 0);
      const logits = tf.add(tf.matMul(asked, keys, false, true), tf.expandDims(bias, 1));
      const stopped = tf.slice(count, [0, 0, 0], [rows, A, 1]);
      const legal = choosable(legalOf(mask), present, count, stopped);
      const logged = tf.logSoftmax(maskLogits(logits, legal));
      const goesOn = tf.cast(tf.less(tf.reshape(stopped, [rows, A]), 0.5), 'float32');
      const each = tf.mul(tf.sum(tf.mul(logged, chosen), -1), goesOn);
      const entropies = tf.mul(tf.neg(tf.sum(tf.mul(tf.exp(logged), logged), -1)), goesOn);
      return { logProbability: tf.sum(each, -1), entropy: tf.sum(entropies, -1), length: tf.sum(goesOn, -1), each };
    },

    draw(own, encoded, mask, noise) {
      const { vectors, keys, bias, present } = candidates(own, encoded);
      const rows = vectors.shape[0]!;
      const legal = legalOf(mask);
      const perturbed = noise === null ? null : tf.reshape(noise, [rows, A, C]);
      const at = (x: tf.Tensor, k: number): tf.Tensor => tf.slice(x, [0, k, 0], [rows, 1, C]);
      let used: tf.Tensor = tf.zeros([rows, 1, C]);
      let last: tf.Tensor = tf.zeros([rows, 1, width]);
      let sum: tf.Tensor = last;
      let logProbability: tf.Tensor = tf.zeros([rows]);
      const actions: tf.Tensor[] = [];
      for (let k = 0; k < A; k++) {
        const asked = queries(own, encoded.features, last, tf.mul(sum, 1 / Math.max(1, k)), k);
        const logits = tf.add(tf.matMul(asked, keys, false, true), tf.expandDims(bias, 1));
        const stopped = tf.slice(used, [0, 0, 0], [rows, 1, 1]);
        const may = choosable(legal === undefined ? undefined : at(legal, k), present, used, stopped);
        const masked = maskLogits(logits, may);
        const scores = perturbed === null ? masked : tf.add(masked, at(perturbed, k));
        const action = tf.argMax(scores, -1);
        const chosen = oneHot(action, C);
        const each = tf.sum(tf.mul(tf.logSoftmax(masked), chosen), -1);
        logProbability = tf.add(logProbability, tf.reshape(each, [rows]));
        actions.push(action);
        last = tf.matMul(chosen, vectors);
        sum = tf.add(sum, last);
        used = tf.add(used, chosen);
      }
      return { action: actions.length === 1 ? actions[0]! : tf.concat(actions, 1), logProbability };
    },
  };
}

interface Candidates {
  readonly vectors: tf.Tensor;
  readonly keys: tf.Tensor;
  readonly bias: tf.Tensor;
  readonly present: tf.Tensor;
}

/** int32 [R, n] -> float [R, n, C]. */
function oneHot(action: tf.Tensor, choices: number): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(action, -1), tf.range(0, choices, 1, 'int32')), 'float32');
}

/**
 * What each component knows of those before it, from chosen [R, A, C]: the choice right before it, how often each choice
 * was made, and the latter over their number. One product with a triangular matrix in place of a loop.
 */
function history(
  chosen: tf.Tensor,
  rows: number,
  A: number,
  C: number,
): { readonly before: tf.Tensor; readonly count: tf.Tensor; readonly mean: tf.Tensor } {
  const weights = new Float32Array(3 * A * A);
  for (let k = 0; k < A; k++) {
    if (k > 0) weights[k * A + k - 1] = 1;
    for (let j = 0; j < k; j++) {
      weights[(A + k) * A + j] = 1;
      weights[(2 * A + k) * A + j] = 1 / k;
    }
  }
  const turned = tf.reshape(tf.transpose(chosen, [1, 0, 2]), [A, rows * C]);
  const known = tf.matMul(tf.tensor2d(weights, [3 * A, A]), turned as tf.Tensor2D);
  const back = tf.transpose(tf.reshape(known, [3, A, rows, C]), [0, 2, 1, 3]);
  const [before, count, mean] = tf.unstack(back) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return { before, count, mean };
}
