import { type JsonObject, LightbulbError, suggest } from '../../core/index.ts';

/** One way in which a token is told where it stands. Several may be used together. */
export type Position =
  /** A learned vector for each of the `length` places of the sequence (GPT-2). */
  | { readonly kind: 'learned' }
  /** Queries and keys turned by their place (Su et al. 2021, "RoPE"); `base`: 10000 by default. */
  | { readonly kind: 'rotary'; readonly base?: number }
  /** Gato's: a learned vector for each of `entries` places within a time step; none where the place is -1. */
  | { readonly kind: 'local'; readonly entries: number }
  /** Fixed sines of the row and the column of an image patch, numbered in raster order; none where it is -1. */
  | { readonly kind: 'patches'; readonly rows: number; readonly columns: number };

/** Shares of what is dropped, in [0, 1). */
export interface DropoutRates {
  /** Of the embedded tokens. */
  readonly embedding: number;
  /** Of the attention weights, after the softmax. */
  readonly attention: number;
  /** Of what a mixer or a feed-forward adds to the residual stream. */
  readonly residual: number;
}

/** A transformer as plain JSON data. */
export interface BackboneConfig {
  /** Number of token ids, V. */
  readonly vocabulary: number;
  /** Width of the residual stream, D. */
  readonly width: number;
  readonly layers: number;
  /** Attention heads, H; a divisor of the width. */
  readonly heads: number;
  /** Width inside the feed-forward, F. */
  readonly hidden: number;
  /** Most tokens in a sequence. */
  readonly length: number;
  /** What each block mixes tokens with; by default `attention`. */
  readonly mixer: string;
  /** What each block does to each token: `gelu`, `gelu-tanh` (GPT-2's), `relu`, `geglu` or `swiglu`. */
  readonly feedForward: string;
  /** Settings of mixers and feed-forwards that have some, by their names. */
  readonly options: JsonObject;
  /**
   * Where the norm stands: before each part and at the end (`pre`), after each sum (`post`, Vaswani et al. 2017), or
   * on what is added, before the sum, and at the end (`reordered`: Chameleon 34B, Swin v2).
   */
  readonly norm: 'pre' | 'post' | 'reordered';
  /** LayerNorm (Ba et al. 2016) or RMSNorm (Zhang and Sennrich 2019). */
  readonly normKind: 'layer' | 'rms';
  readonly normEpsilon: number;
  /** LayerNorm of each head's queries and keys, with a scale and an offset of its own (Chameleon). */
  readonly qkNorm: boolean;
  /** `off-by-one`: e^x / (1 + sum e^x), so that a head may attend to nothing. */
  readonly softmax: 'standard' | 'off-by-one';
  readonly positions: readonly Position[];
  /** What a token sees: what came before and itself, all, or besides what came before the whole prefix. */
  readonly mask: 'causal' | 'bidirectional' | 'prefix';
  /** Biases in dense layers. */
  readonly bias: boolean;
  /** The head's weights are the token table's. */
  readonly tiedHead: boolean;
  readonly dropout: DropoutRates;
  /** Weight of the mean square of the logits' log-sum-exp in the loss (PaLM, Chameleon: 1e-5). */
  readonly zLoss: number;
  /** Ids that are never predicted, whatever the weights say. */
  readonly suppressed: readonly number[];
  /** Standard deviation of the first weights; those that write to the residual stream have 1 / sqrt(2 layers) of it. */
  readonly deviation: number;
}

/** What has to be said of a backbone; the rest has defaults. */
export type BackboneOptions = Pick<BackboneConfig, 'vocabulary' | 'width' | 'layers' | 'heads' | 'length'> &
  Partial<Omit<BackboneConfig, 'dropout'>> & { readonly dropout?: number | Partial<DropoutRates> };

const CHOICES = {
  norm: ['pre', 'post', 'reordered'],
  normKind: ['layer', 'rms'],
  softmax: ['standard', 'off-by-one'],
  mask: ['causal', 'bidirectional', 'prefix'],
} as const;

const POSITIONS = ['learned', 'rotary', 'local', 'patches'] as const;

/**
 * A whole configuration: GPT-2's axes where nothing else is said, with a hidden width of 4 D.
 * Errors, with the JSON pointer: `invalid_input` for a value out of range, `unknown_key`.
 */
