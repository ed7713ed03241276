import { LightbulbError, type Stream } from '../core/index.ts';
import { gru, layerNorm, lstm, type NormOf, type RecurrentOf, tf, type Value } from '../nn/index.ts';
import type { Body, Memory } from './body.ts';
import type { NetworkOptions } from './options.ts';

/** One of the two cells, and where wanted a norm of what it answers. */
export type CellOf<X> = {
  readonly gru?: RecurrentOf<X>;
  readonly lstm?: RecurrentOf<X>;
  readonly output?: NormOf<X>;
};

/** The recurrent end of a body. */
export interface BodyCell extends Body {
  initialise(stream: Stream): CellOf<Value>;
}

/**
 * A GRU or an LSTM behind `inputs` features, with `layerNorm` a LayerNorm behind it; null where the options want neither. An
 * LSTM's memory is its hidden state, then its cell.
 */
export function createCell(
  inputs: number,
  options: Pick<NetworkOptions, 'gru' | 'lstm' | 'layerNorm'>,
): BodyCell | null {
  const units = options.gru ?? options.lstm;
  if (units === null) return null;
  const cell = options.gru === null ? 'lstm' : 'gru';
  return {
    features: units,
    memorySize: cell === 'gru' ? units : 2 * units,
    initialise: (stream) => ({
      [cell]: { gru, lstm }[cell].init(stream, { inputs, units }),
      ...(options.layerNorm ? { output: layerNorm.init(units) } : {}),
    }),
    apply: (parameters, x, memory) => {
      if (memory === undefined) throw new LightbulbError('internal', 'a recurrent network was run without its memory');
      const own = parameters as CellOf<tf.Tensor>;
      const { output, carry } = remember(own, units, x, memory);
      return { features: own.output === undefined ? output : layerNorm.apply(own.output, output), memory: carry };
    },
  };
}

/** x: [L * R, F] -> [L * R, units], and the memory after the last step. */
function remember(
  parameters: CellOf<tf.Tensor>,
  units: number,
  x: tf.Tensor,
  { state, keep, steps }: Memory,
): { readonly output: tf.Tensor; readonly carry: tf.Tensor } {
  const rows = x.shape[0]! / steps;
  const first = tf.reshape(tf.sub(1, keep), [steps, rows]);
  const sequence = tf.reshape(x, [steps, rows, -1]);
  const flat = (output: tf.Tensor): tf.Tensor => tf.reshape(output, [steps * rows, -1]);
  if (parameters.gru !== undefined) {
    const { output, carry } = gru.sequence(parameters.gru, state, sequence, first);
    return { output: flat(output), carry };
  }
  const [hidden, cell] = tf.split(state, [units, units], 1) as [tf.Tensor, tf.Tensor];
  const { output, carry } = lstm.sequence(parameters.lstm!, { hidden, cell }, sequence, first);
  return { output: flat(output), carry: tf.concat([carry.hidden, carry.cell], 1) };
}
