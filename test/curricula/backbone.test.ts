import { strict as assert } from 'node:assert';
import { backboneNetworkDefaults, createTraining, type PpoOptions, ppoDefaults } from '../../agents/index.ts';
import { type Json, stream } from '../../core/index.ts';
import {
  adversaryDefaults,
  createLevelRounds,
  pairedDefaults,
  type RoundCurriculum,
  robustPlrDefaults,
} from '../../curricula/index.ts';
import { maze } from '../../worlds/index.ts';

const backbone = { ...backboneNetworkDefaults, layers: 1, width: 8, heads: 2, bins: 16, context: 2 };
const network = { ...ppoDefaults.network, backbone };
const learner: PpoOptions = { ...ppoDefaults, network, rollout: 16, chunk: 8, epochs: 1, minibatches: 1 };
const adversary = { ...adversaryDefaults, epochs: 1, network: { ...network, backbone: { ...backbone, context: 1 } } };

const curricula: readonly RoundCurriculum[] = [
  { ...robustPlrDefaults, capacity: 6, fill: 0.5, replay: 0.5 },
  { ...pairedDefaults, adversary },
];

describe('Gato-style agents in mazes', () => {
  for (const curriculum of curricula)
    it(`learn in levels of ${curriculum.name}, and resume exactly`, async () => {
      const make = (copies: number) => maze(copies, { size: 4, walls: 3, maximumSteps: 8, builderNoise: 2 });
      const { levels } = make(1);
      const [whole, resumed] = await Promise.all(
        [1, 2].map(() =>
          createTraining({
            seed: 1,
            steps: 4000,
            copies: 4,
            make,
            learner,
            executor: 'onnx',
            device: 'cpu',
            threads: 1,
            rounds: (learners) => createLevelRounds(curriculum, levels!, stream(1, 'curriculum'), learners),
          }),
        ),
      );
      try {
        for (let i = 0; i < 2; i++) await whole!.advance();
        const saved = whole!.save();
        resumed!.load({ tensors: saved.tensors, state: JSON.parse(JSON.stringify(saved.state)) as Json });
        for (let i = 0; i < 2; i++) {
          const iteration = await whole!.advance();
          assert.deepEqual(await resumed!.advance(), iteration);
          assert.ok(Object.values(iteration.metrics).every(Number.isFinite), JSON.stringify(iteration.metrics));
        }
      } finally {
        await whole!.close();
        await resumed!.close();
      }
    });
});
