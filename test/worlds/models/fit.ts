import {
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  flattened,
  layoutOf,
  pack,
  restored,
  scaleByAdam,
  scaleByLearningRate,
  type TransformState,
  type Tree,
  tf,
  unpackTensors,
  type Value,
  type Values,
  viewsOf,
} from '../../../nn/index.ts';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A loss of parameters and named inputs, minimised by Adam in one compiled program. */
export function fitting(
  first: Tree<Value>,
  inputs: Values,
  loss: (parameters: Tree<tf.Tensor>, inputs: Tensors) => tf.Tensor,
  { learningRate = 1e-3, maximumNorm = 100 } = {},
): { step: () => number; parameters: () => Tree<Value>; dispose: () => void } {
  const layout = layoutOf<Tree<Value>>(first);
  const optimiser = chain(clipByGlobalNorm(maximumNorm), scaleByAdam(), scaleByLearningRate(learningRate));
  const program = compile(
    (given: Tensors): Tensors => {
      const { parameters, ...rest } = given as { parameters: tf.Tensor1D };
      const of = (packed: tf.Tensor): tf.Tensor =>
        loss(unpackTensors(packed as tf.Tensor1D, layout) as Tree<tf.Tensor>, rest as Tensors);
      const gradient = tf.grad(of)(parameters);
      const state = restored<TransformState, tf.Tensor>('optimiser/', given);
      const stepped = optimiser.update(gradient, state, parameters);
      return {
        parameters: applyUpdates(parameters, stepped.updates) as tf.Tensor,
        ...flattened('optimiser/', stepped.state),
        loss: of(parameters),
      };
    },
    { name: 'fit' },
  );
  const start = (): Values => {
    const parameters = pack(first);
    return { parameters, ...flattened<Value>('optimiser/', optimiser.init(parameters)) };
  };
  const states = [start(), start()] as const;
  const told = { dtype: 'float32' as const, shape: [], data: new Float32Array(1) };
  const bind = (from: Values, to: Values): (() => void) => program.bind({ ...from, ...inputs }, { ...to, loss: told });
  const steps = [bind(states[0], states[1]), bind(states[1], states[0])] as const;
  let turn: 0 | 1 = 0;
  return {
    /** One step on what `inputs` hold now; the loss before it. */
    step() {
      steps[turn]();
      turn = turn === 0 ? 1 : 0;
      return told.data[0]!;
    },
    parameters: () => viewsOf(layout, states[turn].parameters!.data as Float32Array) as Tree<Value>,
    dispose: () => program.dispose(),
  };
}
