import type { BackboneConfig, BackboneOptions } from '../config.ts';
import type { Settings } from './settings.ts';
import type { Source } from './sources.ts';

/**
 * The text path of `ChameleonForConditionalGeneration` (Chameleon Team 2024), with or without norm re-ordering
 * (`swin_norm`). Image codes are never predicted, as in the library.
 * Error `unsupported` for biases, shared keys and values, and scaled rotary positions.
 */
export function chameleonOptions(settings: Settings): BackboneOptions {
  const heads = settings.count('num_attention_heads');
  settings.only('num_key_value_heads', heads);
  settings.only('attention_bias', false);
  settings.only('mlp_bias', false);
  settings.only('hidden_act', 'silu');
  settings.only('rope_scaling', false);
  // transformers 5 keeps the base among the parameters of the positions, before it stood by itself.
  const rotary = settings.within('rope_parameters');
  rotary.only('rope_type', 'default');
  return {
    vocabulary: settings.count('vocab_size'),
    width: settings.count('hidden_size'),
    layers: settings.count('num_hidden_layers'),
    heads,
    hidden: settings.count('intermediate_size'),
    length: settings.count('max_position_embeddings'),
    feedForward: 'swiglu',
    norm: settings.flag('swin_norm', false) ? 'reordered' : 'pre',
    normKind: 'rms',
    normEpsilon: settings.number('rms_norm_eps', 1e-5),
    qkNorm: true,
    positions: [{ kind: 'rotary', base: rotary.number('rope_theta', settings.number('rope_theta', 10000)) }],
    bias: false,
    tiedHead: settings.flag('tie_word_embeddings', false),
    dropout: { attention: settings.number('attention_dropout', 0) },
    suppressed: settings
      .within('vocabulary_map')
      .entries()
      .flatMap(([name, id]) => (name.startsWith('IMGIMG') ? [Number(id)] : []))
      .sort((a, b) => a - b),
    deviation: settings.number('initializer_range', 0.02),
  };
}

/** Linear layers as PyTorch keeps them, [out, in]; queries, keys and values apart, and so are gate and up. */
export function chameleonSources({ vocabulary, width, hidden, heads, layers, tiedHead }: BackboneConfig): Source[] {
  const linear = (path: string, names: readonly string[], inputs: number, outputs: number): Source => ({
    path: `${path}/weight`,
    names: names.map((name) => `${name}.weight`),
    shape: [inputs, outputs],
    isTransposed: true,
  });
  const blocks = Array.from({ length: layers }, (_, layer) => {
    const [path, name] = [`blocks/${layer}`, `model.layers.${layer}`];
    const own = (part: string, letters: readonly string[]): string[] =>
      letters.map((letter) => `${name}.${part}.${letter}_proj`);
    const headNorm = (kind: 'query' | 'key'): Source[] =>
      (['scale', 'offset'] as const).map((leaf) => ({
        path: `${path}/mixer/${kind}Norm/${leaf}`,
        names: [`${name}.self_attn.${kind[0]}_norm.${leaf === 'scale' ? 'weight' : 'bias'}`],
        shape: [heads, width / heads],
      }));
    return [
      { path: `${path}/mixerNorm/scale`, names: [`${name}.input_layernorm.weight`], shape: [width] },
      linear(`${path}/mixer/input`, own('self_attn', ['q', 'k', 'v']), width, width),
      linear(`${path}/mixer/output`, own('self_attn', ['o']), width, width),
      ...headNorm('query'),
      ...headNorm('key'),
      { path: `${path}/feedForwardNorm/scale`, names: [`${name}.post_attention_layernorm.weight`], shape: [width] },
      linear(`${path}/feedForward/input`, own('mlp', ['gate', 'up']), width, hidden),
      linear(`${path}/feedForward/output`, own('mlp', ['down']), hidden, width),
    ];
  });
  return [
    { path: 'token/table', names: ['model.embed_tokens.weight'], shape: [vocabulary, width] },
    ...blocks.flat(),
    { path: 'norm/scale', names: ['model.norm.weight'], shape: [width] },
    ...(tiedHead ? [] : [linear('head', ['lm_head'], width, vocabulary)]),
  ];
}

/** The image tokeniser, which is another network. */
export const isChameleonTokeniser = (name: string): boolean => name.startsWith('model.vqmodel.');

export const chameleonTie = { copy: 'lm_head.weight', original: 'model.embed_tokens.weight' };
