import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createMixer } from '../../../agents/value-decomposition/mixer.ts';
import { createQNetwork } from '../../../agents/value-decomposition/network.ts';
import { type QmixOptions, qmixDefaults } from '../../../agents/value-decomposition/options.ts';
import { ValueParameters } from '../../../agents/value-decomposition/parameters.ts';
import { createValuePrograms, valueOptimiser } from '../../../agents/value-decomposition/programs.ts';
import { stream } from '../../../core/index.ts';
import { bool, float32, int32, layoutOf, onnxExecutor, pack, type Values } from '../../../nn/index.ts';
import { assertClose } from '../../nn/close.ts';

/** Numbers that PyTorch recorded; arrays time-major, as ours. */
interface Recorded {
  readonly sizes: Readonly<
    Record<
      | 'agents'
      | 'observation'
      | 'actions'
      | 'state'
      | 'hidden'
      | 'gru'
      | 'mixing'
      | 'hypernetwork'
      | 'steps'
      | 'episodes',
      number
    >
  >;
  readonly options: Readonly<Record<'discount' | 'clip' | 'learningRate' | 'epsilon' | 'decay', number>>;
  readonly online: Readonly<Record<string, readonly number[]>>;
  readonly target: Readonly<Record<string, readonly number[]>>;
  readonly batch: Readonly<
    Record<'observation' | 'state' | 'reward' | 'action' | 'mask' | 'filled' | 'terminated', readonly number[]>
  >;
  readonly wanted: {
    readonly loss: number;
    readonly lossWithoutDoubleQ: number;
    readonly q: readonly number[];
    readonly target: readonly number[];
    readonly gradientNorm: number;
    readonly gradient: Readonly<Record<string, readonly number[]>>;
    readonly after: Readonly<Record<string, readonly number[]>>;
  };
}

const recorded = JSON.parse(readFileSync(new URL('./fixtures/qmix-update.json', import.meta.url), 'utf8')) as Recorded;

function prepare(change: Partial<QmixOptions> = {}) {
  const { sizes, options: given, online, target, batch } = recorded;
  const { agents: n, observation: D, actions, state: S, steps: L, episodes } = sizes;
  const options: QmixOptions = {
    ...qmixDefaults,
    network: { ...qmixDefaults.network, hidden: [sizes.hidden], gru: sizes.gru },
    mixingUnits: sizes.mixing,
    hypernetworkUnits: sizes.hypernetwork,
    discount: given.discount,
    maximumGradientNorm: given.clip,
    learningRate: given.learningRate,
    optimiserEpsilon: given.epsilon,
    rmsDecay: given.decay,
    ...change,
  };
  const network = createQNetwork(D + actions + n, null, actions, options.network);
  const mixer = createMixer(options, n, S);
  const random = stream(1, 'initial');
  const initial = { agents: { 0: network.initialise(random) }, mixer: mixer.initialise(random) };
  const layout = layoutOf(initial);
  const parameters = new ValueParameters(pack(initial), layout, valueOptimiser(options));
  for (const { path, offset } of layout.slots) {
    (parameters.current.parameters!.data as Float32Array).set(online[path]!, offset);
    (parameters.target.data as Float32Array).set(target[path]!, offset);
  }
  const units = [{ name: 'all', network, n, D, M: actions }];
  const programs = createValuePrograms(units, mixer, layout, options, onnxExecutor());
  const rows = L * episodes;
  const each = (flags: readonly number[]): number[] => flags.flatMap((flag) => new Array<number>(n).fill(flag));
  const goesOn = batch.filled.map((filled, i) => filled * (1 - batch.terminated[i]!));
  const inputs: Values = {
    ...parameters.current,
    target: parameters.target,
    share: float32([], [1 / batch.filled.reduce((sum, filled) => sum + filled)]),
    'observation/0': float32([rows + episodes, n * D], batch.observation),
    'action/0': int32([rows, n], batch.action),
    'mask/0': bool([rows + episodes, n * actions], batch.mask),
    state: float32([rows + episodes, S], batch.state),
    reward: float32([rows, 1], batch.reward),
    weight: float32([rows, 1], batch.filled),
    bootstrap: float32([rows, 1], goesOn),
    alive: float32([rows, n], each(batch.filled)),
    goesOn: float32([rows, n], each(goesOn)),
  };
  return { programs, inputs, layout, parameters };
}

describe('an update of QMIX, against PyTorch', () => {
  const { wanted, batch } = recorded;
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / batch.filled.reduce((sum, filled) => sum + filled);

  it('has the loss, the mixed values and their targets', () => {
    const { programs, inputs } = prepare();
    const { metrics } = programs.gradient.run(inputs);
    assertClose(metrics!.data, [wanted.loss, mean(wanted.q), mean(wanted.target)], 1e-4);
  });

  it('has every gradient', () => {
    const { programs, inputs, layout } = prepare();
    const { gradient } = programs.gradient.run(inputs);
    assert.deepEqual(layout.slots.map(({ path }) => path).sort(), Object.keys(wanted.gradient).sort());
    for (const { path, offset, size } of layout.slots)
      assertClose(gradient!.data.subarray(offset, offset + size), wanted.gradient[path]!, 1e-3);
  });

  it('ends at the same parameters: clipped, RMSProp', () => {
    const { programs, inputs, layout } = prepare();
    const { parameters, norm } = programs.update.run(inputs);
    assertClose(norm!.data, [wanted.gradientNorm], 1e-4);
    for (const { path, offset, size } of layout.slots)
      assertClose(parameters!.data.subarray(offset, offset + size), wanted.after[path]!, 1e-4);
  });

  it('takes the highest target value where double Q-learning is off', () => {
    const { programs, inputs } = prepare({ doubleQ: false });
    assertClose(programs.gradient.run(inputs).metrics!.data.slice(0, 1), [wanted.lossWithoutDoubleQ], 1e-4);
  });

  it('is a gradient and a step, together or apart', () => {
    const { programs, inputs, parameters } = prepare();
    const whole = programs.update.run(inputs);
    const { gradient } = programs.gradient.run(inputs);
    const apart = programs.apply.run({ ...parameters.current, gradient: gradient! });
    assertClose(apart.parameters!.data, whole.parameters!.data, 1e-6);
  });
});
