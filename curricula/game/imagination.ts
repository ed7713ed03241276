import type { Intrinsic } from '../../agents/index.ts';
import { compile, type Executor, float32, type Program, restored, type Tree, tf, type Value } from '../../nn/index.ts';
import { type Noise, RowBlocks, RowNoise, type WorldModel } from '../../worlds/models/index.ts';

/** What imagining needs. */
export interface ImaginationParts {
  readonly model: WorldModel;
  /** Whose disagreement is told with each step; undefined where nobody asks. */
  readonly intrinsic: Intrinsic | undefined;
  readonly executor: Executor;
}

/** Where the parameters are that imagining reads: under `model/`, and where there is one, the ensemble's under `intrinsic/`. */
export type WorldParameters = Readonly<Record<string, Value>>;

/** The programs of imagining: one step from any state, and what there is to be seen in a state. */
export class Imagination {
  readonly step: Program;
  readonly look: Program;

  constructor(readonly parts: ImaginationParts) {
    const { model, intrinsic, executor } = parts;
    this.step = compile(
      (inputs) => {
        const parameters = restored('model/', inputs) as Tree<tf.Tensor>;
        const noise = restored('noise/', inputs) as unknown as Noise;
        const { state, action } = inputs as Record<string, tf.Tensor>;
        const { state: next, reward, terminalLogit } = model.imagine(parameters, state!, action!, noise);
        const outputs: Record<string, tf.Tensor> = { next, reward, terminalLogit, ...seen(model, parameters, next) };
        if (intrinsic !== undefined) {
          const ensemble = restored('intrinsic/', inputs) as Tree<tf.Tensor>;
          outputs.error = intrinsic.reward(ensemble, model.features(state!), action!);
        }
        return outputs;
      },
      { name: 'game/imagine', executor },
    );
    this.look = compile((inputs) => seen(model, restored('model/', inputs) as Tree<tf.Tensor>, inputs.state!), {
      name: 'game/look',
      executor,
    });
  }

  dispose(): void {
    this.step.dispose();
    this.look.dispose();
  }
}

function seen(model: WorldModel, parameters: Tree<tf.Tensor>, state: tf.Tensor): Record<string, tf.Tensor> {
  return { features: tf.clone(model.features(state)), decoded: tf.clone(model.decode(parameters, state)) };
}

/** `rows` that are imagined on together, block by block, and the arrays that this reads and writes. */
export class ImaginedRows {
  /** Read: [rows, S], [rows, A] and noise for each row. */
  readonly state: Float32Array;
  readonly action: Float32Array;
  readonly noise: RowNoise;
  /** Written: [rows, S], [rows, F], [rows, D], and [rows] each. */
  readonly next: Float32Array;
  readonly features: Float32Array;
  readonly decoded: Float32Array;
  readonly reward: Float32Array;
  readonly terminalLogit: Float32Array;
  /** Zeros where there is no ensemble. */
  readonly error: Float32Array;
  private readonly runs: readonly (() => void)[];

  constructor({ step, parts }: Imagination, parameters: WorldParameters, rows: number) {
    const { model, intrinsic } = parts;
    const blocks = (width: number | null): RowBlocks => new RowBlocks(rows, width);
    const given = { state: blocks(model.stateSize), action: blocks(model.actionSize) };
    const made = {
      next: blocks(model.stateSize),
      features: blocks(model.featureSize),
      decoded: blocks(model.observationSize),
      reward: blocks(null),
      terminalLogit: blocks(null),
      ...(intrinsic === undefined ? {} : { error: blocks(null) }),
    };
    this.noise = new RowNoise(model.imagineNoise, rows);
    const block = (all: Readonly<Record<string, RowBlocks>>, i: number): Record<string, Value> =>
      Object.fromEntries(Object.entries(all).map(([name, each]) => [name, each.block(i)]));
    this.runs = Array.from({ length: given.state.count }, (_, i) =>
      step.bind({ ...parameters, ...this.noise.block(i), ...block(given, i) }, block(made, i)),
    );
    this.state = given.state.data;
    this.action = given.action.data;
    this.next = made.next.data;
    this.features = made.features.data;
    this.decoded = made.decoded.data;
    this.reward = made.reward.data;
    this.terminalLogit = made.terminalLogit.data;
    this.error = made.error?.data ?? new Float32Array(rows);
  }

  run(): void {
    for (const run of this.runs) run();
  }
}

/** States, and what there is to be seen in them. */
export class LookedAt {
  /** [rows, S], to be written; then `run`. */
  readonly state: Value;
  /** [rows, F] and [rows, D]. */
  readonly features: Float32Array;
  readonly decoded: Float32Array;
  readonly run: () => void;

  constructor({ look, parts: { model } }: Imagination, parameters: WorldParameters, rows: number) {
    this.state = float32([rows, model.stateSize]);
    const features = float32([rows, model.featureSize]);
    const decoded = float32([rows, model.observationSize]);
    // The ensemble is not looked at.
    const own = Object.fromEntries(Object.entries(parameters).filter(([path]) => path.startsWith('model/')));
    this.run = look.bind({ ...own, state: this.state }, { features, decoded });
    this.features = features.data as Float32Array;
    this.decoded = decoded.data as Float32Array;
  }
}
