import assert from 'node:assert/strict';
import { memoryBus, type SharedValueOptions, sharedValueDefaults } from '../../../mas/index.ts';
import { createTeamTraining } from '../../../mas/team/index.ts';
import { onnxExecutor } from '../../../nn/index.ts';
import { counting } from '../../../worlds/index.ts';
import { duet } from './duet.ts';

const OPTIONS: SharedValueOptions = {
  ...sharedValueDefaults,
  encoder: { kind: 'plain', hidden: [16], activation: 'tanh' },
  attention: { width: 16, layers: 1, heads: 2 },
  rollout: 8,
  epochs: 2,
  minibatches: 2,
  learningRate: 0.01,
};

const spec = { seed: 1, steps: 8 * 8 * 16, copies: 8, executor: onnxExecutor({ device: 'cpu', threads: 1 }) };

describe('a team with a shared value', () => {
  it('learns to be paid more', async () => {
    const bus = memoryBus();
    const options = { ...OPTIONS, credit: 'difference' } as const;
    const training = await createTeamTraining({ ...spec, make: duet(), bus, run: 'duet', options });
    const returns: number[] = [];
    while (training.step < spec.steps) returns.push((await training.advance()).metrics['return/team']!);
    await training.close();
    await bus.close();
    // Of an episode of 4 steps: by chance about 18 (alto has 1.25 notes a step, tenor 1), with the best notes 40, and the piano's.
    assert.ok(returns[0]! < 24, `${returns[0]} at first`);
    assert.ok(returns.at(-1)! > 30, `${returns.at(-1)} in the end`);
  });

  for (const credit of ['difference', 'coma'] as const) {
    it(`goes on bit by bit where it was saved (${credit})`, async () => {
      const bus = memoryBus();
      // Coma wants discrete actions.
      const make = credit === 'coma' ? (copies: number) => counting(copies, { agents: 2, masks: true }) : duet();
      const begin = () => createTeamTraining({ ...spec, make, bus, run: 'x', options: { ...OPTIONS, credit } });
      const first = await begin();
      await first.advance();
      const saved = first.save();
      const after = [await first.advance(), await first.advance()];
      await first.close();
      const second = await begin();
      second.load(saved);
      assert.deepEqual([await second.advance(), await second.advance()], after);
      assert.deepEqual(second.save().tensors, second.save().tensors);
      await second.close();
      await bus.close();
    });
  }
});
