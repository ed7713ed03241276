import { Stream } from '../../core/index.ts';
import { type Branch, type Layout, layoutOf, tf, unpackTensors, type Value } from '../../nn/index.ts';
import type { FeedbackKind } from '../../worlds/index.ts';
import type { Encoded } from './encoder.ts';
import { Feedback } from './feedback.ts';
import type { SharedValueOptions } from './options.ts';
import { PolicyNetwork } from './policy-network.ts';
import type { Role } from './role.ts';
import { ValueNetwork, type Values } from './value-network.ts';

type Named = Readonly<Record<string, tf.Tensor>>;
type Tensors = Branch<tf.Tensor>;

/** What a batch says to the networks, and they to the losses. */
export interface Seen {
  readonly encoded: readonly Encoded[];
  /** Each role's tokens [S, n, D] for the value network. */
  readonly tokens: readonly tf.Tensor[];
  readonly feedback: tf.Tensor | undefined;
}

/** The joint policy and the value function on the arrays of a `Batch`. */
export class JointNetwork {
  readonly policy: PolicyNetwork;
  readonly value: ValueNetwork;
  readonly layout: Layout;
  /** [all, 2 K]: whom each number of the feedback is about. */
  private readonly about: Float32Array;
  private readonly all: number;

  constructor(
    readonly roles: readonly Role[],
    options: SharedValueOptions,
    kinds: readonly FeedbackKind[],
  ) {
    this.policy = new PolicyNetwork(roles, options);
    const agents = roles.flatMap(({ group }) => group.agents);
    const feedback = new Feedback(kinds, 1, 1);
    this.about = feedback.about(agents);
    this.all = agents.length;
    this.value = new ValueNetwork({
      roles: roles.map(({ key, choices }, r) => ({
        key,
        features: this.policy.encoders[r]!.features,
        ...(choices === null ? {} : { choices: choices[0]! }),
      })),
      feedback: feedback.size,
      value: options.value,
      attention: options.attention,
      hasCritic: options.credit === 'coma',
    });
    // Only for the shapes.
    this.layout = layoutOf(this.initialise(() => new Stream('shapes')));
  }

  /** First parameters; the policy's come first in the layout. streams: by purpose. */
  initialise(streams: (purpose: 'policy' | 'value') => Stream): Branch<Value> {
    return { policy: this.policy.initialise(streams('policy')), value: this.value.initialise(streams('value')) };
  }

  /** A vector [P] as trees. */
  unpacked(vector: tf.Tensor): { readonly policy: Tensors; readonly value: Tensors } {
    return unpackTensors(vector as tf.Tensor1D, this.layout) as unknown as { policy: Tensors; value: Tensors };
  }

  /** A batch through encoders, up to the value network's tokens. */
  see({ policy, value }: { readonly policy: Tensors; readonly value: Tensors }, inputs: Named): Seen {
    const encoded = this.roles.map((_, r) => {
      const noise = branchOf(inputs, `${r}/noise/`);
      return this.policy.encode(policy, r, branchOf(inputs, `${r}/`)!, noise);
    });
    const tokens = this.roles.map(({ N }, r) =>
      this.value.tokens(value, r, N, encoded[r]!.features, inputs[`${r}/index`]),
    );
    return { encoded, tokens, feedback: this.feedbackOf(inputs) };
  }

  values(value: Tensors, { tokens, feedback }: Seen): Values {
    return this.value.values(value, tokens, feedback);
  }

  /** Each role's Q(s, u_-i, .): [S, n, choices]. */
  critic(value: Tensors, { tokens, feedback }: Seen, inputs: Named): readonly tf.Tensor[] {
    const acted = this.roles.map((_, r) => inputs[`${r}/acted`]!);
    return this.value.critic(value, tokens, acted, feedback);
  }

  private feedbackOf({ feedback }: Named): tf.Tensor | undefined {
    if (feedback === undefined) return undefined;
    const about = tf.tensor2d(this.about, [this.all, this.about.length / this.all]);
    return tf.mul(tf.expandDims(feedback, 1), about);
  }
}

/** The inputs whose names begin so, without that; undefined where there are none. */
function branchOf(inputs: Named, prefix: string): Named | undefined {
  const own = Object.entries(inputs).flatMap(([name, x]): [string, tf.Tensor][] =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), x]] : [],
  );
  return own.length === 0 ? undefined : Object.fromEntries(own);
}
