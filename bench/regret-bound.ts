/**
 * How tight the regret bound is (`boundedRegret`): 1,000 random cases, half of them rooms whose model was disturbed, half
 * random models. Prints what docs/waker.md says.
 *
 *   node --import tsx bench/regret-bound.ts
 */
import { stream } from '../core/index.ts';
import { disturbed, randomMdp, randomReward } from '../test/worlds/tabular/random-mdps.ts';
import { boundedRegret, rooms } from '../worlds/index.ts';

const CASES = 1000;
const DISCOUNT = 0.95;

const world = rooms(1);
const grid = world.levels!.grid!;
const random = stream(1, 'bench/bound');

for (const kind of ['rooms', 'random models'] as const) {
  const [regrets, bounds]: [number[], number[]] = [[], []];
  let broken = 0;
  for (let i = 0; i < CASES / 2; i++) {
    const room = world.exactModel(grid[random.integer(grid.length)]!);
    const real = kind === 'rooms' ? room : randomMdp(i, random);
    const model = disturbed(real, random.uniform(), random);
    const reward =
      kind === 'rooms' ? Object.values(room.rewards)[random.integer(8)]! : randomReward(i, real.states, random);
    const start = kind === 'rooms' ? room.start : new Float64Array(real.states).fill(1 / real.states);
    const { regret, bound } = boundedRegret(real, model, reward, start, DISCOUNT);
    regrets.push(regret);
    bounds.push(bound);
    if (regret > bound + 1e-9) broken++;
  }
  const ratios = regrets.map((regret, i) => regret / bounds[i]!);
  console.log(
    `${kind}: ${regrets.length} cases, ${broken} above the bound; regret / bound: mean ${mean(ratios).toFixed(4)}, ` +
      `largest ${Math.max(...ratios).toFixed(4)}; correlation of regret and bound ${correlation(regrets, bounds).toFixed(2)}`,
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const [meanX, meanY] = [mean(x), mean(y)];
  const product = mean(x.map((value, i) => (value - meanX) * (y[i]! - meanY)));
  const spread = (values: readonly number[], middle: number) =>
    Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  return product / (spread(x, meanX) * spread(y, meanY));
}
