import {
  compile,
  type Executor,
  flattened,
  type Memory,
  maskLogits,
  type Program,
  restored,
  tf,
  type Value,
  type Values,
} from '../../nn/index.ts';
import type { IdRange } from '../tokens/index.ts';
import type { GatoModel, GatoOf } from './model.ts';
import type { TokenInputs } from './token-inputs.ts';

/** What comes before the paths of these in the names of a program's inputs and outputs. */
const PARAMETERS = 'parameters/';
export const MEMORY = 'memory/';

/** Leaves by path, as inputs of a program. */
export function parameterInputs(leaves: Values): Values {
  return Object.fromEntries(Object.entries(leaves).map(([path, leaf]) => [PARAMETERS + path, leaf]));
}

/**
 * The compiled programs that players of one model act with. Compiling takes longer than many steps, so whoever makes
 * players again and again (for evaluations) keeps these between them.
 */
export class ActingPrograms {
  private readonly programs = new Map<string, Program>();

  constructor(
    readonly model: GatoModel,
    private readonly executor: Executor,
  ) {}

  /**
   * Reads the next tokens of each row and chooses what comes after its last one, among the ids of `range`.
   * In: `parameters/...`, `memory/...` (of `length` places), a piece's `ids`, `local`, `order`, `last`, and where there
   * are pictures `patch`, `pixels`, `grid`; `legal` (bool [R, range.size]) where some ids may not be chosen; `noise`
   * (standard Gumbel [R, range.size]) to draw from the softmax, otherwise the most likely id is taken.
   * Out: `choice` (int32 [R], counted from the start of the range), `memory/...`.
   */
  choosing(length: number, range: IdRange): Program {
    const key = `${length}/${range.start}/${range.size}`;
    const known = this.programs.get(key);
    if (known !== undefined) return known;
    const { model, executor } = this;
    const program = compile(
      (inputs) => {
        const parameters = restored<GatoOf<Value>, tf.Tensor>(PARAMETERS, inputs) as GatoOf<tf.Tensor>;
        const memory = restored<Memory<Value>, tf.Tensor>(MEMORY, inputs) as Memory<tf.Tensor>;
        const advanced = model.advance(parameters, inputs as unknown as TokenInputs<tf.Tensor>, memory, length);
        const vectors = tf.reshape(advanced.hidden, [-1, advanced.hidden.shape[2]!]);
        const logits = model.logits(parameters, tf.gather(vectors, inputs.last as tf.Tensor1D), range);
        const allowed = inputs.legal === undefined ? logits : maskLogits(logits, inputs.legal);
        // Gumbel-max: the largest of logits + Gumbel noise is a draw from the softmax.
        const scores = inputs.noise === undefined ? allowed : tf.add(allowed, inputs.noise);
        return { choice: tf.argMax(scores, 1), ...flattened(MEMORY, advanced.memory) };
      },
      { name: `gato/choose-${key.replaceAll('/', '-')}`, executor },
    );
    this.programs.set(key, program);
    return program;
  }

  dispose(): void {
    for (const program of this.programs.values()) program.dispose();
    this.programs.clear();
  }
}
