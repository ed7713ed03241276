import type { Stream } from '../../core/index.ts';
import {
  Backbone,
  type BackboneOf,
  type Branch,
  type DenseOf,
  dense,
  type EmbeddingOf,
  embedding,
  initialisers,
  orthogonal,
  project,
  tf,
  type Value,
} from '../../nn/index.ts';
import type { SharedValueOptions } from './options.ts';

/** What the value network knows of a role. */
export interface ValuedRole {
  readonly key: string;
  /** Width of its features. */
  readonly features: number;
  /** Choices of its one decision; read where there is a critic of actions. */
  readonly choices?: number;
}

export interface ValueNetworkOptions {
  readonly roles: readonly ValuedRole[];
  /** Numbers of the feedback about an agent; 0 without any. */
  readonly feedback: number;
  /** `separate`: each role's value from its own features alone. */
  readonly value: SharedValueOptions['value'];
  readonly attention: SharedValueOptions['attention'];
  /** With Q(s, u_-i, .) for each role (COMA). */
  readonly hasCritic: boolean;
}

/** [S] and, for each role, [S, n]; in the units of each one's scale. */
export interface Values {
  /** Missing where values are separate. */
  readonly team?: tf.Tensor;
  readonly agents: readonly tf.Tensor[];
}

type Tensors = Branch<tf.Tensor>;

/**
 * One value function for all agents. Each agent is a token: its features, its role, and what was said about it; they
 * attend to each other without positions, so that their number may vary and equals may change places. S samples, n agents
 * of a role, D the width of the attention. Pure functions over a tree of parameters.
 */
export class ValueNetwork {
  private readonly backbone: Backbone;
  private readonly isShared: boolean;

  constructor(private readonly options: ValueNetworkOptions) {
    const { width, layers, heads } = options.attention;
    this.isShared = options.value === 'shared';
    // No ids, no places: only the blocks are used. Features are made already, and tokens are many and small: the
    // cheapest block that there is, as half of an update's time goes into it.
    this.backbone = new Backbone({
      vocabulary: 1,
      width,
      layers,
      heads,
      hidden: width,
      feedForward: 'relu',
      norm: 'post',
      normKind: 'rms',
      length: MOST_TOKENS,
      positions: [],
      mask: 'bidirectional',
      deviation: 1 / Math.sqrt(width),
    });
  }

  initialise(stream: Stream): Branch<Value> {
    const { roles, feedback, attention, hasCritic } = this.options;
    const { width } = attention;
    const vector = (): Value => initialisers.normal(1 / Math.sqrt(width))(stream, [width]);
    const own = roles.map(({ key, features, choices }): [string, Branch<Value>] => [
      key,
      {
        input: dense.init(stream, { inputs: features, outputs: width }),
        idle: vector(),
        head: dense.init(stream, { inputs: width, outputs: 1, weight: orthogonal(0.1) }),
        ...(this.isShared ? { role: vector() } : { hidden: dense.init(stream, { inputs: width, outputs: width }) }),
        ...(hasCritic && {
          action: embedding.init(stream, {
            entries: choices!,
            features: width,
            table: initialisers.normal(1 / Math.sqrt(width)),
          }),
          critic: dense.init(stream, { inputs: width, outputs: choices!, weight: orthogonal(0.1) }),
        }),
      },
    ]);
    if (!this.isShared) return { roles: Object.fromEntries(own) };
    const { blocks } = this.backbone.init(stream);
    return {
      roles: Object.fromEntries(own),
      attention: { blocks },
      team: vector(),
      teamHead: dense.init(stream, { inputs: width, outputs: 1, weight: orthogonal(0.1) }),
      ...(feedback > 0 && { feedback: { weight: initialisers.lecunNormal(stream, [feedback, width]) } }),
    };
  }

  /**
   * A role's tokens [S, n, D]. features: [R, F] of those who decide; index: int32 [S n], the row of each agent's features,
   * or R where it has none; without it, R is S n and rows are in order.
   */
  tokens(parameters: Tensors, role: number, agents: number, features: tf.Tensor, index?: tf.Tensor): tf.Tensor {
    const own = this.own(parameters, role);
    const { width } = this.options.attention;
    const rows = dense.apply(own.input as DenseOf<tf.Tensor>, features);
    if (index === undefined) return tf.reshape(rows, [-1, agents, width]);
    const table = tf.concat([rows, tf.reshape(own.idle as tf.Tensor, [1, width])], 0);
    return tf.reshape(embedding.apply({ table }, index), [-1, agents, width]);
  }

