import assert from 'node:assert/strict';
import { stream } from '../../../core/index.ts';
import { ValueNetwork, type ValueNetworkOptions } from '../../../mas/value/value-network.ts';
import {
  type Branch,
  compile,
  float32,
  int32,
  layoutOf,
  type Program,
  pack,
  type tf,
  unpackTensors,
  type Value,
} from '../../../nn/index.ts';
import { assertClose } from '../../nn/close.ts';

const F = 3;
const options: ValueNetworkOptions = {
  roles: [
    { key: 'scout', features: F, choices: 3 },
    { key: 'guard', features: F, choices: 2 },
  ],
  feedback: 2,
  value: 'shared',
  attention: { width: 8, layers: 2, heads: 2 },
  hasCritic: true,
};

/** Values for any number of agents of each role, by parameters that are the same for all. */
function rig(change: Partial<ValueNetworkOptions> = {}): { values: Program; critic: Program; parameters: Value } {
  const network = new ValueNetwork({ ...options, ...change });
  const initial = network.initialise(stream(1, 'test'));
  const layout = layoutOf(initial);
  type Inputs = Readonly<Record<string, tf.Tensor>>;
  const seen = (inputs: Inputs): [Branch<tf.Tensor>, tf.Tensor[]] => {
    const given = unpackTensors(inputs.parameters as tf.Tensor1D, layout) as Branch<tf.Tensor>;
    const tokens = [0, 1].map((r) => {
      const [samples, agents] = inputs[`acted${r}`]!.shape as [number, number];
      const features = inputs[`features${r}`]!;
      assert.equal(samples > 0, true);
      return network.tokens(given, r, agents, features, inputs[`index${r}`]);
    });
    return [given, tokens];
  };
  return {
    parameters: pack(initial),
    values: compile((inputs) => {
      const { team, agents } = network.values(...seen(inputs), inputs.feedback);
      return { ...(team && { team }), value0: agents[0]!, value1: agents[1]! };
    }),
    critic: compile((inputs) => {
      const q = network.critic(...seen(inputs), [inputs.acted0!, inputs.acted1!], inputs.feedback);
      return { q0: q[0]!, q1: q[1]! };
    }),
  };
}

/** One sample with so many agents of each role. */
function sample(scouts: number, guards: number): Record<string, Value> {
  const random = stream(2, 'sample');
  const normal = (shape: number[]): Value =>
    float32(
      shape,
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    );
  return {
    features0: normal([scouts, F]),
    features1: normal([guards, F]),
    acted0: int32(
      [1, scouts],
      Array.from({ length: scouts }, (_, i) => i % 3),
    ),
    acted1: int32(
      [1, guards],
      Array.from({ length: guards }, (_, i) => i % 2),
    ),
    feedback: normal([1, scouts + guards, 2]),
  };
}

/** The rows of a value [1, n, ...] or [n, ...] of numbers in another order. */
function reordered(value: Value, order: readonly number[]): Value {
  const width = value.data.length / order.length;
  const data = order.flatMap((from) => [...value.data.subarray(from * width, (from + 1) * width)]);
  return value.dtype === 'int32' ? int32(value.shape, data) : float32(value.shape, data);
}

const numbers = (value: Value | undefined): number[] => [...value!.data];

