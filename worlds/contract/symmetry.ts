import type { SpaceValue } from '../space.ts';
import { spaceKey } from '../spaces/index.ts';
import { Episode } from './episode.ts';
import { fail, pass, skip, type Verdict } from './report.ts';
import type { Settings } from './settings.ts';

const EPISODES = 60;
/** Standard errors between two agents' means before they count as different: chance alone gets this far never. */
const STANDARD_ERRORS = 7;

/**
 * Where agents are declared interchangeable, none has a fate of its own: with random play, rewards and first
 * observations of any two have the same mean over seeds. The names cannot be permuted from outside, so this is a
 * statistical test; its seeds are fixed, so its result is too.
 */
export function judgeSymmetry({ make, repeatSteps }: Settings): Verdict {
  const environment = make();
  const { agents, spaces } = environment;
  if (environment.symmetric !== true) return skip('not declared symmetric');
  if (agents.length < 2) return skip('there is one agent only');
  const key = (agent: string) => `${spaceKey(spaces[agent]!.observation)} ${spaceKey(spaces[agent]!.action)}`;
  const other = agents.find((agent) => key(agent) !== key(agents[0]!));
  if (other !== undefined) return fail(`"${agents[0]}" and "${other}" have different spaces`);

  const facts = agents.map(() => [] as number[][]);
  for (let seed = 0; seed < EPISODES; seed++) {
    const returns = new Map<string, number>();
    let first: Readonly<Record<string, SpaceValue>> = {};
    new Episode(environment, seed, {
      onFirst: ({ observations }) => {
        first = structuredClone(observations);
      },
      onStep: (_living, _actions, { rewards }) => {
        for (const [agent, reward] of Object.entries(rewards)) returns.set(agent, (returns.get(agent) ?? 0) + reward);
      },
    })
      .begin()
      .play(Math.min(repeatSteps, 200));
    agents.forEach((agent, i) => {
      facts[i]!.push([returns.get(agent) ?? 0, ...numbersIn(first[agent])]);
    });
  }
  for (let i = 1; i < agents.length; i++) {
    const width = Math.min(...facts[0]!.map((row) => row.length), ...facts[i]!.map((row) => row.length));
    for (let column = 0; column < width; column++) {
      const apart = standardErrors(facts[i]!.map((row, seed) => row[column]! - facts[0]![seed]![column]!));
      if (apart > STANDARD_ERRORS)
        return fail(
          `"${agents[0]}" and "${agents[i]}" differ in ${column === 0 ? 'their returns' : `entry ${column - 1} of the first observation`} by ${apart.toFixed(1)} standard errors over ${EPISODES} episodes`,
        );
    }
  }
  return pass();
}

/** How many standard errors the mean of the differences is away from zero. */
function standardErrors(differences: readonly number[]): number {
  const n = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  if (mean === 0) return 0;
  return Math.abs(mean) / Math.sqrt(variance / n);
}

function numbersIn(value: SpaceValue | undefined): number[] {
  if (typeof value === 'number') return [value];
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((part) => numbersIn(part as SpaceValue));
}
