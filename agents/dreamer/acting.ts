import type { Stream } from '../../core/index.ts';
import {
  compile,
  type Executor,
  flattened,
  float32,
  type Program,
  restored,
  type Tree,
  tf,
  type Value,
} from '../../nn/index.ts';
import { fillNoise, type Noise, noiseValues, type TrunkOf, trunk, type WorldModel } from '../../worlds/models/index.ts';
import type { GroupRollout } from '../rollout.ts';
import type { DreamerActions } from './actions.ts';

/** The programs of acting: one row is observed and an action is chosen. */
export interface ActingPrograms {
  readonly draw: Program;
  readonly mode: Program;
}

/** `scale`: what observations are multiplied by before the model sees them. */
export function actingPrograms(
  model: WorldModel,
  actions: DreamerActions,
  scale: number,
  executor: Executor,
): ActingPrograms {
  const act =
    (isGreedy: boolean) =>
    (inputs: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> => {
      const { observation, action, first, state } = inputs as Record<string, tf.Tensor>;
      const [B] = first!.shape as [number];
      const row = (x: tf.Tensor): tf.Tensor => tf.expandDims(x, 0);
      const sequence = {
        observation: row(tf.mul(observation!, scale)),
        action: row(action!),
        reward: tf.zeros([1, B]),
        first: row(first!),
        terminal: tf.zeros([1, B]),
      };
      const parameters = restored('model/', inputs) as Tree<tf.Tensor>;
      const { states } = model.observe(parameters, sequence, state!, restored('noise/', inputs) as unknown as Noise);
      const next = tf.reshape(states, [B, model.stateSize]);
      const outputs = trunk.apply(restored('actor/', inputs) as unknown as TrunkOf<tf.Tensor>, model.features(next));
      const chosen = isGreedy ? actions.mode(outputs) : actions.draw(outputs, inputs.actionNoise!);
      return { state: next, action: actions.bounded(chosen) };
    };
  return {
    draw: compile(act(false), { name: 'dreamer/act', executor }),
    mode: compile(act(true), { name: 'dreamer/act greedily', executor }),
  };
}

/** Where the parameters are that acting reads now; `key` tells places apart. */
export interface ActingParameters {
  readonly key: string;
  readonly values: Readonly<Record<string, Value>>;
}

/** What `B` copies remember of their episodes, and how they act. */
export class Acting {
  /** [B, S]: the state in which each copy acted last. */
  readonly state: Value;
  /** [B, A]: what it did, as the model sees it. */
  readonly action: Value;
  private readonly next: { readonly state: Value; readonly action: Value };
  private readonly observation: Value;
  private readonly first: Value;
  private readonly noise: Readonly<Record<string, Value>>;
  private readonly actionNoise: Value;
  private readonly runs = new Map<string, () => void>();

  constructor(
    private readonly model: WorldModel,
    private readonly actions: DreamerActions,
    private readonly programs: ActingPrograms,
    private readonly rollout: GroupRollout,
    private readonly B: number,
  ) {
    const { observationSize: D, actionSize: A, stateSize: S } = model;
    this.state = float32([B, S]);
    this.action = float32([B, A]);
    this.next = { state: float32([B, S]), action: float32([B, A]) };
    this.observation = float32([B, D]);
    this.first = float32([B]);
    this.noise = noiseValues(model.observeNoise, [1, B]);
    this.actionNoise = float32([B, actions.noise.size]);
  }

  /**
   * Looks at row `t` and acts. `keep`: the collector's, [T + 1, B]. With `choose`, what it says is done (random play) and the model
   * only looks.
   */
  act(
    t: number,
    keep: Float32Array,
    { key, values }: ActingParameters,
    isGreedy: boolean,
    random: Stream,
    choose?: (t: number) => void,
  ): void {
    const { B, rollout, actions, actionNoise, next } = this;
    const { D, A } = rollout.sizes;
    this.observation.data.set(rollout.observation.subarray(t * B * D, (t + 1) * B * D) as never);
    for (let b = 0; b < B; b++) this.first.data[b] = 1 - keep[t * B + b]!;
    fillNoise(random, this.model.observeNoise, this.noise);
    if (!isGreedy) {
      if (actions.noise.kind === 'gumbel') random.fillGumbel(actionNoise.data as Float32Array);
      else random.fillNormal(actionNoise.data as Float32Array);
    }
    const name = `${isGreedy} ${key}`;
    if (!this.runs.has(name)) this.runs.set(name, this.bind(isGreedy, values));
    this.runs.get(name)!();
    this.state.data.set(next.state.data as never);
    if (choose === undefined) {
      this.action.data.set(next.action.data as never);
      for (let b = 0; b < B; b++) actions.toEnvironment(next.action.data, b, rollout.action, (t * B + b) * A);
    } else {
      choose(t);
      for (let b = 0; b < B; b++)
        actions.fromEnvironment(rollout.action, (t * B + b) * A, this.action.data as Float32Array, b);
    }
  }

  private bind(isGreedy: boolean, values: Readonly<Record<string, Value>>): () => void {
    const { observation, action, first, state, next } = this;
    const inputs: Record<string, Value> = {
      ...values,
      ...flattened('noise/', this.noise as Tree<Value>),
      observation,
      action,
      first,
      state,
    };
    if (!isGreedy) inputs.actionNoise = this.actionNoise;
    return this.programs[isGreedy ? 'mode' : 'draw'].bind(inputs, next);
  }
}
