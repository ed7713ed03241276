import type { Stream } from '../../core/index.ts';
import type { Branch, tf, Value } from '../../nn/index.ts';
import { backboneEncoders } from './backbone-encoder.ts';
import type { Encoded, Encoder, Encoders } from './encoder.ts';
import type { SharedValueOptions } from './options.ts';
import { plainEncoders } from './plain-encoder.ts';
import { plainHead } from './plain-head.ts';
import { pointerHead } from './pointer-head.ts';
import type { Role } from './role.ts';
import type { RoleHead } from './role-head.ts';

type Inputs = Readonly<Record<string, tf.Tensor>>;

/** An encoder and a head for each role, and what the encoders share. Pure functions over one tree of parameters. */
export class PolicyNetwork {
  readonly heads: readonly RoleHead[];
  private readonly encoding: Encoders;

  constructor(
    readonly roles: readonly Role[],
    { encoder, policy, wordCredit }: Pick<SharedValueOptions, 'encoder' | 'policy' | 'wordCredit'>,
  ) {
    this.encoding =
      encoder.kind === 'plain'
        ? plainEncoders(roles, encoder)
        : backboneEncoders(roles, encoder, policy === 'joint', wordCredit);
    this.heads = roles.map((role, r) => headOf(role, this.encoding.each[r]!.features));
  }

  get encoders(): readonly Encoder[] {
    return this.encoding.each;
  }

  initialise(stream: Stream): Branch<Value> {
    const { encoding, roles, heads } = this;
    const shared = encoding.shared?.(stream);
    return {
      ...(shared === undefined ? {} : { shared }),
      roles: Object.fromEntries(
        roles.map(({ key }, r) => [
          key,
          { encoder: encoding.each[r]!.initialise(stream), head: heads[r]!.initialise(stream) },
        ]),
      ),
    };
  }

  /** What the role's encoder makes of its rows. */
  encode(parameters: Branch<tf.Tensor>, role: number, inputs: Inputs, noise?: Inputs): Encoded {
    const shared = parameters.shared as Branch<tf.Tensor> | undefined;
    return this.encoders[role]!.apply(this.of(parameters, role, 'encoder'), shared, inputs, noise);
  }

  /** The parameters of the role's head. */
  headOf(parameters: Branch<tf.Tensor>, role: number): Branch<tf.Tensor> {
    return this.of(parameters, role, 'head');
  }

  private of(parameters: Branch<tf.Tensor>, role: number, part: 'encoder' | 'head'): Branch<tf.Tensor> {
    const roles = parameters.roles as Branch<tf.Tensor>;
    return (roles[this.roles[role]!.key] as Branch<tf.Tensor>)[part] as Branch<tf.Tensor>;
  }
}

/** Utterances are spoken word by word; other actions come from one linear layer. */
function headOf(role: Role, features: number): RoleHead {
  const { action } = role.group;
  return action.type === 'multiDiscrete' && action.sequence !== undefined
    ? pointerHead(role, action, features)
    : plainHead(role, features);
}
