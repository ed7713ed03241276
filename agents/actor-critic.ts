import type { Stream } from '../core/index.ts';
import {
  type DenseOf,
  type Distribution,
  dense,
  orthogonal,
  type Tree,
  type tf,
  type Value,
  zeros,
} from '../nn/index.ts';
import type { Space } from '../worlds/index.ts';
import { type ActionHead, actionHead } from './action-head.ts';
import { type Body, createBody, type Memory } from './body.ts';
import { createBackboneBody } from './body-backbone.ts';
import { createHiddenBody, type HiddenOf } from './body-hidden.ts';
import type { PpoNetworkOptions } from './options.ts';

type Tensors = { readonly [name: string]: Tree<tf.Tensor> };

/** Parameters of both: what acting needs is all under `actor`, a shared trunk too. */
export type ActorCriticParameters<X> = { readonly actor: Tree<X>; readonly critic: Tree<X> };

/** What a network looks at: rows [L * R, D] (with memory, L steps of R rows), and what it remembers. */
export interface Sight {
  readonly x: tf.Tensor;
  readonly memory?: Memory | undefined;
}

/** The rows that a policy acts on, and the legal choices in each: bool [L * R, M], or undefined for all. */
export interface ActingSight extends Sight {
  readonly mask?: tf.Tensor | undefined;
}

/**
 * A policy: observation rows to a distribution over actions. Pure functions over a tree of parameters; what it
 * remembers goes in and comes out (`memory`), so nothing is hidden.
 */
export interface Policy {
  readonly head: ActionHead;
  /** Numbers of memory per row; 0 without memory. */
  readonly memorySize: number;
  /** A distribution of batch [L * R], and the memory after the last step. */
  distribution(
    parameters: Tree<tf.Tensor>,
    sight: ActingSight,
  ): { readonly distribution: Distribution; readonly memory?: tf.Tensor };
}

/** A policy and a value function: two networks, or two heads on one trunk. */
export interface ActorCritic {
  readonly policy: Policy;
  /** One trunk for both: then one memory (the policy's) too, and the value function sees what the policy sees. */
  readonly isShared: boolean;
  /** Numbers of memory per row that the value function has for itself. */
  readonly criticMemorySize: number;
  initialise(stream: Stream): ActorCriticParameters<Value>;
  /** Values [L * R, outputs] alone, in the units that the learner normalises to. With a trunk, `actor` holds it. */
  values(parameters: ActorCriticParameters<tf.Tensor>, sight: Sight): tf.Tensor;
  /** Distribution and values; where the trunk is shared, in one pass over `acting`. */
  both(
    parameters: ActorCriticParameters<tf.Tensor>,
    acting: ActingSight,
    judging: Sight,
  ): {
    readonly distribution: Distribution;
    readonly values: tf.Tensor;
    readonly actorMemory?: tf.Tensor | undefined;
    readonly criticMemory?: tf.Tensor | undefined;
  };
}

/** What an `ActorCritic` is made for. */
export interface ActorCriticSpec {
  /** Numbers of a row that the policy sees, and the space they are of (null for a plain vector). */
  readonly inputs: number;
  readonly observation: Space | null;
  readonly action: Space;
  /** The same of the value function, and how many values it answers for each row. */
  readonly critic: { readonly inputs: number; readonly observation: Space | null; readonly outputs: number };
}

/**
 * A body and a head each for policy and values; with `sharedTrunk`, one body with both heads, as the published agents
 * of mazes have it (JaxUED, `examples/maze_dr.py`; dcd, `models/multigrid_models.py`). The policy's head starts near zero
 * (gain 0.01), so that the first policy is nearly uniform.
 */
export function createActorCritic(spec: ActorCriticSpec, options: PpoNetworkOptions): ActorCritic {
  const bodyFor = ({ inputs, observation }: Pick<ActorCriticSpec, 'inputs' | 'observation'>): Body =>
    options.backbone === null
      ? createBody(inputs, observation, options)
      : createBackboneBody(inputs, observation, options, options.backbone);
  const body = bodyFor(spec);
  const policy = createPolicy(body, spec.action, options);
  return options.sharedTrunk
    ? onOneTrunk(policy, body, spec.critic.outputs, options)
    : apart(policy, bodyFor(spec.critic), spec.critic.outputs, options);
}

