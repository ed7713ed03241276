import { stream } from '../../core/index.ts';
import { compile, type Executor, flattened, float32, restored, type Tree, tf, type Value } from '../../nn/index.ts';
import type { BatchedEnvironment, Group } from '../../worlds/index.ts';
import { Dream, type ModelSequence, type Noise, Seen, type VaeRnn } from '../../worlds/models/index.ts';
import type { ModelLearner } from './model-learner.ts';
import type { ControllerOptions } from './options.ts';

type Where = Pick<ControllerOptions, 'memory' | 'temperature' | 'ending'>;

/** Makes the worlds that controllers are tried in, from V and M as they are. */
export class ControllerWorlds {
  constructor(
    private readonly model: VaeRnn,
    private readonly learner: ModelLearner,
    private readonly executor: Executor,
    private readonly group: Group,
    private readonly horizon: number,
    private readonly seed: number,
  ) {}

  /** The real environment, seen through the model. */
  reality(environment: BatchedEnvironment, { memory }: Pick<Where, 'memory'>): Seen {
    const { model, executor, learner } = this;
    return new Seen({ environment, model, executor, parameters: () => learner.parameters(memory) as Tree<Value> });
  }

  /** A dream that begins with what `first` [K, D] shows, in the model's units. */
  dream(first: Value, copies: number, { temperature, ending }: Where): Dream {
    const { model, executor, learner, group, horizon } = this;
    const parameters = () => learner.parameters() as Tree<Value>;
    const starts = this.startsFrom(first, parameters());
    return new Dream({
      model,
      executor,
      parameters,
      real: { groups: [group] },
      starts,
      copies,
      horizon,
      temperature,
      ending,
    });
  }

  /** [K, S]: what the model makes of first observations. Drawn anew from the same seed at each call. */
  private startsFrom(first: Value, parameters: Tree<Value>): Value {
    const { model, executor } = this;
    const [K, D] = first.shape as [number, number];
    const noise = float32([1, K, model.latentSize]);
    stream(this.seed, 'learner/starts').fillNormal(noise.data as Float32Array);
    const program = compile(
      (inputs) => {
        const { observation, action, none, one, state } = inputs as Record<string, tf.Tensor>;
        const sequence = { observation, action, reward: none, first: one, terminal: none } as ModelSequence;
        const noiseOf = restored('noise/', inputs) as unknown as Noise;
        const { states } = model.observe(restored('parameters/', inputs) as Tree<tf.Tensor>, sequence, state!, noiseOf);
        return { states: tf.reshape(states, [K, model.stateSize]) };
      },
      { name: 'world-models/starts', executor },
    );
    try {
      return program.run({
        ...flattened<Value>('parameters/', parameters),
        'noise/latent': noise,
        observation: float32([1, K, D], first.data as Float32Array),
        action: float32([1, K, model.actionSize]),
        none: float32([1, K]),
        one: float32([1, K], new Float32Array(K).fill(1)),
        state: float32([K, model.stateSize]),
      }).states!;
    } finally {
      program.dispose();
    }
  }
}
