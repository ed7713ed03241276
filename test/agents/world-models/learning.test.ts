import { strict as assert } from 'node:assert';
import {
  controllerDefaults,
  createWorldModels,
  type WorldModelsOptions,
  worldModelsDefaults,
} from '../../../agents/index.ts';
import { workOf } from '../../../agents/world-models/options.ts';
import { onnxExecutor } from '../../../nn/index.ts';
import { type BatchedEnvironment, dodge } from '../../../worlds/index.ts';

/** Three columns, and two rows to see a block come in. */
const narrow = (copies: number): BatchedEnvironment =>
  dodge(copies, { size: 6, cell: 2, rate: 0.25, maximumSteps: 40 });

const options: WorldModelsOptions = {
  ...worldModelsDefaults,
  model: { ...worldModelsDefaults.model, latent: 8, channels: [16], reconstruction: 10, units: 32 },
  collect: { steps: 6144, rollout: 64 },
  vision: { ...worldModelsDefaults.vision, updates: 300, batch: 64, learningRate: 3e-3 },
  memory: { ...worldModelsDefaults.memory, updates: 300, batch: 32, length: 16, learningRate: 1e-2 },
  starts: 32,
  controllers: { dream: { ...controllerDefaults, population: 16, rollouts: 8, generations: 12, sigma: 0.3 } },
  baselines: { random: 'random' },
};

describe('world models, learning', () => {
  it('teach a controller in the dream what it needs in reality', async () => {
    const training = createWorldModels({ seed: 1, copies: 8, make: narrow, options, executor: onnxExecutor() });
    while (training.step < workOf(options)) await training.advance();
    const { scores, model } = await training.evaluate({ episodes: 128, seed: 7, deterministic: true });
    await training.close();
    // With this seed 2.4 times (16.9 and 7.0); another rounding of the same sums leads elsewhere, so 1.4 is asked for.
    assert.ok(scores!['dream/real']! > 1.4 * scores!['random/real']!, JSON.stringify(scores));
    assert.ok(model!.openLoop['1']!.model < 0.5 * model!.openLoop['1']!.copy, JSON.stringify(model!.openLoop));
    assert.ok(model!.terminal.brier < model!.terminal.brierOfRate, JSON.stringify(model!.terminal));
  }).timeout(180_000);
});
