import type { BackboneConfig, DropoutRates } from '../../nn/index.ts';

/** How tasks become tokens. */
export interface TokenOptions {
  /**
   * `bytes`: UTF-8 bytes, no file. `file`: a Hugging Face `tokenizer.json`. `learn`: byte pairs learned from the texts
   * of the tasks, this many tokens in all.
   */
  readonly text: 'bytes' | { readonly file: string } | { readonly learn: number };
  /** Most tokens of one text; longer ones are cut. */
  readonly textTokens: number;
  /** Bins of continuous numbers. */
  readonly bins: number;
  /** Pixels of a patch's side. */
  readonly patch: number;
}

/** The backbone's axes that a scenario may set; see `BackboneConfig`. */
export interface GatoBackboneOptions
  extends Pick<
    BackboneConfig,
    'width' | 'layers' | 'heads' | 'feedForward' | 'norm' | 'normKind' | 'qkNorm' | 'softmax' | 'zLoss' | 'bias'
  > {
  /** Width inside the feed-forward; null: 4 widths (gated ones: 8/3, rounded up to a multiple of 16). */
  readonly hidden: number | null;
  readonly dropout: number | DropoutRates;
}

/** Proximal policy optimisation over the backbone, on one task, once cloning is done. */
export interface ReinforcementOptions {
  /** Which task. */
  readonly task: string;
  /** Updates of cloning before it; the rest of the run's updates reinforce. */
  readonly after: number;
  readonly copies: number;
  /** Steps of each copy between updates (T). */
  readonly rollout: number;
  readonly epochs: number;
  readonly minibatches: number;
  readonly learningRate: number;
  readonly discount: number;
  readonly gaeLambda: number;
  readonly clip: number;
  readonly valueCoefficient: number;
  readonly entropyCoefficient: number;
  readonly maximumGradientNorm: number;
  /** Updates (of all minibatches) in which only the value head learns: one that knows nothing spoils the policy. */
  readonly valueWarmup: number;
  /** Stops the epochs on a rollout once the approximate KL divergence passes this; null never does. */
  readonly targetKl: number | null;
  /** Agents learn from the sum of all agents' rewards; else each from its own. */
  readonly teamReward: boolean;
}

/** The defaults of all that a task does not decide. */
export const reinforcementDefaults: Omit<ReinforcementOptions, 'task' | 'after'> = {
  copies: 16,
  rollout: 128,
  epochs: 4,
  minibatches: 4,
  learningRate: 3e-4,
  discount: 0.99,
  gaeLambda: 0.95,
  clip: 0.2,
  valueCoefficient: 0.5,
  entropyCoefficient: 0,
  maximumGradientNorm: 0.5,
  valueWarmup: 64,
  targetKl: 0.03,
  teamReward: false,
};

/** One network for many tasks, learned from episodes (Gato, arXiv 2205.06175), and from rewards after it. */
export interface GatoOptions {
  readonly name: 'gato';
  readonly backbone: GatoBackboneOptions;
  readonly tokens: TokenOptions;
  /** Tokens of a row in training, L, and rows of a batch, B. */
  readonly length: number;
  readonly batch: number;
  /** Most time steps that one sequence shows: what is packed into rows, and what acting remembers. */
  readonly context: number;
  readonly prompt: {
    /** Share of sequences that begin with a part of another episode of the same agent. */
    readonly share: number;
    /** Share of prompts that are the end of their episode; the others begin anywhere. */
    readonly fromEnd: number;
    /** Time steps of a prompt. */
    readonly steps: number;
  };
  /** How much a target counts, by what it is. Observations: 0 as in Gato; above, the model also predicts them. */
  readonly loss: {
    readonly action: number;
    readonly text: number;
    readonly observation: number;
    /**
     * `token`: each target of the batch counts alike, as in Gato. `task`: the targets of a task count together as much
     * as its rows, so that an action in hundreds of tokens (the topic of a text) is not drowned by one in five.
     */
    readonly balance: 'token' | 'task';
  };
  readonly learningRate: number;
  /** Updates in which the learning rate rises from 0; then it falls to a tenth along a cosine. */
  readonly warmup: number;
  readonly beta2: number;
  readonly weightDecay: number;
  readonly maximumGradientNorm: number;
  /** Updates of one iteration (a line of metrics). */
  readonly updatesPerIteration: number;
  readonly reinforcement: ReinforcementOptions | null;
}

/** The defaults that a scenario's schema shows. */
export const gatoDefaults: GatoOptions = {
  name: 'gato',
  backbone: {
    width: 128,
    layers: 4,
    heads: 4,
    feedForward: 'geglu',
    norm: 'pre',
    normKind: 'layer',
    qkNorm: true,
    softmax: 'standard',
    zLoss: 1e-5,
    bias: true,
    hidden: null,
    dropout: 0,
  },
  tokens: { text: 'bytes', textTokens: 128, bins: 1024, patch: 16 },
  length: 128,
  batch: 16,
  context: 8,
  prompt: { share: 0.25, fromEnd: 0.5, steps: 2 },
  loss: { action: 1, text: 1, observation: 0, balance: 'token' },
  learningRate: 5e-4,
  warmup: 100,
  beta2: 0.95,
  weightDecay: 0.1,
  maximumGradientNorm: 1,
  updatesPerIteration: 20,
  reinforcement: null,
};