  /** What each role's tokens [S, n, D] are worth. feedback: [S, all, numbers] about each agent, in the order of roles. */
  values(parameters: Tensors, tokens: readonly tf.Tensor[], feedback?: tf.Tensor): Values {
    if (!this.isShared) {
      return {
        agents: tokens.map((x, role) => {
          const { hidden } = this.own(parameters, role);
          return this.valueOf(parameters, role, tf.tanh(dense.apply(hidden as DenseOf<tf.Tensor>, x)));
        }),
      };
    }
    const [team, ...agents] = this.attended(parameters, this.placed(parameters, tokens, feedback));
    const teamValue = dense.apply(parameters.teamHead as DenseOf<tf.Tensor>, team!);
    return {
      team: tf.reshape(teamValue, [-1]),
      agents: agents.map((x, role) => this.valueOf(parameters, role, x)),
    };
  }

  /**
   * Q(s, u_-i, .) of every agent: for each role [S, n, choices]. actions: int32 [S, n] for each role, -1 where an agent
   * has nothing to decide. Agent i is read from a pass of its own, in which all others' tokens carry their actions.
   */
  critic(
    parameters: Tensors,
    tokens: readonly tf.Tensor[],
    actions: readonly tf.Tensor[],
    feedback?: tf.Tensor,
  ): readonly tf.Tensor[] {
    const { width } = this.options.attention;
    const placed = tf.concat([...this.placed(parameters, tokens, feedback)], 1);
    const acted = tf.concat(
      actions.map((u, role) => {
        const none = tf.scalar(0, 'int32');
        const chosen = embedding.apply(
          this.own(parameters, role).action as EmbeddingOf<tf.Tensor>,
          tf.maximum(u, none),
        );
        return tf.mul(chosen, tf.expandDims(tf.cast(tf.greaterEqual(u, none), 'float32'), -1));
      }),
      1,
    );
    const [samples, all] = placed.shape as [number, number];
    // [S, i, j, D]: the token of j as i sees it.
    const others = tf.reshape(tf.sub(1, tf.eye(all)), [1, all, all, 1]);
    const seen = tf.add(tf.reshape(placed, [samples, 1, all, width]), tf.mul(tf.expandDims(acted, 1), others));
    const mixed = this.trunk(parameters, tf.reshape(seen, [samples * all, all, width]));
    // The token of i in the pass of i.
    const diagonal = tf.reshape(tf.eye(all), [1, all, all, 1]);
    const own = tf.sum(tf.mul(tf.reshape(mixed, [samples, all, all, width]), diagonal), 2);
    const each = split(own, tokens);
    return each.map((x, role) => dense.apply(this.own(parameters, role).critic as DenseOf<tf.Tensor>, x));
  }

  /** Tokens with their role, and what was said about each agent. */
  private placed(parameters: Tensors, tokens: readonly tf.Tensor[], feedback?: tf.Tensor): readonly tf.Tensor[] {
    const withRole = tokens.map((x, role) => tf.add(x, this.own(parameters, role).role as tf.Tensor));
    if (feedback === undefined || parameters.feedback === undefined) return withRole;
    const said = project((parameters.feedback as { weight: tf.Tensor }).weight, feedback);
    const parts = split(said, tokens);
    return withRole.map((x, role) => tf.add(x, parts[role]!));
  }

  /** The team's token [S, D] and each role's [S, n, D], after attention. */
  private attended(parameters: Tensors, tokens: readonly tf.Tensor[]): readonly tf.Tensor[] {
    const samples = tokens[0]!.shape[0]!;
    const { width } = this.options.attention;
    // Added to zeros rather than tiled: the gradient of that is one sum.
    const team = tf.add(tf.zeros([samples, 1, width]), parameters.team as tf.Tensor);
    const mixed = this.trunk(parameters, tf.concat([team, ...tokens], 1));
    const [first, ...rest] = split(mixed, [team, ...tokens]);
    return [tf.reshape(first!, [samples, width]), ...rest];
  }

  private trunk(parameters: Tensors, x: tf.Tensor): tf.Tensor {
    return this.backbone.trunk(parameters.attention as BackboneOf<tf.Tensor>, x).hidden;
  }

  private valueOf(parameters: Tensors, role: number, x: tf.Tensor): tf.Tensor {
    const [samples, agents] = x.shape as [number, number];
    return tf.reshape(dense.apply(this.own(parameters, role).head as DenseOf<tf.Tensor>, x), [samples, agents]);
  }

  private own(parameters: Tensors, role: number): Tensors {
    return (parameters.roles as Tensors)[this.options.roles[role]!.key] as Tensors;
  }
}

/** More agents than any environment here has; there are no places that would have to be learned. */
const MOST_TOKENS = 4096;

/** x [S, sum of n, D] in parts like these, along the agents. */
function split(x: tf.Tensor, like: readonly tf.Tensor[]): tf.Tensor[] {
  if (like.length === 1) return [x];
  return tf.split(
    x,
    like.map(({ shape }) => shape[1]!),
    1,
  );
}
