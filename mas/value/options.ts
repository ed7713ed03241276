/** How observations become features: one transformer for all roles, or a plain network for each. */
export type EncoderOptions =
  | {
      /**
       * Words of text parts, each a token; everything else of an observation is one more token; a token that reads out.
       * All roles share the blocks (`nn/backbone`, bidirectional within an observation).
       */
      readonly kind: 'backbone';
      readonly width: number;
      readonly layers: number;
      readonly heads: number;
      /** Rows of the table of words; words share rows by hash. */
      readonly vocabulary: number;
      /** Words that are read of a text that nobody points at, at most. */
      readonly words: number;
      /** Share of words that are hidden from an update, and of what blocks add that is dropped; in [0, 1). */
      readonly wordDropout: number;
      readonly dropout: number;
    }
  | {
      /** Dense layers, a network for each role; observations without text. */
      readonly kind: 'plain';
      readonly hidden: readonly number[];
      readonly activation: 'tanh' | 'relu' | 'gelu' | 'silu';
    };

/**
 * Agents that share one value network, and learn a joint policy by it. PPO's surrogate (Schulman et al. 2017,
 * arXiv 1707.06347) with a central critic (MAPPO, Yu et al., arXiv 2103.01955) that attends over agents.
 */
export interface SharedValueOptions {
  readonly name: 'shared';
  /**
   * What an agent's actions are judged by. `shared`: the team's reward. `individual`: its own. `difference`: what the
   * team's episode is worth more than the same one in which this agent had done the default (Wolpert and Tumer 2001).
   * `coma`: the team's reward, against the mean over the agent's own actions (Foerster et al. 2018, arXiv 1705.08926).
   */
  readonly credit: 'shared' | 'individual' | 'difference' | 'coma';
  /** The agent's own reward counts so much beside the credit; no effect with `individual`. */
  readonly ownReward: number;
  /**
   * Where agents see what each choice of their utterance was paid: the name of a box [choices, 2] in observations, whose
   * columns are what a choice added to the own reward and to the team's. Each choice is then credited with that, rather
   * than with all of what was paid for the utterance. What is paid in later steps, up to the agent's next decision, counts
   * too; the rest of the reward is everybody's as ever. null: utterances are credited as a whole.
   */
  readonly wordCredit: string | null;
  /** What the next choice of an utterance adds counts so much for this one, with `wordCredit`: 0 for itself alone. */
  readonly wordDiscount: number;
  /** `shared`: all agents' features, attended over. `separate`: each role's own, by itself, as in independent learning. */
  readonly value: 'shared' | 'separate';
  /** `joint`: roles share the backbone, each with a head of its own. `separate`: each role has a backbone of its own. */
  readonly policy: 'joint' | 'separate';
  readonly encoder: EncoderOptions;
  /** The attention over agents. */
  readonly attention: { readonly width: number; readonly layers: number; readonly heads: number };
  /** Steps of each copy between updates (T). */
  readonly rollout: number;
  readonly epochs: number;
  /** Parts of each pass: so many groups of copies. */
  readonly minibatches: number;
  readonly learningRate: number;
  readonly schedule: 'constant' | 'linear';
  readonly adamEpsilon: number;
  readonly weightDecay: number;
  readonly maximumGradientNorm: number;
  readonly discount: number;
  readonly gaeLambda: number;
  readonly clip: number;
  /**
   * Of an utterance of many words: the ratio that is clipped. `joint`: of the whole utterance's probabilities, PPO's.
   * `perWord`: its geometric mean over the words, so that long utterances may move as far as short ones (GSPO, Zheng et al.
   * 2025, arXiv 2507.18071, equation 7). The same for all other actions.
   */
  readonly ratio: 'joint' | 'perWord';
  readonly valueLoss: 'squared' | 'huber';
  readonly huberDelta: number;
  readonly valueCoefficient: number;
  readonly entropyCoefficient: number;
  /** Advantages to mean 0 and deviation 1 over each role's decisions of a rollout. */
  readonly normaliseAdvantages: boolean;
  readonly valueNormalisation: 'none' | 'valueNorm' | 'popArt';
  /** Stops the epochs of an update once the approximate KL divergence passes this; null never does. */
  readonly targetKl: number | null;
}

/** What a scenario does not name. */
export const sharedValueDefaults: SharedValueOptions = {
  name: 'shared',
  credit: 'shared',
  ownReward: 0,
  wordCredit: null,
  wordDiscount: 0,
  value: 'shared',
  policy: 'joint',
  encoder: {
    kind: 'backbone',
    width: 64,
    layers: 1,
    heads: 4,
    vocabulary: 4096,
    words: 128,
    wordDropout: 0,
    dropout: 0,
  },
  attention: { width: 64, layers: 1, heads: 4 },
  rollout: 32,
  epochs: 4,
  minibatches: 4,
  learningRate: 7e-4,
  schedule: 'linear',
  adamEpsilon: 1e-5,
  weightDecay: 0,
  maximumGradientNorm: 10,
  discount: 0.99,
  gaeLambda: 0.95,
  clip: 0.2,
  ratio: 'joint',
  valueLoss: 'huber',
  huberDelta: 10,
  valueCoefficient: 1,
  entropyCoefficient: 0.01,
  normaliseAdvantages: true,
  valueNormalisation: 'valueNorm',
  targetKl: null,
};
