import assert from 'node:assert/strict';
import { counting, pendulum } from '../../worlds/index.ts';
import { assertClose } from '../nn/close.ts';
import { network, plain, setParameters, tell, training, watched } from './probes.ts';

interface Saved {
  readonly units: { readonly agent: { readonly statistics: { count: number; mean: number[]; squares: number[] } } };
}

describe('running statistics of observations', () => {
  for (const [name, world, D] of [
    ['of one agent', (copies: number) => pendulum(copies, { maximumSteps: 11 }), 3],
    ['of the living among many', (copies: number) => counting(copies, { agents: 3, length: 5, deaths: true }), 4],
  ] as const) {
    it(`are those of two passes over everything that was acted on: ${name}`, async () => {
      const { make, log } = watched(world);
      const learner = await training({
        make,
        copies: 3,
        learner: { ...plain, network: network(), normaliseObservations: true },
      });
      for (let i = 0; i < 4; i++) await learner.advance();
      const { count, mean, squares } = (learner.save().state as unknown as Saved).units.agent.statistics;
      const rows = log.flatMap(({ observation, alive }) =>
        Array.from(alive).flatMap((living, seat) =>
          living === 1 ? [Array.from(observation).slice(seat * D, (seat + 1) * D)] : [],
        ),
      );
      assert.equal(count, rows.length);
      for (let d = 0; d < D; d++) {
        const average = rows.reduce((sum, row) => sum + row[d]!, 0) / count;
        const variance = rows.reduce((sum, row) => sum + (row[d]! - average) ** 2, 0) / count;
        assertClose([mean[d]!, squares[d]! / count], [average, variance], 1e-9);
      }
      await learner.close();
    });
  }

  it('are what the networks see through, from the second rollout on', async () => {
    // Sees 0, 1, 2, 3: mean 3/2, variance 5/4. Pays 1; discount 0, so the target is 1. V(x) = 2 x.
    const make = tell({ width: 1, see: (t) => [t], pay: () => 1, end: (t) => (t === 3 ? 'terminated' : null) });
    const learner = await training({
      make,
      copies: 1,
      learner: { ...plain, network: network({ hidden: [] }), normaliseObservations: true, rollout: 4, discount: 0 },
    });
    const loss = async (see: (t: number) => number): Promise<void> => {
      setParameters(learner, 'agent', (path) =>
        path === 'critic/head/weight' ? 2 : path.startsWith('critic') ? 0 : undefined,
      );
      const { metrics } = await learner.advance();
      const wanted = [0, 1, 2, 3].reduce((sum, t) => sum + 0.5 * (2 * see(t) - 1) ** 2, 0) / 4;
      assertClose([metrics['loss/value']!], [wanted], 1e-5);
    };
    await loss((t) => t);
    await loss((t) => (t - 1.5) / Math.sqrt(1.25));
    await loss((t) => (t - 1.5) / Math.sqrt(1.25));
    await learner.close();
  });

  it('never show a network more than 10 deviations', async () => {
    // Sees 0 for 400 steps, then 1e3: hundreds of deviations, shown as 10 to a critic of V(x) = x.
    let isLoud = false;
    const make = tell({
      width: 1,
      see: (t) => [isLoud ? 1000 : t % 2],
      pay: () => 0,
      end: (t) => (t === 3 ? 'terminated' : null),
    });
    const learner = await training({
      make,
      copies: 1,
      learner: { ...plain, network: network({ hidden: [] }), normaliseObservations: true, rollout: 4, discount: 0 },
    });
    await learner.advance();
    isLoud = true;
    await learner.advance(); // its first observation was seen before
    setParameters(learner, 'agent', (path) =>
      path === 'critic/head/weight' ? 1 : path.startsWith('critic') ? 0 : undefined,
    );
    const checkpoint = learner.save();
    const state = structuredClone(checkpoint.state) as unknown as Saved;
    Object.assign(state.units.agent.statistics, { count: 100, mean: [0], squares: [100] });
    learner.load({ ...checkpoint, state: JSON.parse(JSON.stringify(state)) });
    const { metrics } = await learner.advance();
    assertClose([metrics['loss/value']!], [50], 1e-5);
    await learner.close();
  });
});