interface InitialisedPolicy extends Policy {
  initialise(stream: Stream): Tree<Value>;
  /** The distribution for what the body made of the rows. */
  decide(parameters: Tree<tf.Tensor>, features: tf.Tensor, mask: tf.Tensor | undefined): Distribution;
}

function createPolicy(body: Body, action: Space, options: PpoNetworkOptions): InitialisedPolicy {
  const head = actionHead(action);
  const outputs = createHead(body.features, head.outputs, 0.01, options);
  const decide: InitialisedPolicy['decide'] = (parameters, features, mask) =>
    head.distribution(
      outputs.apply(parameters, features),
      (parameters as Tensors).logStd as tf.Tensor | undefined,
      mask,
    );
  return {
    head,
    memorySize: body.memorySize,
    initialise: (stream) => ({
      body: body.initialise(stream),
      ...outputs.initialise(stream),
      ...(head.freeParameters > 0 ? { logStd: zeros('float32', [head.freeParameters]) } : {}),
    }),
    decide,
    distribution: (parameters, { x, mask, memory }) => {
      const { features, memory: after } = body.apply(bodyOf(parameters), x, memory);
      const distribution = decide(parameters, features, mask);
      return after === undefined ? { distribution } : { distribution, memory: after };
    },
  };
}

function onOneTrunk(policy: InitialisedPolicy, trunk: Body, outputs: number, options: PpoNetworkOptions): ActorCritic {
  const head = createHead(trunk.features, outputs, 1, options);
  return {
    policy,
    isShared: true,
    criticMemorySize: 0,
    initialise: (stream) => ({ actor: policy.initialise(stream), critic: head.initialise(stream) }),
    values: ({ actor, critic }, { x, memory }) => head.apply(critic, trunk.apply(bodyOf(actor), x, memory).features),
    both: ({ actor, critic }, { x, mask, memory }) => {
      const { features, memory: actorMemory } = trunk.apply(bodyOf(actor), x, memory);
      return {
        distribution: policy.decide(actor, features, mask),
        values: head.apply(critic, features),
        actorMemory,
      };
    },
  };
}

function apart(policy: InitialisedPolicy, body: Body, outputs: number, options: PpoNetworkOptions): ActorCritic {
  const head = createHead(body.features, outputs, 1, options);
  const judge = (critic: Tree<tf.Tensor>, { x, memory }: Sight) => {
    const { features, memory: after } = body.apply(bodyOf(critic), x, memory);
    return { values: head.apply(critic, features), criticMemory: after };
  };
  return {
    policy,
    isShared: false,
    criticMemorySize: body.memorySize,
    initialise: (stream) => ({
      actor: policy.initialise(stream),
      critic: { body: body.initialise(stream), ...head.initialise(stream) },
    }),
    values: ({ critic }, sight) => judge(critic, sight).values,
    both: ({ actor, critic }, acting, judging) => {
      const { distribution, memory: actorMemory } = policy.distribution(actor, acting);
      return { distribution, actorMemory, ...judge(critic, judging) };
    },
  };
}

type HeadOf<X> = { readonly hidden: HiddenOf<X>; readonly head: DenseOf<X> };

/** Hidden layers (`hidden`) and a linear one (`head`) that starts with this gain. */
function createHead(
  inputs: number,
  outputs: number,
  gain: number,
  { heads, activation }: PpoNetworkOptions,
): {
  initialise(stream: Stream): HeadOf<Value>;
  /** features: [R, inputs] -> [R, outputs]. */
  apply(parameters: Tree<tf.Tensor>, features: tf.Tensor): tf.Tensor;
} {
  const hidden = createHiddenBody(inputs, { hidden: heads, activation, layerNorm: false });
  return {
    initialise: (stream) => ({
      hidden: hidden.initialise(stream),
      head: dense.init(stream, { inputs: hidden.features, outputs, weight: orthogonal(gain) }),
    }),
    apply: (parameters, features) => {
      const own = parameters as Partial<HeadOf<tf.Tensor>>;
      return dense.apply(own.head!, hidden.apply(own.hidden ?? {}, features));
    },
  };
}

function bodyOf(parameters: Tree<tf.Tensor>): Tree<tf.Tensor> {
  return (parameters as Tensors).body ?? {};
}
