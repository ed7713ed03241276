import assert from 'node:assert/strict';
import type { ReinforcementOptions } from '../../../agents/gato/options.ts';
import { createReinforcement, type Reinforcement } from '../../../agents/gato/reinforcement.ts';
import { stream } from '../../../core/index.ts';
import { layoutOf, pack, type Value } from '../../../nn/index.ts';
import { type BatchedEnvironment, counting, simpleSpread } from '../../../worlds/index.ts';
import { executor, optionsOf } from './reinforcement-rig.ts';
import { tinyGato, tokensOf } from './whole-rows.ts';

/** A tiny generalist that has learned nothing yet, on its way to. */
function reinforcement(
  make: (copies: number) => BatchedEnvironment,
  options: Partial<ReinforcementOptions>,
): Reinforcement {
  const { model } = tinyGato({ patch: null });
  const initial = model.init(stream(1, 'initial'));
  return createReinforcement({
    ...{ seed: 3, make, tokens: tokensOf(make(1)), model, context: 3, executor },
    parameters: pack(initial),
    layout: layoutOf(initial),
    options: optionsOf(options),
    updates: 1000,
  });
}

const SMALL = { rollout: 24, copies: 16, learningRate: 3e-3, entropyCoefficient: 0.01, targetKl: 0.05 };

describe('reinforcement', () => {
  it('learns which action is paid: of four, by the clock', async () => {
    const learning = reinforcement((n) => counting(n, { length: 6 }), { ...SMALL, valueWarmup: 8 });
    const returns: number[] = [];
    for (let i = 0; i < 24; i++) returns.push((await learning.advance()).metrics['return/mean']!);
    // Uniform play is paid 1.5, an echo 6.
    const [first, last] = [returns[0]!, returns.slice(-3).reduce((sum, r) => sum + r / 3, 0)];
    assert.ok(first < 2 && last > 3.5, returns.map((r) => r.toFixed(2)).join(' '));
    learning.close();
  });

  it('says in its metrics what it did', async () => {
    const learning = reinforcement((n) => counting(n, { length: 6 }), { ...SMALL, valueWarmup: 16, targetKl: null });
    const { steps, updates, metrics, episodes } = await learning.advance();
    assert.deepEqual([steps, updates, learning.updates, episodes], [24 * 16, 16, 16, 64]);
    for (const [name, value] of Object.entries(metrics)) assert.ok(Number.isFinite(value), name);
    // Nothing but the value learned: the policy is the one that acted.
    assert.ok(Math.abs(metrics.approximateKl!) < 1e-6 && metrics.clipFraction === 0);
    assert.ok(metrics['loss/entropy']! > 0.5 && metrics['loss/entropy']! < Math.log(4), 'over four ids');
    const then = await learning.advance();
    assert.ok(then.metrics.approximateKl! > 1e-5);
    assert.ok(then.metrics.explainedVariance! > 0);
    learning.close();
  });

  it('stops its epochs where the policy has moved far enough', async () => {
    const learning = reinforcement((n) => counting(n, { length: 6 }), { ...SMALL, valueWarmup: 0, targetKl: 1e-9 });
    const { updates } = await learning.advance();
    // The first step is from where it acted; the second is measured, and not taken.
    assert.equal(updates, 1);
    learning.close();
  });

  for (const [name, make] of Object.entries({
    'one agent': (n: number) => counting(n, { length: 5 }),
    'three agents': (n: number) => simpleSpread(n, { cycles: 7 }),
  }))
    it(`goes on from a checkpoint as if it had never stopped: ${name}`, async () => {
      const options = { ...SMALL, copies: 3, rollout: 6, minibatches: 2, valueWarmup: 12 };
      const [one, other] = [reinforcement(make, options), reinforcement(make, options)];
      await one.advance();
      await one.advance();
      const { tensors, state } = one.save();
      other.load({ tensors, state: JSON.parse(JSON.stringify(state)) });
      for (let i = 0; i < 2; i++) assert.deepEqual(await other.advance(), await one.advance());
      for (const [path, { data }] of Object.entries(one.parameters))
        assert.deepEqual(other.parameters[path]!.data, data, path);
      assert.equal(other.updates, one.updates);
      const fresh = reinforcement(make, options).save();
      assert.equal((fresh.state as { running: unknown }).running, null);
      one.close();
      other.close();
    });

  it('does not take the checkpoint of another network', () => {
    const learning = reinforcement((n) => counting(n), SMALL);
    const { tensors, state } = learning.save();
    const other: Record<string, Value> = { ...tensors };
    delete other['parameters/value/bias'];
    assert.throws(() => learning.load({ tensors: other, state }), { code: 'mismatch', message: /value\/bias/ });
    learning.close();
  });
});
