import { stream } from '../../../core/index.ts';
import {
  Backbone,
  type BackboneOf,
  type BackboneOptions,
  compile,
  type Executor,
  int32,
  layoutOf,
  type Parts,
  type Program,
  pack,
  type Sequence,
  tf,
  uniformNoise,
  unpackTensors,
  type Value,
} from '../../../nn/index.ts';

export const VOCABULARY = 11;
export const BATCH = 2;
export const LENGTH = 6;

/** One layer of width 8 over eleven tokens. */
export const TINY = { vocabulary: VOCABULARY, width: 8, layers: 1, heads: 2, hidden: 12, length: 8 } as const;

/** One setting of each axis, alone or with what it needs. */
export const CONFIGURATIONS: Readonly<Record<string, Partial<BackboneOptions>>> = {
  'GPT-2': { layers: 2 },
  'post norm': { norm: 'post' },
  'norm re-ordering': { norm: 'reordered' },
  RMSNorm: { normKind: 'rms' },
  // Turned, too: an offset of all keys alike would change no softmax.
  'norm of queries and keys': { qkNorm: true, positions: [{ kind: 'rotary' }] },
  'softmax off by one': { softmax: 'off-by-one' },
  'rotary positions': { positions: [{ kind: 'rotary' }] },
  'local positions': { positions: [{ kind: 'local', entries: 3 }] },
  'patches and learned positions': { positions: [{ kind: 'learned' }, { kind: 'patches', rows: 2, columns: 2 }] },
  'a bidirectional mask': { mask: 'bidirectional' },
  'a prefix': { mask: 'prefix' },
  gelu: { feedForward: 'gelu' },
  relu: { feedForward: 'relu' },
  geglu: { feedForward: 'geglu' },
  swiglu: { feedForward: 'swiglu' },
  'a head of its own and no biases': { tiedHead: false, bias: false },
  'z-loss': { zLoss: 1e-2 },
  dropout: { dropout: 0.2 },
  'Chameleon 34B': {
    layers: 2,
    norm: 'reordered',
    normKind: 'rms',
    qkNorm: true,
    positions: [{ kind: 'rotary' }],
    feedForward: 'swiglu',
    bias: false,
    tiedHead: false,
    zLoss: 1e-5,
  },
};

/** int32 [BATCH, LENGTH]; rows with other first tokens, so that what follows can be learnt without a doubt. */
export function someIds(): Value {
  return int32([BATCH, LENGTH], [3, 7, 1, 10, 4, 7, 0, 5, 5, 2, 9, 8]);
}

/** What sequences have beside their ids: the first tokens are patches, places in a time step, a prefix. */
export function somePlaces(model: Backbone): Record<string, Value> {
  const rows = (row: readonly number[]): Value => int32([BATCH, LENGTH], [...row, ...row]);
  const noise = uniformNoise(model.noiseShapes(BATCH, LENGTH), stream(4, 'noise'));
  return {
    local: rows([0, 1, -1, 0, 2, -1]),
    patch: rows([0, 1, 2, 3, -1, -1]),
    prefix: int32([BATCH], [2, 3]),
    ...Object.fromEntries(Object.entries(noise).map(([name, value]) => [`noise/${name}`, value])),
  };
}

type Inputs = Readonly<Record<string, tf.Tensor>>;

/** Loss, logits and the gradient of all parameters, as one program of `flat`, `ids` and the places. */
export function measured(model: Backbone, executor?: Executor): Program {
  const tree = treeOf(model);
  return compile(
    (inputs) => {
      const sequence = sequenceOf(inputs);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => model.loss(tree(x), sequence).loss)(inputs.flat!);
      return { logits: model.logits(tree(inputs.flat!), sequence), loss: value, gradient: grad };
    },
    { name: 'backbone/tiny', ...(executor === undefined ? {} : { executor }) },
  );
}

/** The loss alone, which is faster. */
export function losses(model: Backbone): Program {
  const tree = treeOf(model);
  return compile((inputs) => ({ loss: model.loss(tree(inputs.flat!), sequenceOf(inputs)).loss }));
}

function treeOf(model: Backbone): (flat: tf.Tensor) => BackboneOf<tf.Tensor> {
  const layout = layoutOf<BackboneOf<Value>>(model.init(stream(1, 'layout')));
  return (flat) => unpackTensors(flat as tf.Tensor1D, layout) as BackboneOf<tf.Tensor>;
}

function sequenceOf(inputs: Inputs): Sequence {
  const { ids, local, patch, prefix } = inputs;
  const noise = Object.fromEntries(
    Object.keys(inputs).flatMap((key) =>
      key.startsWith('noise/') ? [[key.slice('noise/'.length), inputs[key]!]] : [],
    ),
  );
  return { ids: ids!, local: local!, patch: patch!, prefix: prefix!, noise };
}

/** A backbone of TINY with these settings, and its first parameters as one vector. */
export function tiny(
  options: Partial<BackboneOptions> = {},
  parts: Parts = {},
): { readonly model: Backbone; readonly parameters: BackboneOf<Value>; readonly flat: Value } {
  const model = new Backbone({ ...TINY, ...options }, parts);
  const parameters = model.init(stream(2, 'tiny'));
  return { model, parameters, flat: pack(parameters) };
}

/** Adam on the host, in place: rate 0.01. */
export function adamOnHost(size: number): (x: Float32Array, gradient: Float32Array) => void {
  const [mean, square] = [new Float64Array(size), new Float64Array(size)];
  const rate = 0.01;
  let t = 0;
  return (x, gradient) => {
    t++;
    for (let i = 0; i < size; i++) {
      mean[i] = 0.9 * mean[i]! + 0.1 * gradient[i]!;
      square[i] = 0.99 * square[i]! + 0.01 * gradient[i]! ** 2;
      x[i]! -= (rate * (mean[i]! / (1 - 0.9 ** t))) / (Math.sqrt(square[i]! / (1 - 0.99 ** t)) + 1e-8);
    }
  };
}
