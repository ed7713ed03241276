import assert from 'node:assert/strict';
import { SEEN } from '../../../agents/gato/reinforcement-rows.ts';
import { ValueScale } from '../../../agents/value-scale.ts';
import { stream } from '../../../core/index.ts';
import { tf, type Value } from '../../../nn/index.ts';
import {
  type BatchedEnvironment,
  batch,
  cartpole,
  counting,
  dodge,
  pendulum,
  simpleTag,
} from '../../../worlds/index.ts';
import { rigOf, SlowValues, Speaker } from './reinforcement-rig.ts';
import { WholeRows } from './whole-rows.ts';

interface Case {
  readonly make: (copies: number) => BatchedEnvironment;
  readonly rollout: number;
  readonly context: number;
}

const CASES: Readonly<Record<string, Case>> = {
  'ends in the middle of a rollout': { make: (n) => cartpole(n), rollout: 26, context: 4 },
  'continuous actions, truncated': { make: (n) => pendulum(n, { maximumSteps: 7 }), rollout: 12, context: 3 },
  'masks, deaths and truncations': {
    make: (n) => counting(n, { agents: 3, length: 6, deaths: true, masks: true }),
    rollout: 11,
    context: 4,
  },
  'truncated when the context is full': { make: (n) => counting(n, { length: 6 }), rollout: 9, context: 3 },
  'a context of one step': { make: (n) => counting(n, { length: 4 }), rollout: 6, context: 1 },
  'two groups': { make: (n) => simpleTag(n, { cycles: 4 }), rollout: 6, context: 3 },
  pictures: { make: (n) => dodge(n, { size: 12, cell: 4, maximumSteps: 6 }), rollout: 8, context: 3 },
  'texts of any length, two components': { make: (n) => batch(() => new Speaker(), n), rollout: 14, context: 4 },
};

describe('the batch pass of reinforcement', () => {
  before(() => tf.setBackend('cpu'));

  for (const [name, { make, rollout, context }] of Object.entries(CASES))
    it(`says of each step what acting saw: ${name}`, async () => {
      const rig = rigOf(make, context, { copies: 2, rollout, minibatches: 2 });
      await rig.collect(true);
      // The second rollout begins in the middle of episodes, with nothing remembered.
      for (let round = 0; round < 2; round++) {
        if (round > 0) await rig.collect(false);
        for (const [g, group] of rig.groups.entries()) {
          group.estimate(new ValueScale());
          const { collector, tokens, model, parameters } = rig;
          const { alive, truncated, terminated, finalObservation, sizes } = collector.groups[g]!;
          const rows = collector.B * sizes.N;
          const expected = new Float64Array(rollout * rows);
          const whole = new WholeRows(collector, g, tokens[g]!, model, parameters, context, 0);
          for (const { t, row, id, logits } of whole.choices()) {
            const most = Math.max(...logits.values());
            const sum = [...logits.values()].reduce((total, logit) => total + Math.exp(logit - most), 0);
            expected[t * rows + row]! += logits.get(id)! - most - Math.log(sum);
          }
          whole.dispose();
          near(group.logProbability, expected, 'log-probabilities');
          const slow = new SlowValues(rig, g, context);
          for (let cell = 0; cell < rollout * rows; cell++) {
            const [t, row] = [Math.floor(cell / rows), cell % rows];
            const value = alive[cell] === 1 ? slow.at(t, row) : 0;
            near([group.value[cell]!], [value], `value of row ${row} at ${t}`);
            if (truncated[cell] === 0) continue;
            // Only the last step's stand in the collector still.
            const kept = group.finals.numbers.subarray(group.finals.offset(cell));
            const final = kept.slice(0, sizes.D);
            if (t === rollout - 1)
              assert.deepEqual([...final], [...finalObservation.subarray(row * sizes.D, (row + 1) * sizes.D)]);
            near([group.finalValue[cell]!], [slow.at(t, row, final)], `final value of row ${row} at ${t}`);
          }
          for (let row = 0; row < rows; row++) {
            const [cell, next] = [(rollout - 1) * rows + row, rollout * rows + row];
            const goesOn = alive[cell] === 1 && terminated[cell] === 0 && truncated[cell] === 0;
            near([group.value[next]!], [goesOn ? slow.at(rollout, row) : 0], `value after the rollout, row ${row}`);
          }
          slow.dispose();
        }
      }
      for (const group of rig.groups) group.dispose();
    });

  it('gives each step of the living to exactly one minibatch of an epoch, in stretches of at most the context', async () => {
    const rig = rigOf((n) => counting(n, { agents: 3, length: 7, deaths: true }), 3, { copies: 4, rollout: 10 });
    await rig.collect(true);
    const [group] = rig.groups;
    group!.estimate(new ValueScale());
    const { rows, separator: _, cell, seen } = group!.rows;
    const met = new Map<number, number>();
    for (const which of group!.minibatches(stream(1, 'order')))
      for (const row of which)
        for (const { first, last } of rows[row]!) {
          assert.ok(last - first <= 3);
          for (let s = first; s < last; s++)
            if (seen[s] === SEEN.acted) met.set(cell[s]!, (met.get(cell[s]!) ?? 0) + 1);
        }
    const { alive } = rig.collector.groups[0]!;
    for (let at = 0; at < 10 * 12; at++) assert.equal(met.get(at) ?? 0, alive[at], `cell ${at}`);
    group!.dispose();
  });
});

