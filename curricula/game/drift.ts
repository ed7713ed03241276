import { type SequenceBatch, type SequenceReplay, sequenceBatch } from '../../agents/index.ts';
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
import { fillNoise, type Noise, noiseValues, type WorldModel } from '../../worlds/models/index.ts';
import type { WorldParameters } from './imagination.ts';

/**
 * How well the model foresees what it has not learned from yet: over the newest real rows, its error one step ahead, beside that
 * of copying the last observation, and the same for rewards and endings.
 */
export class Drift {
  private readonly program: Program;
  private readonly run: () => void;
  private readonly batch: SequenceBatch;
  private readonly noise: readonly Readonly<Record<string, Value>>[];
  private readonly sums = float32([5]);

  /** rows: newest rows of each copy that are looked at, at least 2. */
  constructor(
    private readonly model: WorldModel,
    private readonly replay: SequenceReplay,
    parameters: WorldParameters,
    executor: Executor,
    rows: number,
  ) {
    const { copies } = replay.shape;
    this.batch = sequenceBatch(replay.shape, rows, copies, model.stateSize);
    const observing = noiseValues(model.observeNoise, [rows, copies]);
    const imagining = noiseValues(model.imagineNoise, [(rows - 1) * copies]);
    this.noise = [observing, imagining];
    this.program = compile(
      (inputs) => {
        const { observation, action, reward, first, terminal, state } = inputs as Record<string, tf.Tensor>;
        const sequence = {
          observation: observation!,
          action: action!,
          reward: reward!,
          first: first!,
          terminal: terminal!,
        };
        const world = restored('model/', inputs) as Tree<tf.Tensor>;
        const noiseOf = (name: string): Noise => restored(`${name}/`, inputs) as unknown as Noise;
        const { states } = model.observe(world, sequence, state!, noiseOf('observing'));
        const part = (x: tf.Tensor, from: number): tf.Tensor => {
          const width = x.shape[2] ?? 1;
          const cube = tf.reshape(x, [rows, copies, width]);
          return tf.reshape(tf.slice(cube, [from, 0, 0], [rows - 1, copies, width]), [-1, width]);
        };
        const imagined = model.imagine(world, part(states, 0), part(action!, 1), noiseOf('imagining'));
        const follows = tf.sub(1, tf.reshape(part(first!, 1), [-1]));
        const sum = (errors: tf.Tensor): tf.Tensor => tf.sum(tf.mul(errors, follows));
        const far = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.mean(tf.squaredDifference(a, b), 1);
        const column = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [-1, 1]);
        const now = part(observation!, 1);
        return {
          sums: tf.stack([
            tf.sum(follows),
            sum(far(model.decode(world, imagined.state), now)),
            sum(far(part(observation!, 0), now)),
            sum(far(column(imagined.reward), part(reward!, 1))),
            sum(far(tf.sigmoid(column(imagined.terminalLogit)), part(terminal!, 1))),
          ]),
        };
      },
      { name: 'game/drift', executor },
    );
    const { observation, action, reward, first, terminal, state } = this.batch;
    const own = Object.fromEntries(Object.entries(parameters).filter(([path]) => path.startsWith('model/')));
    const noise = {
      ...flattened('observing/', observing as Tree<Value>),
      ...flattened('imagining/', imagining as Tree<Value>),
    };
    const sequence = { observation, action, reward, first, terminal, state };
    this.run = this.program.bind({ ...own, ...sequence, ...noise }, { sums: this.sums });
  }

  /** Mean squared errors of a number of the observation, of the reward, and of the probability of an ending. */
  measure(random: Stream): Record<string, number> {
    this.replay.newest(this.batch);
    fillNoise(random, this.model.observeNoise, this.noise[0]!);
    fillNoise(random, this.model.imagineNoise, this.noise[1]!);
    this.run();
    const [count, model, copy, reward, ending] = this.sums.data as Float32Array;
    if (count === 0) return {};
    return {
      'drift/observation': model! / count!,
      'drift/copying': copy! / count!,
      'drift/reward': reward! / count!,
      'drift/ending': ending! / count!,
    };
  }

  dispose(): void {
    this.program.dispose();
  }
}
