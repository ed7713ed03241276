import { compile, type Executor, type Program, restored, type Tree, tf, type Value } from '../../nn/index.ts';
import type { ModelSequence, Noise, WorldModel } from './model.ts';
import type { HeldParameters } from './model-world.ts';
import { RowBlocks } from './row-blocks.ts';
import { RowNoise } from './row-noise.ts';

/** The program that takes one row of each of several episodes in: what `Look` runs. */
export function lookProgram(model: WorldModel, executor: Executor): Program {
  return compile(
    (inputs) => {
      const { observation, action, reward, first, terminal, state } = inputs as Record<string, tf.Tensor>;
      const sequence = { observation, action, reward, first, terminal } as ModelSequence;
      const parameters = restored('parameters/', inputs) as Tree<tf.Tensor>;
      const noise = restored('noise/', inputs) as unknown as Noise;
      const next = tf.reshape(model.observe(parameters, sequence, state!, noise).states, state!.shape);
      return { next, seen: tf.clone(model.features(next)) };
    },
    { name: 'look', executor },
  );
}

/** Rows that are taken in together, and the runs of the program that are tied to them. First rows unless told otherwise. */
export class Look {
  readonly observation: Float32Array;
  readonly action: Float32Array;
  readonly reward: Float32Array;
  readonly first: Float32Array;
  readonly terminal: Float32Array;
  readonly state: Float32Array;
  readonly next: Float32Array;
  readonly seen: Float32Array;
  readonly noise: RowNoise;
  private readonly runs: readonly (() => void)[];

  constructor(
    program: Program,
    { observationSize, actionSize, stateSize, featureSize, observeNoise }: WorldModel,
    parameters: HeldParameters,
    rows: number,
    ofBlock?: number,
  ) {
    const blocks = (width: number | null): RowBlocks => new RowBlocks(rows, width, ofBlock);
    const inputs = {
      observation: blocks(observationSize),
      action: blocks(actionSize),
      reward: blocks(null),
      first: blocks(null),
      terminal: blocks(null),
    };
    const [state, next, seen] = [blocks(stateSize), blocks(stateSize), blocks(featureSize)];
    this.noise = new RowNoise(observeNoise, rows, ofBlock);
    this.runs = Array.from({ length: state.count }, (_, i) => {
      const given = Object.entries(inputs).map(([name, each]): [string, Value] => [name, each.block(i, [1])]);
      const all = { ...parameters.values, ...this.noise.block(i, [1]), ...Object.fromEntries(given) };
      return program.bind({ ...all, state: state.block(i) }, { next: next.block(i), seen: seen.block(i) });
    });
    this.observation = inputs.observation.data;
    this.action = inputs.action.data;
    this.reward = inputs.reward.data;
    this.first = inputs.first.data;
    this.terminal = inputs.terminal.data;
    [this.state, this.next, this.seen] = [state.data, next.data, seen.data];
    this.first.fill(1);
  }

  run(): void {
    for (const run of this.runs) run();
  }
}
