import type { Json } from '../../core/index.ts';
import { record } from './determinism.ts';
import { Episode } from './episode.ts';
import { fingerprint, firstDifference } from './fingerprint.ts';
import { fail, pass, skip, type Verdict } from './report.ts';
import type { Settings } from './settings.ts';

const NONE = 'there is no snapshot and restore; seeds and actions are replayed instead';

/** The steps after which snapshots are taken, for an episode of `length` steps: the start, the middle, the last but one. */
function moments(length: number): readonly number[] {
  return [...new Set([0, 1, Math.floor(length / 2), length - 1])].filter((step) => step >= 0 && step < length);
}

/** A snapshot is plain JSON, is not changed by playing on, and taking one changes nothing. */
export function judgeSnapshotPlain({ make, seeds: [seed], repeatSteps }: Settings): Verdict {
  const environment = make();
  if (environment.snapshot === undefined) return skip(NONE);
  const wanted = record(environment, seed, repeatSteps);
  const taken: { readonly value: unknown; readonly print: string; readonly step: number }[] = [];
  const take = () => {
    const value = environment.snapshot!();
    taken.push({ value, print: fingerprint(value), step: episode.steps });
  };
  const episode = new Episode(environment, seed, {
    onFirst: take,
    onStep: () => {
      if (episode.goesOn) take();
    },
  });
  episode.begin().play(Math.min(repeatSteps, 300));
  const difference = firstDifference(wanted.slice(0, episode.prints.length), episode.prints);
  if (difference !== null) return fail(`seed ${seed}, without and with snapshots: ${difference}`);
  for (const { value, print, step } of taken) {
    if (fingerprint(value) !== print) return fail(`the snapshot of step ${step} changed later; return a copy`);
    if (fingerprint(JSON.parse(JSON.stringify(value) ?? 'null')) !== print)
      return fail(`the snapshot of step ${step} is not plain JSON: writing and reading it changes it`);
  }
  return pass();
}

/** From a snapshot, written to JSON and read back, the episode goes on as it did: in the same and in a new instance. */
export function judgeRestore({ make, seeds, repeatSteps }: Settings): Verdict {
  const environment = make();
  if (environment.snapshot === undefined || environment.restore === undefined) return skip(NONE);
  for (const seed of seeds) {
    const { length } = record(environment, seed, repeatSteps);
    for (const step of moments(length - 1)) {
      const episode = new Episode(environment, seed).begin().play(step);
      if (!episode.goesOn) continue;
      const saved = JSON.parse(JSON.stringify(environment.snapshot())) as Json;
      const rest = episode.continueIn(environment);
      const until = Math.min(repeatSteps, step + 300);
      const wanted = episode.play(until).prints.slice(step + 1);
      for (const [name, target] of [
        ['a new instance', make()],
        ['the same instance, which had gone on', environment],
      ] as const) {
        target.restore!(saved);
        const got = rest.continueIn(target).play(until).prints;
        const difference = firstDifference(['', ...wanted], ['', ...got]);
        if (difference !== null)
          return fail(`seed ${seed}, snapshot after step ${step}, restored into ${name}: ${difference}`);
      }
    }
  }
  return pass();
}

/** Levels follow from their seed, are plain JSON, can be played, and nobody writes to them. */
export function judgeLevels({ make, seeds, repeatSteps }: Settings): Verdict {
  const environment = make();
  const { levels } = environment;
  if (levels === undefined) return skip('there are no levels');
  const limit = Math.min(repeatSteps, 200);
  const played = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
    new Episode(environment, 1).begin(levels.generate(seed)).play(limit).prints.join(),
  );
  if (new Set(played).size === 1) return fail('eight levels play alike: reset does nothing with its level');
  for (const seed of seeds) {
    const level = levels.generate(seed);
    const print = fingerprint(level);
    if (fingerprint(make().levels!.generate(seed)) !== print) return fail(`seed ${seed} generates different levels`);
    if (fingerprint(JSON.parse(JSON.stringify(level) ?? 'null')) !== print)
      return fail(`the level of seed ${seed} is not plain JSON: writing and reading it changes it`);
    const candidates: Json[] = [level];
    if (levels.mutate !== undefined) {
      const mutated = levels.mutate(level, seed);
      if (fingerprint(level) !== print) return fail(`mutate wrote to the level of seed ${seed}`);
      if (fingerprint(levels.mutate(level, seed)) !== fingerprint(mutated))
        return fail(`seed ${seed} mutates one level in different ways`);
      candidates.push(mutated);
    }
    for (const [i, candidate] of candidates.entries()) {
      const before = fingerprint(candidate);
      const what = i === 0 ? `the level of seed ${seed}` : `a mutation of the level of seed ${seed}`;
      const episode = new Episode(environment, seed).begin(candidate).play(limit);
      if (episode.threw !== null) return fail(`${what} cannot be played: ${episode.threw}`);
      if (fingerprint(candidate) !== before) return fail(`playing wrote to ${what}`);
      const again = new Episode(make(), seed).begin(candidate).play(limit);
      const difference = firstDifference(episode.prints, again.prints);
      if (difference !== null) return fail(`${what}, played twice: ${difference}`);
    }
  }
  return pass();
}
