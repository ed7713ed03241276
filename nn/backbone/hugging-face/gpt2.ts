import type { BackboneConfig, BackboneOptions } from '../config.ts';
import type { Settings } from './settings.ts';
import type { Source } from './sources.ts';

/** GPT-2 (Radford et al. 2019) as `GPT2LMHeadModel` keeps it. Error `unsupported` for variants of its attention. */
export function gpt2Options(settings: Settings): BackboneOptions {
  settings.only('add_cross_attention', false);
  settings.only('scale_attn_weights', true);
  settings.only('scale_attn_by_inverse_layer_idx', false);
  const width = settings.count('n_embd');
  return {
    vocabulary: settings.count('vocab_size'),
    width,
    layers: settings.count('n_layer'),
    heads: settings.count('n_head'),
    hidden: settings.count('n_inner', 4 * width),
    length: settings.count('n_positions'),
    feedForward: settings.choice('activation_function', ACTIVATIONS, 'gelu_new'),
    normEpsilon: settings.number('layer_norm_epsilon', 1e-5),
    tiedHead: settings.flag('tie_word_embeddings', true),
    dropout: {
      embedding: settings.number('embd_pdrop', 0.1),
      attention: settings.number('attn_pdrop', 0.1),
      residual: settings.number('resid_pdrop', 0.1),
    },
    deviation: settings.number('initializer_range', 0.02),
  };
}

const ACTIVATIONS: Readonly<Record<string, string>> = {
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu: 'gelu',
  relu: 'relu',
};

/** Its linear layers are `Conv1D`s, which keep their weights as we do: [in, out]. */
export function gpt2Sources({ vocabulary, width, hidden, layers, length, tiedHead }: BackboneConfig): Source[] {
  const norm = (path: string, name: string): Source[] => [
    { path: `${path}/scale`, names: [`${name}.weight`], shape: [width] },
    { path: `${path}/offset`, names: [`${name}.bias`], shape: [width] },
  ];
  const linear = (path: string, name: string, inputs: number, outputs: number): Source[] => [
    { path: `${path}/weight`, names: [`${name}.weight`], shape: [inputs, outputs] },
    { path: `${path}/bias`, names: [`${name}.bias`], shape: [outputs] },
  ];
  const blocks = Array.from({ length: layers }, (_, layer) => {
    const [path, name] = [`blocks/${layer}`, `transformer.h.${layer}`];
    return [
      ...norm(`${path}/mixerNorm`, `${name}.ln_1`),
      ...linear(`${path}/mixer/input`, `${name}.attn.c_attn`, width, 3 * width),
      ...linear(`${path}/mixer/output`, `${name}.attn.c_proj`, width, width),
      ...norm(`${path}/feedForwardNorm`, `${name}.ln_2`),
      ...linear(`${path}/feedForward/input`, `${name}.mlp.c_fc`, width, hidden),
      ...linear(`${path}/feedForward/output`, `${name}.mlp.c_proj`, hidden, width),
    ];
  });
  const head: Source = { path: 'head/weight', names: [HEAD], shape: [width, vocabulary], isTransposed: true };
  return [
    { path: 'token/table', names: [TABLE], shape: [vocabulary, width] },
    { path: 'learned/table', names: ['transformer.wpe.weight'], shape: [length, width] },
    ...blocks.flat(),
    ...norm('norm', 'transformer.ln_f'),
    ...(tiedHead ? [] : [head]),
  ];
}

const TABLE = 'transformer.wte.weight';
const HEAD = 'lm_head.weight';

/** Masks that older checkpoints hold as tensors. */
export const isGpt2Buffer = (name: string): boolean => /\.attn\.(bias|masked_bias)$/.test(name);

/** The tensor that repeats the token table where the head is tied, and the table. */
export const gpt2Tie = { copy: HEAD, original: TABLE };

/** The checkpoints on the hub were saved without the outer model's prefix. */
export const gpt2Name = (name: string): string => (/^(wte|wpe|h|ln_f)\./.test(name) ? `transformer.${name}` : name);
