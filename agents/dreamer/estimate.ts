import type { Stream } from '../../core/index.ts';
import { compile, flattened, float32, type Program, restored, type Tree, tf, type Value } from '../../nn/index.ts';
import { fillNoise, type Noise, noiseValues, type TrunkOf, trunk } from '../../worlds/models/index.ts';
import { ActorCritic, stepsOf } from './actor-critic.ts';
import type { BehaviourParts } from './behaviour.ts';
import { Starts } from './starts.ts';

/**
 * Error estimates where no behaviour learns from them: the mean intrinsic reward of dreams from the batch's rows (or some of them), under the actor
 * whose parameters come along (`actor/...`), or at random where none do.
 */
export class Estimate {
  /** [N]: of the last run. */
  readonly error: Value;
  /** Which rows of the batch were imagined from. */
  readonly starts: Starts;
  private readonly imagineNoise: Readonly<Record<string, Value>>;
  private readonly actionNoise: Value;
  private readonly program: Program;
  private readonly runs = new Map<string, () => void>();

  constructor(private readonly parts: BehaviourParts) {
    const { model, actions, options, executor, batch, intrinsic } = parts;
    const [L, B] = batch.first.shape as [number, number];
    this.starts = new Starts(L * B, options.starts);
    const N = this.starts.count;
    this.error = float32([N]);
    this.imagineNoise = noiseValues(model.imagineNoise, [options.horizon, N]);
    this.actionNoise = float32([options.horizon, N, actions.noise.size]);
    const networks = new ActorCritic(actions, model.featureSize, options.behaviour, options);
    this.program = compile(
      (inputs) => {
        const world = restored('model/', inputs) as Tree<tf.Tensor>;
        const own = restored('intrinsic/', inputs) as Tree<tf.Tensor>;
        const actor = restored('actor/', inputs) as unknown as TrunkOf<tf.Tensor>;
        const isRandom = Object.keys(actor).length === 0;
        const noise = stepsOf(restored('noise/', inputs) as unknown as Noise, options.horizon);
        const dream = networks.dream(
          (features) => (isRandom ? tf.zeros([N, actions.outputs]) : trunk.apply(actor, features)),
          { state: this.starts.of(tf.reshape(inputs.states!, [L * B, model.stateSize]), inputs), goesOn: tf.ones([N]) },
          (rows) => model.features(rows),
          (rows, action, step) => model.imagine(world, rows, action, noise[step]!),
          tf.unstack(inputs.actionNoise!),
          (features, action) => intrinsic!.reward(own, features, action),
        );
        return { error: tf.mean(tf.stack([...dream.rewards]), 0) };
      },
      { name: 'dreamer/estimate', executor },
    );
  }

  /** `given`: the model's, the ensemble's and perhaps the actor's current parameters, told apart by `key`. */
  step(given: Readonly<Record<string, Value>>, key: string, random: Stream): void {
    const { model, actions, states } = this.parts;
    this.starts.draw(random);
    fillNoise(random, model.imagineNoise, this.imagineNoise);
    const draws = this.actionNoise.data as Float32Array;
    if (actions.noise.kind === 'gumbel') random.fillGumbel(draws);
    else random.fillNormal(draws);
    if (!this.runs.has(key)) {
      const noise = flattened('noise/', this.imagineNoise as Tree<Value>);
      const inputs = { ...given, ...noise, ...this.starts.inputs, states, actionNoise: this.actionNoise };
      this.runs.set(key, this.program.bind(inputs, { error: this.error }));
    }
    this.runs.get(key)!();
  }

  dispose(): void {
    this.program.dispose();
  }
}
