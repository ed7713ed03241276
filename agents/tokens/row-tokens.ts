import { internal, LightbulbError } from '../../core/index.ts';
import { tf } from '../../nn/index.ts';
import { hasText } from '../../worlds/index.ts';
import { observationParts, requireChoices } from './observation-parts.ts';
import type { StepSpaces, TokenSettings } from './step-tokens.ts';

/** Tokens of R observations. */
export interface TokenRows {
  /** int32 [R, S] */
  readonly ids: tf.Tensor;
  /** float32 [R * P, size, size, channels], in the order of their tokens; undefined where P is 0. */
  readonly pixels: tf.Tensor | undefined;
}

/**
 * What `StepTokens` writes of observations, for many of them at once and inside of a compiled program: the same ids to the
 * last bin, pixels to single precision. Every observation of a space has S tokens and P patches.
 */
export interface RowTokens {
  /** Numbers of a row: the observation's, and a one-hot of the agent where there are several. */
  readonly numbers: number;
  /** S, the agent and the separator included. */
  readonly tokens: number;
  /** P */
  readonly patches: number;
  /** [S]: which of the P patches stands there; -1 for other tokens. */
  readonly patch: Int32Array;
  /** [P, 4]: where each patch lies in its picture (`TokenBuffer.intervals`). */
  readonly intervals: Float32Array;
  /** rows: float32 [R, numbers]. What is no member of its space becomes the tokens of one that is near. */
  write(rows: tf.Tensor): TokenRows;
}

/** Errors: those of `createStepTokens`; `unsupported` for texts and codes of pictures, which only the host writes. */
export function createRowTokens({ observation, agents }: StepSpaces, settings: TokenSettings): RowTokens {
  const { vocabulary } = settings;
  if (hasText(observation) || settings.imageCodes !== null)
    throw new LightbulbError('unsupported', 'texts and codes of pictures are not made in compiled programs');
  if (agents > 1) requireChoices(vocabulary, [agents], 'the agents of a group');
  const parts = observationParts(observation, settings).map(({ size, tokens, rows }) => {
    if (rows === null) throw internal('a part of an observation cannot be written in a compiled program');
    return { size, tokens, ...rows() };
  });
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const intervals = parts.flatMap(({ pictures }) => pictures?.intervals ?? []);
  const patch: number[] = agents > 1 ? [-1] : [];
  let patches = 0;
  for (const { tokens, pictures } of parts)
    for (let i = 0; i < tokens; i++) patch.push(pictures === undefined ? -1 : patches++);
  patch.push(-1);

  return {
    numbers: agents > 1 ? size + agents : size,
    tokens: patch.length,
    patches,
    patch: Int32Array.from(patch),
    intervals: Float32Array.from(intervals.flat()),
    write(rows) {
      const R = rows.shape[0]!;
      const ids: tf.Tensor[] = [];
      const pixels: tf.Tensor[] = [];
      if (agents > 1) {
        const agent = tf.argMax(tf.slice(rows, [0, size], [R, agents]), 1);
        ids.push(tf.add(tf.reshape(agent, [R, 1]), tf.scalar(vocabulary.discrete.start, 'int32')));
      }
      let at = 0;
      for (const part of parts) {
        const x = tf.slice(rows, [0, at], [R, part.size]);
        ids.push(part.ids(x));
        if (part.pictures !== undefined) pixels.push(part.pictures.pixels(x));
        at += part.size;
      }
      ids.push(tf.fill([R, 1], vocabulary.separator, 'int32'));
      return {
        ids: tf.concat(ids, 1),
        pixels: pixels.length === 0 ? undefined : flat(tf.concat(pixels, 1)),
      };
    },
  };
}

/** [R, P, ...] to [R * P, ...]. */
function flat(x: tf.Tensor): tf.Tensor {
  const [rows, count, ...rest] = x.shape as [number, number, ...number[]];
  return tf.reshape(x, [rows * count, ...rest]);
}