describe('a step of reinforcement', () => {
  before(() => tf.setBackend('cpu'));

  it('goes down the clipped surrogate, the value loss and the entropy bonus', async () => {
    const rig = rigOf((n) => counting(n, { length: 5, masks: true }), 3, {
      ...{ copies: 3, rollout: 7, minibatches: 1, maximumGradientNorm: 1e9, clip: 0.05, valueCoefficient: 0.7 },
    });
    await rig.collect(true);
    const group = rig.groups[0]!;
    const scale = new ValueScale();
    group.estimate(scale);
    scale.update(0.5, 2);
    const {
      logProbability: old,
      advantage,
      target,
    } = {
      logProbability: group.logProbability.slice(),
      advantage: group.advantage.slice(),
      target: group.target.slice(),
    };
    const { alive } = rig.collector.groups[0]!;
    const cells = [...old.keys()].filter((cell) => alive[cell] === 1);
    const mean = (of: (cell: number) => number): number => cells.reduce((sum, c) => sum + of(c), 0) / cells.length;
    const centre = mean((c) => advantage[c]!);
    const deviation = Math.sqrt(mean((c) => (advantage[c]! - centre) ** 2));
    const parameters = rig.learner.current.parameters!.data as Float32Array;
    // Away from where the rollout was made, so that ratios are not 1 and some are clipped.
    const shift = new Float32Array(parameters.length);
    stream(2, 'shift').fillNormal(shift);
    const moved = parameters.map((x, i) => x + 0.02 * shift[i]!);
    let clipped = 0;
    const loss = (at: Float32Array): number => {
      parameters.set(at);
      group.estimate(new ValueScale());
      clipped = 0;
      return mean((c) => {
        const ratio = Math.exp(group.logProbability[c]! - old[c]!);
        const a = (advantage[c]! - centre) / deviation;
        if (Math.abs(ratio - 1) > 0.05) clipped++;
        const surrogate = Math.min(ratio * a, Math.min(Math.max(ratio, 0.95), 1.05) * a);
        return -surrogate + 0.7 * 0.5 * (group.value[c]! - (target[c]! - scale.mean) / scale.std) ** 2;
      });
    };
    loss(moved);
    assert.ok(clipped > 2 && clipped < cells.length - 2, `${clipped} clipped`);
    const { slots } = rig.learner.layout;
    const probes = ['value/weight', 'backbone/local/table', 'backbone/blocks/1/mixer', 'backbone/token/table'].map(
      (name) => slots.find(({ path }) => path.startsWith(name))!,
    );
    const step = 2e-3;
    const slopes = probes.map(({ offset, size }) => {
      const direction = new Float32Array(size);
      stream(9, 'direction').fillNormal(direction);
      const along = (by: number): number =>
        loss(moved.map((x, i) => (i >= offset && i < offset + size ? x + by * direction[i - offset]! : x)));
      return { offset, direction, slope: (along(step) - along(-step)) / (2 * step) };
    });
    parameters.set(moved);
    group.estimate(new ValueScale());
    group.logProbability.set(old);
    group.advantage.set(advantage);
    group.target.set(target);
    const all = Int32Array.from(group.rows.rows.keys());
    group.learn(all, scale, 0, false, new Float64Array(6));
    const name = Object.keys(rig.learner.current).find(
      (path) => path.endsWith('/mean') && !path.includes('correction'),
    )!;
    const gradient = rig.learner.current[name]!.data.map((m) => m / 0.1);
    for (const { offset, direction, slope } of slopes) {
      const found = direction.reduce((sum, d, i) => sum + d * gradient[offset + i]!, 0);
      assert.ok(Math.abs(found - slope) < 2e-3 * Math.abs(slope), `${found} for ${slope}`);
    }
    group.dispose();
  });

  it('leaves everything but the value head as it was while that warms up', async () => {
    const rig = rigOf((n) => counting(n, { length: 5 }), 3, { copies: 3, rollout: 6, minibatches: 1 });
    await rig.collect(true);
    const [group] = rig.groups;
    const scale = new ValueScale();
    group!.estimate(scale);
    const before = rig.learner.save();
    const errors: number[] = [];
    for (let i = 0; i < 60; i++) {
      const sums = new Float64Array(6);
      for (const which of group!.minibatches(stream(i, 'order'))) group!.learn(which, scale, 1e-2, true, sums);
      errors.push(sums[1]!);
    }
    const after = rig.learner.save();
    for (const [name, value] of Object.entries(before)) {
      if (!name.startsWith('parameters/')) continue;
      assert.equal(bytesOf(value).equals(bytesOf(after[name]!)), !name.startsWith('parameters/value/'), name);
    }
    assert.ok(errors.at(-1)! < 0.5 * errors[0]!, `${errors[0]} -> ${errors.at(-1)}`);
    group!.dispose();
  });

  it("gives agents their own rewards, or the team's", async () => {
    for (const teamReward of [false, true]) {
      const rig = rigOf((n) => counting(n, { agents: 2, length: 4 }), 2, {
        ...{ copies: 2, rollout: 5, discount: 0, teamReward },
      });
      await rig.collect(true);
      const [group] = rig.groups;
      group!.estimate(new ValueScale());
      const { reward } = rig.collector.groups[0]!;
      const expected = reward.map((own, i) => (teamReward ? own + reward[i % 2 === 0 ? i + 1 : i - 1]! : own));
      near(group!.target, expected, 'targets without a future');
      group!.dispose();
    }
  });
});

function bytesOf({ data }: Value): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function near(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(found.length, expected.length, what);
  for (let i = 0; i < found.length; i++)
    assert.ok(
      Math.abs(found[i]! - expected[i]!) <= 2e-5 * Math.max(1, Math.abs(expected[i]!)),
      `${what}: ${found[i]} for ${expected[i]} at ${i}`,
    );
}