export function backboneConfig({ dropout = 0, ...options }: BackboneOptions): BackboneConfig {
  const rates = typeof dropout === 'number' ? { embedding: dropout, attention: dropout, residual: dropout } : dropout;
  const config: BackboneConfig = {
    hidden: 4 * options.width,
    mixer: 'attention',
    feedForward: 'gelu-tanh',
    options: {},
    norm: 'pre',
    normKind: 'layer',
    normEpsilon: 1e-5,
    qkNorm: false,
    softmax: 'standard',
    positions: [{ kind: 'learned' }],
    mask: 'causal',
    bias: true,
    tiedHead: true,
    zLoss: 0,
    suppressed: [],
    deviation: 0.02,
    ...options,
    dropout: { embedding: 0, attention: 0, residual: 0, ...rates },
  };
  check(config);
  return config;
}

const KNOWN: readonly string[] = [
  ...['vocabulary', 'width', 'layers', 'heads', 'hidden', 'length', 'mixer', 'feedForward', 'options', 'norm'],
  ...['normKind', 'normEpsilon', 'qkNorm', 'softmax', 'positions', 'mask', 'bias', 'tiedHead', 'dropout', 'zLoss'],
  ...['suppressed', 'deviation'],
];

function check(config: BackboneConfig): void {
  for (const key of Object.keys(config))
    if (!KNOWN.includes(key))
      throw new LightbulbError('unknown_key', 'a backbone has no such setting', {
        where: `/${key}`,
        cure: suggest(key, KNOWN),
      });
  for (const key of ['vocabulary', 'width', 'layers', 'heads', 'hidden', 'length'] as const)
    whole(config[key], `/${key}`);
  for (const key of Object.keys(CHOICES) as (keyof typeof CHOICES)[]) {
    const known: readonly string[] = CHOICES[key];
    if (!known.includes(config[key])) throw wrong(`/${key}`, known.join(', '), config[key]);
  }
  for (const key of ['qkNorm', 'bias', 'tiedHead'] as const)
    if (typeof config[key] !== 'boolean') throw wrong(`/${key}`, 'true or false', config[key]);
  for (const key of ['embedding', 'attention', 'residual'] as const)
    within(config.dropout[key], `/dropout/${key}`, 'a share in [0, 1)', (rate) => rate >= 0 && rate < 1);
  within(config.normEpsilon, '/normEpsilon', 'a number above 0', (epsilon) => epsilon > 0);
  within(config.deviation, '/deviation', 'a number above 0', (deviation) => deviation > 0);
  within(config.zLoss, '/zLoss', 'a number from 0', (weight) => weight >= 0);
  if (config.width % config.heads !== 0) throw wrong('/heads', `a divisor of the width, ${config.width}`, config.heads);
  for (const [i, id] of config.suppressed.entries())
    within(id, `/suppressed/${i}`, `an id below ${config.vocabulary}`, (n) => isId(n, config.vocabulary));
  checkPositions(config);
}

function checkPositions({ positions, width, heads }: BackboneConfig): void {
  for (const [i, position] of positions.entries()) {
    const where = `/positions/${i}`;
    if (!(POSITIONS as readonly string[]).includes(position.kind))
      throw wrong(`${where}/kind`, POSITIONS.join(', '), position.kind);
    if (positions.findIndex(({ kind }) => kind === position.kind) !== i)
      throw wrong(where, 'each kind of position once', position.kind);
    if (position.kind === 'rotary') {
      within(position.base ?? 10000, `${where}/base`, 'a number above 1', (base) => base > 1);
      if ((width / heads) % 2 !== 0) throw wrong(where, 'an even width of a head for rotary positions', width / heads);
    }
    if (position.kind === 'local') whole(position.entries, `${where}/entries`);
    if (position.kind === 'patches') {
      whole(position.rows, `${where}/rows`);
      whole(position.columns, `${where}/columns`);
      if (width % 4 !== 0) throw wrong(where, 'a width that is a multiple of 4 for sines of rows and columns', width);
    }
  }
}

const isId = (n: number, entries: number): boolean => Number.isInteger(n) && n >= 0 && n < entries;

function whole(value: number, where: string): void {
  within(value, where, 'a whole number from 1', (n) => Number.isSafeInteger(n) && n >= 1);
}

function within(value: number, where: string, wanted: string, holds: (value: number) => boolean): void {
  if (typeof value !== 'number' || !holds(value)) throw wrong(where, wanted, value);
}

function wrong(where: string, wanted: string, got: unknown): LightbulbError {
  return new LightbulbError('invalid_input', 'a backbone cannot be built so', { where, wanted, got: String(got) });
}
