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
import type { ModelSequence, Noise, WorldModel } from './model.ts';
import { fillNoise, noiseValues } from './noise.ts';
import type { Case } from './quality.ts';

type Named = Readonly<Record<string, tf.Tensor>>;

/** The programs that `ModelExam` runs. Each future is imagined `draws` times: draw k of row i is row k N + i. */
export class ExamPrograms {
  private readonly look: Program;
  private readonly ending: Program;
  private readonly imagine: Program;
  private readonly decode: Program;

  constructor(
    private readonly model: WorldModel,
    executor: Executor,
    private readonly draws: number,
  ) {
    const program = (name: string, fn: (inputs: Named) => Named): Program =>
      compile(fn, { name: `model-quality/${name}`, executor });
    const parametersOf = (inputs: Named): Tree<tf.Tensor> => restored<Named, tf.Tensor>('parameters/', inputs);
    const noiseOf = (inputs: Named): Noise => restored<Named, tf.Tensor>('noise/', inputs);

    this.look = program('look', (inputs) => {
      const { observation, action, reward, first, terminal, state } = inputs as Record<string, tf.Tensor>;
      const sequence = { observation, action, reward, first, terminal } as ModelSequence;
      const { states } = model.observe(parametersOf(inputs), sequence, state!, noiseOf(inputs));
      return { next: tf.reshape(states, state!.shape) };
    });
    this.ending = program('ending', (inputs) => {
      const { state, action } = inputs as Record<string, tf.Tensor>;
      const states = tf.tile(state!, [draws, 1]);
      const { terminalLogit } = model.imagine(
        parametersOf(inputs),
        states,
        tf.tile(action!, [draws, 1]),
        noiseOf(inputs),
      );
      return { probability: tf.mean(tf.reshape(tf.sigmoid(terminalLogit), [draws, -1]), 0) };
    });
    this.imagine = program('imagine', (inputs) => {
      const { state, action } = inputs as Record<string, tf.Tensor>;
      const actions = tf.tile(action!, [draws, 1]);
      return { next: model.imagine(parametersOf(inputs), state!, actions, noiseOf(inputs)).state };
    });
    this.decode = program('decode', (inputs) => {
      const decoded = model.decode(parametersOf(inputs), inputs.state!);
      return { observation: tf.mean(tf.reshape(decoded, [draws, -1, model.observationSize]), 0) };
    });
  }

  /** Ties the programs to arrays: `columns` episodes side by side, at most `capacity` places to imagine on from. */
  bind(parameters: Tree<Value>, columns: number, capacity: number, stream: Stream): BoundExam {
    const { model, draws } = this;
    const { observationSize, actionSize, stateSize } = model;
    const named = flattened('parameters/', parameters);
    const noise = {
      look: noiseValues(model.observeNoise, [1, columns]),
      ending: noiseValues(model.imagineNoise, [draws * columns]),
      imagine: noiseValues(model.imagineNoise, [draws * capacity]),
    };
    const row: Record<string, Value> = {
      observation: float32([1, columns, observationSize]),
      action: float32([1, columns, actionSize]),
      reward: float32([1, columns]),
      first: float32([1, columns]),
      terminal: float32([1, columns]),
    };
    const states = [float32([columns, stateSize]), float32([columns, stateSize])] as const;
    const dreams = [float32([draws * capacity, stateSize]), float32([draws * capacity, stateSize])] as const;
    const [nextAction, actions] = [float32([columns, actionSize]), float32([capacity, actionSize])];
    const probability = float32([columns]);
    const observation = float32([capacity, observationSize]);
    states[0].data.set(this.startOf(columns));
    const step = (
      program: Program,
      inputs: Record<string, Value>,
      drawn: Readonly<Record<string, Value>>,
      pair: readonly [Value, Value],
    ): readonly [() => void, () => void] => {
      const bound = (from: Value, to: Value) =>
        program.bind({ ...named, ...inputs, ...flattened('noise/', drawn), state: from }, { next: to });
      return [bound(pair[0], pair[1]), bound(pair[1], pair[0])];
    };
    const looks = step(this.look, row, noise.look, states);
    const imagines = step(this.imagine, { action: actions }, noise.imagine, dreams);
    const endings = states.map((state) =>
      this.ending.bind({ ...named, ...flattened('noise/', noise.ending), state, action: nextAction }, { probability }),
    );
    const decodes = dreams.map((state) => this.decode.bind({ ...named, state }, { observation }));
    let [seen, dreamt]: [0 | 1, 0 | 1] = [0, 0];

    return {
      look(sequence, at) {
        for (const [name, into] of Object.entries(row)) {
          const size = into.data.length;
          into.data.set(sequence[name as keyof ModelSequence].data.subarray(at * size, (at + 1) * size));
        }
        fillNoise(stream, model.observeNoise, noise.look);
        looks[seen]();
        seen = seen === 0 ? 1 : 0;
      },
      ending(sequence, at) {
        const size = nextAction.data.length;
        nextAction.data.set(sequence.action.data.subarray(at * size, (at + 1) * size));
        fillNoise(stream, model.imagineNoise, noise.ending);
        endings[seen]!();
        return probability.data;
      },
      keep(column, place) {
        const state = states[seen].data.subarray(column * stateSize, (column + 1) * stateSize);
        for (let draw = 0; draw < draws; draw++) dreams[0].data.set(state, (draw * capacity + place) * stateSize);
      },
      imagine({ action }, cases, ahead) {
        const [rows, width] = action.shape as [number, number];
        for (const [i, { column, row: from }] of cases.entries()) {
          // Behind an episode's end its last row stands in; nobody looks at what comes of it.
          const at = (Math.min(from + ahead, rows - 1) * width + column) * actionSize;
          actions.data.set(action.data.subarray(at, at + actionSize), i * actionSize);
        }
        fillNoise(stream, model.imagineNoise, noise.imagine);
        imagines[dreamt]();
        dreamt = dreamt === 0 ? 1 : 0;
      },
      decode() {
        decodes[dreamt]!();
        return observation.data;
      },
    };
  }

  dispose(): void {
    for (const program of [this.look, this.ending, this.imagine, this.decode]) program.dispose();
  }

  /** The state before anything was seen: [columns * S]. */
  private startOf(columns: number): ArrayLike<number> & Float32Array {
    const program = compile(() => ({ state: this.model.start(columns) }), { name: 'model-quality/start' });
    try {
      return program.run({}).state!.data as Float32Array;
    } finally {
      program.dispose();
    }
  }
}

/** One exam, from the first row of the episodes on. */
export interface BoundExam {
  /** Shows the model this row of all episodes. */
  look(sequence: ModelSequence<Value>, row: number): void;
  /** How probable the model, having seen the rows before, finds it that this one is the end: [columns]. */
  ending(sequence: ModelSequence<Value>, row: number): ArrayLike<number>;
  /** Will imagine on from here. place: below the capacity. */
  keep(column: number, place: number): void;
  /** Imagines one more step of each case, with the action that led to the row this far behind its start. */
  imagine(sequence: ModelSequence<Value>, cases: readonly Case[], ahead: number): void;
  /** The observations that belong to what was imagined, the mean of the draws: [capacity, D]. */
  decode(): ArrayLike<number>;
}