describe('the value network', () => {
  it('does not ask for the order of equals: their values change places with them, the others stay', () => {
    const { values, critic, parameters } = rig();
    const before = sample(3, 2);
    const order = [2, 0, 1];
    const after = {
      ...before,
      features0: reordered(before.features0!, order),
      acted0: reordered(before.acted0!, order),
      feedback: reordered(before.feedback!, [2, 0, 1, 3, 4]),
    };
    const [one, other] = [before, after].map((inputs) => values.run({ parameters, ...inputs }));
    assertClose(numbers(other!.value0), numbers(reordered(one!.value0!, order)), 1e-5);
    assertClose(numbers(other!.value1), numbers(one!.value1), 1e-5);
    assertClose(numbers(other!.team), numbers(one!.team), 1e-5);
    const [q, moved] = [before, after].map((inputs) => critic.run({ parameters, ...inputs }));
    assertClose(numbers(moved!.q0), numbers(reordered(q!.q0!, order)), 1e-5);
    assertClose(numbers(moved!.q1), numbers(q!.q1), 1e-5);
    // Equals that see different things are worth different values: the test above is of something.
    assert.ok(Math.abs(numbers(one!.value0)[0]! - numbers(one!.value0)[1]!) > 1e-3);
  });

  it('takes any number of agents with the same parameters', () => {
    const { values, parameters } = rig();
    for (const [scouts, guards] of [
      [1, 1],
      [5, 2],
      [2, 7],
    ] as const) {
      const found = values.run({ parameters, ...sample(scouts, guards) });
      assert.equal(found.value0!.data.length, scouts);
      assert.equal(found.value1!.data.length, guards);
      assert.equal(found.team!.data.length, 1);
    }
  });

  it('hears what is said: about whom, and by all who attend', () => {
    const { values, parameters } = rig();
    const before = sample(2, 1);
    const feedback = float32([1, 3, 2], numbers(before.feedback));
    feedback.data[5]! += 1;
    const [one, other] = [before, { ...before, feedback }].map((inputs) => values.run({ parameters, ...inputs }));
    for (const name of ['value0', 'value1', 'team'])
      for (const [i, value] of numbers(one![name]).entries())
        assert.ok(Math.abs(value - numbers(other![name])[i]!) > 1e-6, name);
  });

  it('puts one vector in place of those who have nothing to decide', () => {
    const { values, parameters } = rig();
    const whole = sample(3, 1);
    // Scouts 0 and 2 decide; row 2 of the table is that of the idle.
    const features0 = float32([2, F], [...whole.features0!.data.slice(0, F), ...whole.features0!.data.slice(2 * F)]);
    const index0 = int32([3], [0, 2, 1]);
    const found = values.run({ parameters, ...whole, features0, index0 });
    const other = values.run({
      parameters,
      ...whole,
      features0: float32([2, F], features0.data as Float32Array),
      index0,
    });
    assert.deepEqual(numbers(found.value0), numbers(other.value0));
    const present = values.run({ parameters, ...whole });
    for (const name of ['value0', 'value1', 'team'])
      assert.ok(Math.abs(numbers(present[name])[0]! - numbers(found[name])[0]!) > 1e-6, name);
  });

  it('hides from Q what the agent itself does, and shows what the others do', () => {
    const { critic, parameters } = rig();
    const before = sample(2, 1);
    const changed = { ...before, acted0: int32([1, 2], [2, 1]) };
    const [one, other] = [before, changed].map((inputs) => critic.run({ parameters, ...inputs }));
    const [q, moved] = [numbers(one!.q0), numbers(other!.q0)];
    assertClose(moved.slice(0, 3), q.slice(0, 3), 1e-6);
    for (let i = 3; i < 6; i++) assert.ok(Math.abs(moved[i]! - q[i]!) > 1e-6);
    assert.ok(Math.abs(numbers(one!.q1)[0]! - numbers(other!.q1)[0]!) > 1e-6);
  });

  it('that is separate sees nothing of the others', () => {
    const { values, parameters } = rig({ value: 'separate', hasCritic: false, feedback: 0 });
    const { feedback: _, ...before } = sample(2, 1);
    const changed = { ...before, features1: float32([1, F], [9, 9, 9]) };
    const [one, other] = [before, changed].map((inputs) => values.run({ parameters, ...inputs }));
    assert.deepEqual(numbers(other!.value0), numbers(one!.value0));
    assert.notDeepEqual(numbers(other!.value1), numbers(one!.value1));
    assert.equal(one!.team, undefined);
  });
});
