import { type Stream, stream } from '../../../core/index.ts';
import {
  compile,
  eagerExecutor,
  flattened,
  float32,
  onnxExecutor,
  restored,
  type Tree,
  tf,
  type Value,
  type Values,
} from '../../../nn/index.ts';
import {
  fillNoise,
  type ModelSequence,
  type Noise,
  noiseValues,
  type WorldModel,
} from '../../../worlds/models/index.ts';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A world model, asked with arrays. */
export interface Asked {
  /** [rows, S]. */
  start(rows: number): Value;
  /** Noise of rows [...lead] of `observe`, or of `imagine`. */
  noise(kind: 'observe' | 'imagine', lead: readonly number[], from?: Stream): Values;
  observe(sequence: ModelSequence<Value>, state: Value, noise: Values): Value;
  imagine(state: Value, action: Value, noise: Values, temperature?: number): Values;
  /** actions: [K, B, A]; noise: [K, B, size] each; all steps in one program. The states: [K, B, S]. */
  dream(state: Value, actions: Value, noise: Values): Value;
  look(state: Value): Values;
  losses(sequence: ModelSequence<Value>, state: Value, noise: Values): Values;
  dispose(): void;
}

export function asked(model: WorldModel, parameters: Tree<Value>, on: 'compiled' | 'eager' = 'compiled'): Asked {
  const executor = on === 'compiled' ? onnxExecutor() : eagerExecutor({ backend: 'cpu' });
  const own = flattened('parameters/', parameters);
  const parametersOf = (inputs: Tensors): Tree<tf.Tensor> => restored<Tensors, tf.Tensor>('parameters/', inputs);
  const noiseOf = (inputs: Tensors): Noise => restored<Tensors, tf.Tensor>('noise/', inputs);
  const program = (fn: (inputs: Tensors) => Tensors) => compile(fn, { name: model.name, executor });

  const observe = program((x) => {
    const { states } = model.observe(parametersOf(x), x as unknown as ModelSequence, x.state!, noiseOf(x));
    return { states };
  });
  const losses = program((x) => {
    const { loss, parts, states } = model.losses(parametersOf(x), x as unknown as ModelSequence, x.state!, noiseOf(x));
    return { loss, states, ...flattened<tf.Tensor>('parts/', parts) };
  });
  const tempered = new Map<number, ReturnType<typeof program>>();
  const imagine = (temperature: number): ReturnType<typeof program> => {
    const made =
      tempered.get(temperature) ??
      program((x) => {
        const imagined = model.imagine(parametersOf(x), x.state!, x.action!, noiseOf(x), temperature);
        return { ...imagined };
      });
    tempered.set(temperature, made);
    return made;
  };
  const dream = program((x) => {
    const [steps] = x.actions!.shape as [number];
    const states: tf.Tensor[] = [];
    let state = x.state!;
    for (let step = 0; step < steps; step++) {
      const noise = Object.entries(noiseOf(x)).map(([name, all]) => [name, tf.gather(all, step)]);
      const action = tf.gather(x.actions!, step);
      state = model.imagine(parametersOf(x), state, action, Object.fromEntries(noise) as Noise).state;
      states.push(state);
    }
    return { states: tf.stack(states) };
  });
  const look = program((x) => ({
    features: model.features(x.state!),
    observation: model.decode(parametersOf(x), x.state!),
  }));
  const start = program((x) => ({ state: tf.add(model.start(x.rows!.shape[0]!), tf.mul(tf.sum(x.rows!), 0)) }));

  return {
    start: (rows) => start.run({ rows: float32([rows]) }).state!,
    noise(kind, lead, from = stream(1, 'noise')) {
      const spec = kind === 'observe' ? model.observeNoise : model.imagineNoise;
      const values = noiseValues(spec, lead);
      fillNoise(from, spec, values);
      return values;
    },
    observe: (sequence, state, noise) =>
      observe.run({ ...own, ...sequence, state, ...flattened<Value>('noise/', noise) }).states!,
    imagine: (state, action, noise, temperature = 1) =>
      imagine(temperature).run({ ...own, state, action, ...flattened<Value>('noise/', noise) }),
    dream: (state, actions, noise) =>
      dream.run({ ...own, state, actions, ...flattened<Value>('noise/', noise) }).states!,
    look: (state) => look.run({ ...own, state }),
    losses: (sequence, state, noise) =>
      losses.run({ ...own, ...sequence, state, ...flattened<Value>('noise/', noise) }),
    dispose() {
      for (const each of [observe, losses, dream, look, start, ...tempered.values()]) each.dispose();
    },
  };
}

/** Rows `from` to `to` of the leading axis. */
export function rowsOf({ shape, data }: Value, from: number, to: number): Value {
  const size = data.length / shape[0]!;
  return float32([to - from, ...shape.slice(1)], data.slice(from * size, to * size) as Float32Array);
}

/** The same rows of everything. */
export function rowsOfAll<T extends Readonly<Record<string, Value>>>(values: T, from: number, to: number): T {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, rowsOf(value, from, to)])) as T;
}
