import type { Environment, First } from '../environment.ts';
import { Episode } from './episode.ts';
import { fingerprint, firstDifference } from './fingerprint.ts';
import { fail, pass, skip, type Verdict, verdict } from './report.ts';
import type { Settings } from './settings.ts';

/** The fingerprints of the episode with this seed. */
export function record(environment: Environment, seed: number, limit: number): readonly string[] {
  return new Episode(environment, seed).begin().play(limit).prints;
}

/** One instance, episodes over and over, some broken off: each is the one that its seed says. */
export function judgeRepeats({ make, seeds, repeatSteps }: Settings): Verdict {
  const environment = make();
  const wanted = seeds.map((seed) => record(environment, seed, repeatSteps));
  for (const [i, seed] of [...seeds.entries(), ...[...seeds.entries()].reverse()]) {
    const difference = firstDifference(wanted[i]!, record(environment, seed, repeatSteps));
    if (difference !== null) return fail(`seed ${seed}, played twice by one instance: ${difference}`);
    // Broken off in the middle: nothing of it may live on behind the next reset.
    record(environment, seed + 1, 3);
  }
  return pass();
}

/** A new instance plays what an old one, which has played before, plays. */
export function judgeFresh({ make, seeds, repeatSteps }: Settings): Verdict {
  const old = make();
  for (const seed of seeds) {
    const difference = firstDifference(record(old, seed, repeatSteps), record(make(), seed, repeatSteps));
    if (difference !== null) return fail(`seed ${seed}, old and new instance: ${difference}`);
  }
  return pass();
}

/** Two instances that step in turn play what each plays alone. */
export function judgeInterleaved({ make, seeds: [one, other], repeatSteps }: Settings): Verdict {
  const alone = [one, other].map((seed) => record(make(), seed, repeatSteps));
  const pair = [new Episode(make(), one), new Episode(make(), other)];
  for (const episode of pair) episode.begin();
  while (pair.some((episode) => episode.goesOn && episode.steps < repeatSteps))
    for (const episode of pair) if (episode.steps < repeatSteps) episode.advance();
  for (const [i, episode] of pair.entries()) {
    const difference = firstDifference(alone[i]!, episode.prints);
    if (difference !== null) return fail(`seed ${episode.seed}, alone and beside another instance: ${difference}`);
  }
  return pass();
}

/**
 * Seeds matter. Whether an environment without any chance ignores its seed or needs none cannot be seen from outside:
 * it must be said (`seedless`). The one exception: where observations never change at all (a matrix game), there is
 * nothing that a seed could be seen in.
 */
export function judgeSeeds({ make, repeatSteps }: Settings, seedless: boolean): Verdict {
  if (seedless) return skip('declared seedless');
  const environment = make();
  // The same actions for all seeds: otherwise the actions alone would make the episodes differ.
  const observations = new Set<string>();
  const episodes = Array.from({ length: 8 }, (_, seed) => {
    const { agents, spaces } = environment;
    const reseeded: Environment = {
      agents,
      spaces,
      reset: (options) => environment.reset({ ...options, seed }),
      step: (actions) => environment.step(actions),
    };
    const look = (first: First) => void observations.add(fingerprint(Object.values(first.observations)));
    const episode = new Episode(reseeded, 1, { onFirst: look, onStep: (_living, _actions, step) => look(step) });
    return episode.begin().play(Math.min(repeatSteps, 200)).prints;
  });
  if (episodes.some((prints) => firstDifference(episodes[0]!, prints) !== null)) return pass();
  if (observations.size === 1) return skip('observations never change, so no seed could be seen in them');
  return fail(
    'seeds 0 to 7 play alike under the same actions; draw from `seed`, or declare the environment seedless if there is nothing to draw',
  );
}

/** It is the names that say whose an action is, not their order. */
export function judgeActionOrder({ make, seeds, repeatSteps }: Settings): Verdict {
  const environment = make();
  if (environment.agents.length < 2) return skip('there is one agent only');
  for (const seed of seeds) {
    const reversed = new Episode(environment, seed, {
      arrange: (actions) => Object.fromEntries(Object.entries(actions).reverse()),
    });
    const difference = firstDifference(
      record(environment, seed, repeatSteps),
      reversed.begin().play(repeatSteps).prints,
    );
    if (difference !== null) return fail(`seed ${seed}, actions listed forwards and backwards: ${difference}`);
  }
  return pass();
}

/** Drawing pictures changes nothing. */
export function judgeRender({ make, seeds: [seed], repeatSteps }: Settings): Verdict {
  const environment = make();
  if (environment.render === undefined) return skip('there is no render');
  const wanted = record(environment, seed, repeatSteps);
  let odd: string | null = null;
  const draw = () => {
    const picture: unknown = environment.render!();
    if (typeof picture !== 'string') odd ??= `render answered ${typeof picture}, wanted text`;
  };
  const watched = new Episode(environment, seed, { onFirst: draw, onStep: draw });
  const difference = firstDifference(wanted, watched.begin().play(repeatSteps).prints);
  if (difference !== null) return fail(`seed ${seed}, without and with render after each step: ${difference}`);
  return verdict(odd);
}
